package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/packed"
)

// withKernel runs the program as a child with a value of SOTTO_KERNEL.
func withKernel(t *testing.T, kernel string, args ...string) result {
	t.Helper()
	cmd := child(t, args...)
	cmd.Env = append(cmd.Env, "SOTTO_KERNEL="+kernel)
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	cmd.Run()
	return result{cmd.ProcessState.ExitCode(), out.String(), told.String()}
}

func TestAnUnknownKernelIsRefused(t *testing.T) {
	for _, name := range []string{"neon", "AVX2", " portable"} {
		for _, args := range [][]string{
			{"translate", "--transcribe", clips + "48-none.ogg"},
			{"serve", "--listen", "127.0.0.1:0"},
		} {
			r := withKernel(t, name, args...)
			checkRefusal(t, r, exitEnvironment, `SOTTO_KERNEL is "`+name+`"; this processor can use`, strings.Join(kernel.Levels(), ", "))
		}
	}
}

// The judge and every faster form hear the same in a clip.
func TestEveryKernelHearsTheSame(t *testing.T) {
	want := ""
	for _, name := range kernel.Levels() {
		r := withKernel(t, name, "translate", "--transcribe", clips+"00-one.ogg")
		if r.code != 0 || r.stderr != "" || r.stdout == "" || want != "" && r.stdout != want {
			t.Errorf("%s: exit code %d, %q and %q, want %q", name, r.code, r.stdout, r.stderr, want)
		}
		want = r.stdout
	}
}

// packing returns what pack needs: the toy and a command that names it.
func packing(t *testing.T) (*cli.Context, *gemma4.Model) {
	t.Helper()
	model, err := gemma4.Open(toyDir, "")
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { told.Close() })
	flags := flag.NewFlagSet("sotto", flag.ContinueOnError)
	flags.String("model", toyDir, "")
	flags.String("mmproj", "", "")
	return cli.NewContext(newApp(told, told), flags, nil), model
}

func TestPackingEndsWithAMappedModel(t *testing.T) {
	c, model := packing(t)
	dir := filepath.Join(t.TempDir(), "cache")
	model, err := pack(c, packed.Options{}, model, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if !model.Text.Layers[0].Q.Packed {
		t.Error("the model is not packed")
	}
	if all, _ := filepath.Glob(filepath.Join(dir, "*")); len(all) != 1 || !strings.HasSuffix(all[0], ".packed") {
		t.Errorf("the folder holds %q", all)
	}
}

func TestPackingWithoutAPlaceSaysWhatHelps(t *testing.T) {
	c, model := packing(t)
	blocked := filepath.Join(t.TempDir(), "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pack(c, packed.Options{}, model, blocked)
	var f *failure
	if !errors.As(err, &f) || f.code != exitEnvironment || !strings.Contains(err.Error(), blocked) || !strings.Contains(err.Error(), "SOTTO_CACHE") {
		t.Errorf("%v, want exit code %d, %s and SOTTO_CACHE", err, exitEnvironment, blocked)
	}
}

func TestTheCacheIsWhereTheEnvironmentSays(t *testing.T) {
	t.Setenv("SOTTO_CACHE", "/somewhere")
	if dir, err := cacheDir(); dir != "/somewhere" || err != nil {
		t.Errorf("%q, %v", dir, err)
	}
	t.Setenv("SOTTO_CACHE", "")
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	if _, err := cacheDir(); err != nil && (exitCode(err) != exitEnvironment || !strings.Contains(err.Error(), "SOTTO_CACHE")) {
		t.Errorf("%v, want exit code %d and SOTTO_CACHE", err, exitEnvironment)
	}
}
