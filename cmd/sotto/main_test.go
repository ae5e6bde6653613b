package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Where the tests find sound and models.
const (
	clips     = "../../models/pocket/testset/"
	pocketDir = "../../models/pocket/"
	toyDir    = "../../models/gemma4/gemma4test/testdata/folder"
)

// asProgram makes the test binary behave as sotto itself, which is what the
// tests of signals and of standard input need.
const asProgram = "SOTTO_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// child returns the program as a child process that ends with the test at the
// latest.
func child(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// result is what a run of the program left.
type result struct {
	code           int
	stdout, stderr string
}

// call runs the program inside the test.
func call(t *testing.T, args ...string) result {
	t.Helper()
	return callIn(t, t.Context(), args...)
}

func callIn(t *testing.T, ctx context.Context, args ...string) result {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	told, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	code := program(ctx, append([]string{"sotto"}, args...), out, told)
	return result{code, written(t, out), written(t, told)}
}

func written(t *testing.T, f *os.File) string {
	t.Helper()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// works runs the program and returns its output; anything but success and a
// quiet stderr fails the test.
func works(t *testing.T, args ...string) string {
	t.Helper()
	r := call(t, args...)
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("sotto %s: exit code %d, stderr %q", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// checkRefusal wants an exit code, an empty stdout and one sentence on stderr
// that contains every piece of says.
func checkRefusal(t *testing.T, r result, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	if r.stdout != "" {
		t.Errorf("stdout %q, want nothing", r.stdout)
	}
	sentence, rest, ended := strings.Cut(r.stderr, "\n")
	if !strings.HasPrefix(sentence, "sotto: ") || !ended || rest != "" {
		t.Errorf("stderr %q, want one line that begins with sotto:", r.stderr)
	}
	for _, s := range says {
		if !strings.Contains(sentence, s) {
			t.Errorf("%q\ndoes not say %q", sentence, s)
		}
	}
}

func TestTheCommandLineIsRefusedWithOneSentence(t *testing.T) {
	for name, c := range map[string]struct{ args, says string }{
		"no such command":             {"trnslate --to en x.wav", "choose translate, listen, devices, serve, health, doctor, config, pull, models, eval, bench, completion, man or version"},
		"nothing like it":             {"7", `unknown command "7"; choose`},
		"no such model command":       {"models weigh", `unknown command "weigh"; choose inspect`},
		"no such flag":                {"translate --too en x.wav", "-too"},
		"flag without a value":        {"translate x.wav --to", "to"},
		"no recording":                {"translate --to en", "name a file, or - for standard input"},
		"no target":                   {"translate x.wav", "say --to en, or --transcribe"},
		"unknown format":              {"translate --to en --format ass x.wav", "choose text, jsonl, srt or vtt"},
		"unknown pace":                {"translate --to en --pace slow x.wav", "choose fast or realtime"},
		"unknown latency":             {"translate --to en --latency slow x.wav", "choose fast, balanced or quality"},
		"two languages in srt":        {"translate --to en,fr --format srt x.wav", "--format srt holds one language"},
		"two recordings as text":      {"translate --to en x.wav y.wav", "--format jsonl"},
		"a language it cannot write":  {"translate --to ja " + clips + "48-none.ogg", "(ja)"},
		"a language it cannot hear":   {"translate --from fi --to en " + clips + "48-none.ogg", "(fi)"},
		"a language twice":            {"translate --to en,en " + clips + "48-none.ogg", "named twice"},
		"mmproj with pocket":          {"translate --mmproj m.gguf --to en x.wav", "--model"},
		"a rate that is no number":    {"translate --to en --raw s16le --rate quick x.pcm", "quick"},
		"serve with an argument":      {"serve pocket", `"pocket"`},
		"every page may speak":        {"serve --allow-origin *", "list each page's origin"},
		"no shell":                    {"completion", "say bash, zsh or fish"},
		"unknown shell":               {"completion tcsh", "say bash, zsh or fish"},
		"inspect nothing":             {"models inspect", "takes one model"},
		"inspect two":                 {"models inspect pocket pocket", "takes one model"},
		"inspect with a flag for use": {"models inspect pocket --to en", "-to"},
	} {
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, call(t, strings.Fields(c.args)...), exitUsage, c.says)
		})
	}
}

func TestHelpIsAskedForAndGoesToStdout(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"models"}, {"translate", "--help"}} {
		if out := works(t, args...); !strings.Contains(out, "USAGE:") {
			t.Errorf("sotto %v prints %q", args, out)
		}
	}
}

func TestVersionIsOneLine(t *testing.T) {
	out := works(t, "version")
	if !strings.HasPrefix(out, "sotto ") || strings.Count(out, "\n") != 1 || !strings.Contains(out, "go1.") {
		t.Errorf("got %q", out)
	}
}

func TestCompletionScriptsAreReadByTheirShells(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			script := works(t, "completion", shell)
			if !strings.Contains(script, "sotto") {
				t.Errorf("got %q", script)
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("no " + shell + " on this machine")
			}
			check := exec.Command(path, "-n")
			check.Stdin = strings.NewReader(script)
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("%s -n: %v: %s", shell, err, out)
			}
		})
	}
}

func TestCompletionOffersWhatThereIs(t *testing.T) {
	for line, want := range map[string]string{
		"":           "translate",
		"models":     "inspect",
		"completion": "fish",
		"pull":       "e4b",
	} {
		args := append(strings.Fields(line), "--generate-bash-completion")
		out, err := child(t, args...).Output() // the library looks at the real arguments
		if err != nil || !slices.Contains(strings.Fields(string(out)), want) {
			t.Errorf("after %q: %q and %v, want %q among them", line, out, err, want)
		}
	}
}

func TestInspectSaysWhatAModelIs(t *testing.T) {
	for name, c := range map[string]struct{ model, format string }{
		"pocket":     {"pocket", "GGUF pair"},
		"a pair":     {pocketDir + "pocket.gguf", "pocket-mmproj.gguf"},
		"HF folder":  {toyDir, "Hugging Face folder"},
		"and slash/": {toyDir + "/", "Hugging Face folder"},
	} {
		t.Run(name, func(t *testing.T) {
			out := works(t, "models", "inspect", c.model)
			for _, want := range []string{c.format, "audio tower", "decoder", "parameters", "each voice", "tensors"} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

func TestFullOutputIsTheMachinesFault(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full on this machine")
	}
	defer full.Close()
	for _, args := range [][]string{
		{"models", "inspect", "pocket"},
		{"translate", "--to", "en", "--transcribe", clips + "00-one.ogg"},
		{"version"},
		{"completion", "bash"},
	} {
		var told bytes.Buffer
		cmd := child(t, args...)
		cmd.Stdout, cmd.Stderr = full, &told
		cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != exitEnvironment || strings.Count(told.String(), "\n") != 1 {
			t.Errorf("sotto %v: exit code %d, stderr %q", args, code, told.String())
		}
	}
}
