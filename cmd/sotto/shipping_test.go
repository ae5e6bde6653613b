package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	conf "sotto/cmd/sotto/config"
)

// settings are all variables of the environment that sotto knows.
func settings() map[string]bool {
	known := map[string]bool{"PORT": true, "SOTTO_CACHE": true, "HF_HOME": true, "XDG_CONFIG_HOME": true}
	for _, k := range conf.Keys() {
		known[k.Env()] = true
	}
	return known
}

func TestTheUnitIsHardened(t *testing.T) {
	const unit = "../../release/sotto.service"
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range regexp.MustCompile(`(?m)^Environment=(\w+)=`).FindAllStringSubmatch(string(text), -1) {
		if !settings()[set[1]] {
			t.Errorf("the unit sets %s, which sotto does not read", set[1])
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here, which rates the unit: apt-get install systemd")
	}
	said, err := exec.Command(analyze, "security", "--offline=true", "--threshold=15", unit).CombinedOutput()
	rating := regexp.MustCompile(`exposure level for sotto.service: ([0-9.]+)`).FindSubmatch(said)
	if rating == nil {
		t.Skipf("this systemd-analyze does not rate files: %v %s", err, said)
	}
	if score, _ := strconv.ParseFloat(string(rating[1]), 64); err != nil || score > 1.5 {
		t.Errorf("exposure %s (%v), want at most 1.5\n%s", rating[1], err, said)
	}
	if said, _ := exec.Command(analyze, "verify", unit).CombinedOutput(); strings.Contains(string(said), "Unknown") || strings.Contains(string(said), "Failed to parse") {
		t.Errorf("systemd does not understand it all: %s", said)
	}
}

// instructions reads a Dockerfile: its instructions and what follows each, a line
// that ends in \ going on in the next.
func instructions(t *testing.T) (all [][2]string) {
	t.Helper()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	joined := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(text), "")
	for line := range strings.Lines(strings.ReplaceAll(joined, "\\\n", " ")) {
		if name, rest, found := strings.Cut(strings.TrimSpace(line), " "); found {
			all = append(all, [2]string{name, strings.TrimSpace(rest)})
		}
	}
	return all
}

// There is no engine for containers where the tests run, so what it would be told is
// held against what sotto takes.
func TestTheImageRunsWhatThereIs(t *testing.T) {
	last := map[string]string{} // of the last stage
	for _, i := range instructions(t) {
		switch i[0] {
		case "FROM":
			if clear(last); strings.Contains(i[1], "/") {
				t.Errorf("FROM %s names a host", i[1])
			}
		case "ENV":
			for pair := range strings.FieldsSeq(i[1]) {
				if name, _, _ := strings.Cut(pair, "="); !settings()[name] {
					t.Errorf("the image sets %s, which sotto does not read", name)
				}
			}
		}
		last[i[0]] = i[1]
	}
	if user, _, _ := strings.Cut(last["USER"], ":"); last["FROM"] != "scratch" || user == "" || strings.TrimLeft(user, "0123456789") != "" || user == "0" {
		t.Errorf("the last stage is from %s and runs as %q; want scratch and a number that is not 0", last["FROM"], last["USER"])
	}
	_, check, _ := strings.Cut(last["HEALTHCHECK"], "CMD ")
	for what, form := range map[string]string{"ENTRYPOINT": last["ENTRYPOINT"], "CMD": last["CMD"], "HEALTHCHECK": check} {
		var words []string
		if err := json.Unmarshal([]byte(form), &words); err != nil || len(words) == 0 {
			t.Errorf("%s is %q, which needs a shell", what, form)
			continue
		}
		if words[0] == "/sotto" {
			words = words[1:]
		}
		if app := newApp(os.Stdout, os.Stderr); len(words) > 0 && app.Command(words[0]) == nil {
			t.Errorf("%s runs sotto %s, and there is no such command", what, words[0])
		}
	}
}

// A container of nothing but the program: no shell, no libraries, no certificates,
// and PORT says where to listen.
func TestItRunsInARootOfItsOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	root := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(root, "sotto"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, said)
	}
	for _, folder := range []string{"tmp", "etc", "models"} {
		os.Mkdir(filepath.Join(root, folder), 0o755)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	var env []string
	for _, i := range instructions(t) {
		if i[0] == "ENV" {
			env = strings.Fields(i[1]) // of the last stage
		}
	}
	env = append(env, "PORT="+port)
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "/sotto", args...)
		cmd.Env, cmd.Dir, cmd.SysProcAttr = env, "/", rootedAt(root)
		return cmd
	}
	serve := inside("serve")
	pipe, err := serve.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if serve.SysProcAttr == nil {
		t.Skip("only Linux has roots for everybody")
	}
	if err := serve.Start(); err != nil {
		t.Skipf("this system lets nobody but its owner give a process another root: %v", err)
	}
	lines := bufio.NewReader(pipe)
	lineWith(t, lines, `"msg":"ready"`)
	if said, err := inside("health").CombinedOutput(); err != nil || string(said) != "ready\n" {
		t.Errorf("its health is %q (%v)", said, err)
	}
	if tokens, err := os.ReadFile(filepath.Join(root, "etc/sotto/tokens")); err != nil || !strings.Contains(string(tokens), "sotto_speak_") {
		t.Errorf("whoever comes from elsewhere is not asked for a token: %v", err)
	}
	serve.Process.Signal(os.Interrupt)
	io.ReadAll(lines)
	if err := serve.Wait(); err != nil {
		t.Error(err)
	}
	said, err := inside("health").CombinedOutput()
	if err == nil || !strings.Contains(string(said), port) {
		t.Errorf("when it has ended its health is %q (%v)", said, err)
	}
}

func TestTheManualNamesEverythingAndIsReadable(t *testing.T) {
	page := works(t, "man")
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "'") || strings.HasPrefix(line, ".") && !regexp.MustCompile(`^\.(TH|SH|SS|TP|PP|nf|fi|ad l)\b`).MatchString(line) {
			t.Errorf("a line of text that is a request: %q", line)
		}
	}
	text := strings.NewReplacer(`\-`, "-", `\e`, `\`, `\(aq`, "'").Replace(page)
	for _, c := range everyCommand(newApp(os.Stdout, os.Stderr).Commands) {
		if !strings.Contains(text, c.Usage) {
			t.Errorf("it does not say %q", c.Usage)
		}
		for _, f := range c.VisibleFlags() {
			if !strings.Contains(text, `\fB--`+f.Names()[0]) {
				t.Errorf("it does not have --%s of %s", f.Names()[0], c.Name)
			}
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here, which reads manuals: apt-get install groff-base")
	}
	cmd := exec.Command(groff, "-man", "-Tascii", "-P-cbou", "-ww")
	cmd.Stdin = strings.NewReader(page)
	var warned strings.Builder
	cmd.Stderr = &warned
	if shown, err := cmd.Output(); err != nil || warned.Len() > 0 || !strings.Contains(string(shown), "sotto models inspect") {
		t.Errorf("%v, warnings %q", err, warned.String())
	}
}

func everyCommand(commands []*cli.Command) (all []*cli.Command) {
	for _, c := range commands {
		if len(c.Subcommands) == 0 {
			all = append(all, c)
		}
		all = append(all, everyCommand(c.Subcommands)...)
	}
	return all
}

func TestVersionIsAlsoAFlag(t *testing.T) {
	if flag, command := works(t, "--version"), works(t, "version"); flag != command {
		t.Errorf("%q and %q", flag, command)
	}
}
