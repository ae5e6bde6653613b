package main

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"sotto/transport/wire"
)

// Every text in the log is one of ours; of a voice there are only numbers.
func TestTheLogHasNoWordOfWhatWasSaid(t *testing.T) {
	cmd, address, told := listening(t, "--log-level", "debug")
	socket := startVoice(t, address, nil)
	sayClip(t, socket, 9)
	socket.WriteJSON(wire.Stop{Type: "stop"})
	texts, code := hearOut(t, socket)
	socket.Close()
	broken := startVoice(t, address, nil)
	broken.WriteMessage(1, []byte(`{"type":"secreto","secreto":"secreto"}`))
	hearOut(t, broken)
	broken.Close()
	cmd.Process.Signal(syscall.SIGTERM)
	log, _ := io.ReadAll(told)
	cmd.Wait()

	said := regexp.MustCompile(`\pL+`).FindAllString(texts["es"]+" "+texts["en"], -1)
	if code != 1000 || len(said) < 20 {
		t.Fatalf("closed with %d after %q", code, texts)
	}
	for _, word := range append(said, "secreto") {
		if regexp.MustCompile(`(?i)\b` + word + `\b`).Match(log) {
			t.Errorf("%q is in the log:\n%s", word, log)
		}
	}
	ours := []string{"voice connected", "voice ended", "stopped", "message", "INFO", "DEBUG"}
	lines := 0
	for line := range strings.Lines(string(log)) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for key, value := range fields {
			if text, is := value.(string); is && key != "time" && !slices.Contains(ours, text) {
				t.Errorf("%s is %q", key, text)
			}
		}
		lines++
	}
	if lines != 4 {
		t.Errorf("%d lines of two voices:\n%s", lines, log)
	}
}

func TestALogForPeople(t *testing.T) {
	var out strings.Builder
	var level slog.LevelVar
	log := slog.New(&textHandler{out: &out, lock: new(sync.Mutex), level: &level})
	log.Debug("too much")
	log.With("voice", 7).WithGroup("g").Warn("a\nb", "why", "two words", "n", 3, slog.Group("h", "e", "", "x\x1b", `"`), slog.Group("", "in", true))
	got := regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{3}`).ReplaceAllString(out.String(), "TIME")
	if want := "TIME WARN  a b voice=7 g.why=\"two words\" g.n=3 g.h.e=\"\" g.h.x =\"\\\"\" g.in=true\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	out.Reset()
	slog.New(&textHandler{out: &out, lock: new(sync.Mutex), level: &level, colours: true}).Error("bad", "n", 1)
	if got := out.String(); !strings.Contains(got, "\x1b[31mERROR"+plain+" bad "+faint+"n="+plain+"1\n") {
		t.Errorf("got %q", got)
	}
}

// forPeople is the next line for people, behind those of the log.
func forPeople(told *bufio.Reader) string {
	for {
		line, err := told.ReadString('\n')
		if err != nil || strings.HasPrefix(line, "sotto: ") {
			return line
		}
	}
}

func TestTheReadyLinesForPeople(t *testing.T) {
	cmd := child(t, "serve", "--listen", "127.0.0.1:0", "--log-format", "text")
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := bufio.NewReader(pipe)
	first, second, third := forPeople(told), forPeople(told), forPeople(told)
	if third != "sotto: only this machine reaches it; nobody is asked for a token\n" {
		t.Errorf("who comes in: %q", third)
	}
	_, address, _ := strings.Cut(strings.TrimSpace(first), " hears at http://")
	if _, _, err := net.SplitHostPort(address); err != nil || second != "sotto: programs speak at ws://"+address+"/v1/stream and ask for its health at http://"+address+"/readyz\n" {
		t.Errorf("it says %q and %q", first, second)
	}
	if ready, err := http.Get("http://" + address + "/readyz"); err != nil || ready.StatusCode != http.StatusOK {
		t.Errorf("it is not ready: %v", err)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestOthersReachADaemonOnlyWhenThatIsMeant(t *testing.T) {
	checkRefusal(t, call(t, "serve", "--listen", "0.0.0.0:0"), exitUsage, `"0.0.0.0:0" (--listen)`, "say --insecure-lan", "or listen on 127.0.0.1")
	t.Setenv("SOTTO_LISTEN", "[::]:0")
	checkRefusal(t, call(t, "serve"), exitUsage, `"[::]:0" (SOTTO_LISTEN)`)
	cmd, address, told := listening(t, "--listen", "0.0.0.0:0", "--insecure-lan", "--tokens-file", filepath.Join(t.TempDir(), "tokens"), "--allow-host", "captions.example")
	name, port, err := net.SplitHostPort(address)
	if err != nil || name != "127.0.0.1" {
		t.Fatalf("the page's link leads to %s: %v", address, err)
	}
	for host, want := range map[string]int{"captions.example": 200, "127.0.0.1:" + port: 200, "evil.example": 403} {
		request, err := http.NewRequest("GET", "http://127.0.0.1:"+port+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", host, response.Status, want)
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	cmd.Wait()
}
