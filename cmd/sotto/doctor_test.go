package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"sotto/audio/mic"
)

func TestTheDoctorFindsThePocketModelWell(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	state := t.TempDir()
	var report struct {
		OK     bool
		Checks []check
	}
	out := works(t, "doctor", "--json", "--state", state, "--listen", "127.0.0.1:0")
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.OK {
		t.Fatalf("%v in\n%s", err, out)
	}
	seen := map[string]check{}
	for _, c := range report.Checks {
		seen[c.Name] = c
		if c.State == stateFail || c.State == stateWarn && c.Advice == "" {
			t.Errorf("%+v", c)
		}
	}
	for _, name := range []string{"processor", "microphone", "ffmpeg", "address", "state", "model", "files", "memory", "cache", "self-test", "speed"} {
		if seen[name].Says == "" {
			t.Errorf("nothing is said of %s in\n%s", name, out)
		}
	}
	if !strings.Contains(seen["self-test"].Says, "expected") || !strings.Contains(seen["speed"].Says, "a second of sound takes 0.") {
		t.Errorf("%+v, %+v", seen["self-test"], seen["speed"])
	}
	if left, _ := os.ReadDir(state); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

func TestTheDoctorFailsAsTheProgramWould(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	broken := pair(t)
	broken["model.gguf"] = broken["model.gguf"][:1000]
	file := filepath.Join(broken.write(t), "model.gguf")
	for name, c := range map[string]struct {
		args, env string
		code      int
		says      string
	}{
		"a damaged model":      {"--model " + file, "", exitModel, "fail  model "},
		"no such model":        {"--model " + file + "x", "", exitModel, "fail  model "},
		"no such weights":      {"--weights q2", "", exitUsage, ""},
		"a state in a file":    {"--state " + file + "/rooms", "", exitEnvironment, "fail  state "},
		"an address of others": {"--listen 192.0.2.1:7788 --state " + t.TempDir(), "", exitUsage, ""},
		"a kernel of others":   {"", "riscv", exitEnvironment, "fail  processor "},
		"an argument":          {"pocket", "", exitUsage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv("SOTTO_KERNEL", c.env)
			}
			r := callSoon(t, append([]string{"doctor"}, strings.Fields(c.args)...)...)
			if r.code != c.code || !strings.Contains(r.stdout, c.says) || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("exit code %d, want %d and %q\n%s%s", r.code, c.code, c.says, r.stdout, r.stderr)
			}
			for line := range strings.Lines(r.stdout) {
				if strings.HasPrefix(line, stateFail) && !strings.Contains(line, "; ") {
					t.Errorf("no advice in %q", line)
				}
			}
		})
	}
}

func TestAnotherModelIsTriedWithoutATextToCompare(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	out := works(t, "doctor", "--model", toyDir, "--listen", "127.0.0.1:0")
	if !strings.Contains(out, "hears 10 s of sound without an error") || !strings.Contains(out, "speed") {
		t.Errorf("got\n%s", out)
	}
}

// Files in the hub's cache lie under names that are their sums.
func TestFilesAreComparedWithTheirSums(t *testing.T) {
	dir := t.TempDir()
	good := fmt.Sprintf("%x", sha256.Sum256([]byte("weights")))
	for name, data := range map[string]string{good: "weights", strings.Repeat("ab", 32): "other weights", strings.Repeat("cd", 20): "a text"} {
		if err := errors.Join(os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600), os.Symlink(name, filepath.Join(dir, name[:4]+".gguf"))); err != nil {
			t.Fatal(err)
		}
	}
	c := cli.NewContext(nil, nil, nil)
	c.Context = t.Context()
	told, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	d := &doctor{c: c, stderr: told}
	whole, damaged, other := filepath.Join(dir, good[:4]+".gguf"), filepath.Join(dir, "abab.gguf"), filepath.Join(dir, "cdcd.gguf")
	for _, tt := range []struct {
		paths       []string
		state, says string
	}{
		{[]string{whole, other}, stateOK, "1 file has"},
		{[]string{whole, damaged}, stateFail, "abab.gguf"},
		{[]string{dir}, stateFail, "abab.gguf"},
		{[]string{other}, stateOK, "no sum is known"},
		{nil, stateOK, "part of the program"},
	} {
		got := d.files(tt.paths)
		if got.State != tt.state || !strings.Contains(got.Says, tt.says) || got.State == stateFail && got.code != exitModel {
			t.Errorf("%v: %+v, want %s and %q", tt.paths, got, tt.state, tt.says)
		}
	}
}

func TestMemoryIsCompared(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		need, total, free int64
		state, says       string
	}{
		{gib, 8 * gib, 4 * gib, stateOK, "1 GiB of 4 GiB"},
		{gib, 8 * gib, 0, stateOK, "1 GiB of 8 GiB"},
		{gib, 0, 0, stateOK, "does not say"},
		{6 * gib, 8 * gib, 4 * gib, stateWarn, "4 GiB of 8 GiB are free"},
		{9 * gib, 8 * gib, 8 * gib, stateFail, "8 GiB altogether"},
	} {
		got := fits(c.need, func() (int64, int64) { return c.total, c.free })
		if got.State != c.state || !strings.Contains(got.Says, c.says) || c.state != stateOK && got.Advice == "" {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

func TestDevicesAreATable(t *testing.T) {
	got := deviceTable([]mic.Device{
		{Name: "USB \x1b[2JMic", System: "ALSA", RateHz: 48000, Channels: 1, Default: true},
		{Name: "Webcam", System: "ALSA", RateHz: 16000, Channels: 2},
	})
	want := "* USB  [2JMic  ALSA  48000 Hz  1 channels\n  Webcam       ALSA  16000 Hz  2 channels\n"
	if got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}
