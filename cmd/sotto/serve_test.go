package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"sotto"
	"sotto/models/pocket"
)

// listening starts sotto serve on a free port and returns it with the address
// it names and what it goes on to write on stderr.
func listening(t *testing.T, args ...string) (*exec.Cmd, string, *bufio.Reader) {
	t.Helper()
	cmd := child(t, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	address, told := listens(t, cmd)
	return cmd, address, told
}

// listens starts a daemon and waits until it is ready.
func listens(t *testing.T, cmd *exec.Cmd) (address string, told *bufio.Reader) {
	t.Helper()
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told = bufio.NewReader(pipe)
	for {
		line, err := told.ReadString('\n')
		if err != nil {
			t.Fatalf("serve ends before it listens: %v", err)
		}
		var ready struct{ Msg, Page string }
		if json.Unmarshal([]byte(line), &ready) == nil && ready.Msg == "ready" {
			return strings.TrimPrefix(ready.Page, "http://"), told
		}
	}
}

func TestServeEndsCleanlyWhenAsked(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd, address, told := listening(t)
			page, err := http.Get("http://" + address + "/")
			if err != nil {
				t.Fatal(err)
			}
			page.Body.Close()
			if page.StatusCode != http.StatusOK {
				t.Errorf("the page: %s", page.Status)
			}
			cmd.Process.Signal(signal)
			rest, _ := io.ReadAll(told)
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v, stderr %q", err, rest)
			}
		})
	}
}

// Being ready takes a pass through both towers, whatever the model is.
func TestServeIsReadyWithEveryKindOfModel(t *testing.T) {
	for _, args := range [][]string{{"--reference"}, {"--model", toyDir}, {"--model", pocketDir + "pocket.gguf", "--weights", "q8_0"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			cmd, address, told := listening(t, args...)
			ready, err := http.Get("http://" + address + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			ready.Body.Close()
			if ready.StatusCode != http.StatusOK {
				t.Errorf("/readyz: %s", ready.Status)
			}
			cmd.Process.Signal(syscall.SIGTERM)
			io.ReadAll(told)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWarmingAsksForALanguageTheModelKnows(t *testing.T) {
	for _, languages := range []struct{ sources, targets []string }{
		{[]string{"es"}, []string{"fr"}}, // it cannot write what it hears
		{nil, nil},                       // any
		{nil, []string{"de"}},
	} {
		model, err := pocket.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		model.Config.Profile.Sources, model.Config.Profile.Targets = languages.sources, languages.targets
		engine, err := sotto.NewEngine(model, sotto.EngineOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if err := warm(ctx, engine); err != nil {
			t.Errorf("%v: %v", languages, err)
		}
		cancel()
		if err := warm(ctx, engine); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled, it returns %v", err)
		}
	}
}

func TestServeNamesAnAddressItCannotHave(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, address := range []string{taken.Addr().String(), "127.0.0.1.invalid:7788"} {
		checkRefusal(t, call(t, "serve", "--insecure-lan", "--auth", "off", "--listen", address), exitEnvironment, address, "--listen")
	}
}

func TestDemoShowsThreeLanguagesAndEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("the clip takes its 22 s")
	}
	cmd := child(t, "serve", "--demo", "--listen", "127.0.0.1:0")
	var told strings.Builder
	cmd.Stderr = &told
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v, stderr %q", err, told.String())
	}
	if spoken := time.Since(began); spoken < 20*time.Second {
		t.Errorf("22 s were spoken in %v", spoken)
	}
	for _, language := range demoLanguages {
		label := "[" + language + "] "
		drafts, commits := 0, 0
		for line := range strings.Lines(string(out)) {
			switch {
			case !strings.Contains(line, label):
			case strings.Contains(line, " … "):
				drafts++
			default:
				commits++
			}
		}
		if drafts == 0 || commits < 2 {
			t.Errorf("%s: %d drafts and %d commits in\n%s", language, drafts, commits, out)
		}
	}
	if told.Len() > 0 || !strings.Contains(string(out), "http://127.0.0.1:") {
		t.Errorf("stderr %q, stdout\n%s", told.String(), out)
	}
}
