package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	for _, name := range []string{"processor", "microphone", "ffmpeg", "address", "state", "model", "memory", "cache", "self-test", "speed"} {
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
		"an address of others": {"--public --listen 192.0.2.1:7788", "", exitUsage, ""},
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
