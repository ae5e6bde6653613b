package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	conf "sotto/cmd/sotto/config"
	"sotto/decoder/policy"
	"sotto/transport"
	"sotto/transport/wire"
	"sotto/transport/ws"
)

// configFile writes a file of the daemon's.
func configFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sotto.yaml")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestConfigPrintSaysWhereValuesComeFrom(t *testing.T) {
	name := configFile(t, "seats: 3\nlog:\n  level: warn\n")
	t.Setenv("SOTTO_THREADS", "2")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	printed := works(t, "config", "print", "--latency", "fast", "--allow-host", "a.example,b.example", "--config", name)
	for _, line := range []string{
		"seats: 3 # " + name + ":1", "  level: warn # " + name + ":3", "threads: 2 # SOTTO_THREADS", "latency: fast # --latency",
		"hosts: [a.example, b.example] # --allow-host", "weights: auto # default",
	} {
		if !strings.Contains(printed, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, printed)
		}
	}
	os.Unsetenv("SOTTO_THREADS")
	again := works(t, "config", "print", "--config", configFile(t, printed))
	values := func(s string) (all []string) {
		for line := range strings.Lines(s) {
			value, _, _ := strings.Cut(line, " # ")
			all = append(all, value)
		}
		return all
	}
	if got, want := strings.Join(values(again), "\n"), strings.Join(values(printed), "\n"); got != want {
		t.Errorf("printed, read and printed\n%s\nwant\n%s", got, want)
	}
}

func TestTheUsersOwnFileIsRead(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("HOME", dir)
	if printed := works(t, "config", "print"); !strings.Contains(printed, "\nseats: 8 # default\n") {
		t.Errorf("without a file\n%s", printed)
	}
	own, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(own, "sotto"), 0o777); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(own, "sotto", "sotto.yaml")
	if err := os.WriteFile(name, []byte("seats: 5\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if printed := works(t, "config", "print"); !strings.Contains(printed, "\nseats: 5 # "+name+":1\n") {
		t.Errorf("with a file\n%s", printed)
	}
}

func TestConfigCheck(t *testing.T) {
	good := configFile(t, "seats: 3\nlimits:\n  idle_timeout: 30s\n")
	if out := works(t, "config", "check", good); out != fmt.Sprintf("%s is good and sets 2 of %d keys\n", good, len(conf.Keys())) {
		t.Errorf("got %q", out)
	}
	bad := configFile(t, "seats: 3\nlimits:\n  idle_timeot: 30s\n")
	says := bad + `:3: unknown key "limits.idle_timeot"; did you mean limits.idle_timeout?`
	checkRefusal(t, call(t, "config", "check", bad), exitUsage, says)
	checkRefusal(t, call(t, "config", "print", "--config", bad), exitUsage, says)
	checkRefusal(t, call(t, "serve", "--config", bad), exitUsage, says)
	for _, command := range [][]string{{"config", "check"}, {"serve", "--config"}, {"config", "print", "--config"}} {
		checkRefusal(t, call(t, append(command, bad+".none")...), exitEnvironment, "cannot read the configuration "+bad+".none: no such file or directory")
	}
	checkRefusal(t, call(t, "config", "check"), exitUsage, "takes one file")
	checkRefusal(t, call(t, "config", "print", "x"), exitUsage, "takes no arguments")
	checkRefusal(t, call(t, "serve", "--config", ""), exitUsage, "names no file")
}

// The table of keys repeats what other packages know.
func TestKeysAgreeWithWhatObeysThem(t *testing.T) {
	told, err := conf.Load(conf.Input{})
	if err != nil {
		t.Fatal(err)
	}
	known, err := rules(&told.Config)
	if err != nil {
		t.Fatal(err)
	}
	if want := (ws.Limits{}).WithDefaults(); known.Limits.WithDefaults() != want {
		t.Errorf("the keys' limits are %+v, the door's %+v", known.Limits, want)
	}
	if want := (transport.HTTPLimits{}).WithDefaults(); known.HTTP != want {
		t.Errorf("the keys' limits are %+v, the server's %+v", known.HTTP, want)
	}
	if told.Limits.Text != wire.MaxText || told.Limits.Binary != wire.MaxBinary {
		t.Errorf("messages of %d and %d bytes", told.Limits.Text, told.Limits.Binary)
	}
	for key, known := range map[string]func(string) error{
		"latency": func(s string) error { _, err := policy.ParseDial(s); return err },
		"weights": func(s string) error { _, err := weights(s); return err },
	} {
		for _, value := range []string{"auto", "q4_0", "q8_0", "fast", "balanced", "quality", "f16", "slow"} {
			_, err := conf.Load(conf.Input{Flags: map[string][]string{key: {value}}})
			if (err == nil) != (known(value) == nil) {
				t.Errorf("%s %s: the key says %v, its user %v", key, value, err, known(value))
			}
		}
	}
}
