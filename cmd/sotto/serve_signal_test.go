package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"sotto/audio"
	"sotto/audio/intake"
	"sotto/models/pocket"
	"sotto/transport/wire"
)

// startVoice opens a voice at a daemon and hears that it has started.
func startVoice(t *testing.T, address string, header http.Header) *websocket.Conn {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/v1/stream", header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	socket.WriteJSON(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Transcribe: true})
	for range 2 { // hello and started
		if _, _, err := socket.ReadMessage(); err != nil {
			t.Fatal(err)
		}
	}
	return socket
}

// sayClip sends the first seconds of the bundled clip at once.
func sayClip(t *testing.T, socket *websocket.Conn, seconds float64) {
	t.Helper()
	source, err := intake.Open(t.Context(), bytes.NewReader(pocket.Demo), "demo.ogg")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	buf := make([]float32, audio.FrameLen)
	for left := int(seconds * audio.RateHz); left > 0; {
		n, err := source.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		left -= n
		if err := socket.WriteMessage(websocket.BinaryMessage, s16le(buf[:n])); err != nil {
			t.Fatal(err)
		}
	}
}

// hearOut reads a voice to its close, whose code it returns with what was
// committed.
func hearOut(t *testing.T, socket *websocket.Conn) (texts map[string]string, code int) {
	t.Helper()
	texts = make(map[string]string)
	for {
		_, data, err := socket.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return texts, closed.Code
		}
		var m wire.Commit
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil {
			t.Fatal(err)
		}
		if m.Type == "commit" {
			texts[m.Language] += m.Text
		}
	}
}

func TestADaemonThatIsAskedToStopCommitsWhatItHeard(t *testing.T) {
	cmd, address, told := listening(t)
	socket := startVoice(t, address, nil)
	sayClip(t, socket, 1.5)
	if _, _, err := socket.ReadMessage(); err != nil { // it has begun to hear
		t.Fatal(err)
	}
	began := time.Now()
	cmd.Process.Signal(syscall.SIGTERM)
	texts, code := hearOut(t, socket)
	socket.Close()
	if texts["en"] == "" || texts["es"] == "" || code != websocket.CloseServiceRestart {
		t.Errorf("texts %q, closed with %d", texts, code)
	}
	rest, _ := io.ReadAll(told)
	if err := cmd.Wait(); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v, stderr %q", err, time.Since(began), rest)
	}
}

// A voice that does not close holds the daemon for as long as it lingers; the
// second signal does not wait for it.
func TestTheSecondSignalEndsADaemonAtOnce(t *testing.T) {
	t.Setenv("SOTTO_LIMITS_LINGER_TIMEOUT", "1m")
	cmd, address, told := listening(t)
	startVoice(t, address, nil)
	cmd.Process.Signal(syscall.SIGTERM)
	for status := 0; status != http.StatusServiceUnavailable; time.Sleep(10 * time.Millisecond) {
		ready, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		ready.Body.Close()
		status = ready.StatusCode
	}
	if alive, err := http.Get("http://" + address + "/healthz"); err != nil || alive.StatusCode != http.StatusOK {
		t.Errorf("a daemon that stops is not alive: %v", err)
	}
	began := time.Now()
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if took := time.Since(began); took > 5*time.Second || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ends after %v with %v", took, cmd.ProcessState)
	}
}

// record is a line of the log.
type record struct {
	Level, Msg, Error string
	Changed           []string
	Later             []string `json:"after a restart"`
}

// hangUp sends SIGHUP and returns what the daemon logs next.
func hangUp(t *testing.T, cmd *exec.Cmd, told *bufio.Reader) (r record) {
	t.Helper()
	cmd.Process.Signal(syscall.SIGHUP)
	for {
		line, err := told.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if strings.HasPrefix(r.Msg, "configuration") {
			return r
		}
	}
}

func TestHangupReadsTheConfigurationAgain(t *testing.T) {
	name := configFile(t, "seats: 2\n")
	cmd, address, told := listening(t, "--config", name)
	page := http.Header{"Origin": {"https://page.example"}}
	opens := func() bool {
		socket, _, err := websocket.DefaultDialer.Dial("ws://"+address+"/v1/stream", page)
		if err == nil {
			socket.Close()
		}
		return err == nil
	}
	if opens() {
		t.Error("a page that is not allowed opens a voice")
	}
	write := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("seats: 3\norigins: [\"https://page.example\"]\nlog: {level: warn}\nlimits: {text_bytes: 2000}\n")
	r := hangUp(t, cmd, told)
	if fmt.Sprint(r.Changed) != `[origins: [] -> ["https://page.example"] limits.text_bytes: 8192 -> 2000 log.level: info -> warn]` || fmt.Sprint(r.Later) != `[seats: 2 -> 3]` {
		t.Errorf("logged %+v", r)
	}
	if !opens() {
		t.Error("the page that is allowed now does not open a voice")
	}
	write("seats: 3\norigin: []\n")
	r = hangUp(t, cmd, told)
	if r.Level != "ERROR" || r.Msg != "configuration refused, the old one stays" || r.Error != name+`:2: unknown key "origin"; did you mean origins?` {
		t.Errorf("logged %+v", r)
	}
	if !opens() {
		t.Error("after a refusal the old configuration has gone")
	}
	write("")
	if r = hangUp(t, cmd, told); len(r.Changed) != 3 || len(r.Later) != 1 {
		t.Errorf("logged %+v", r)
	}
	if opens() {
		t.Error("a page that is not allowed any more opens a voice")
	}
	cmd.Process.Signal(syscall.SIGTERM)
	io.ReadAll(told)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAStopThatIsOverdueIsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			takes time.Duration
			cut   bool
		}{{time.Second, false}, {time.Hour, true}} {
			ctx, stop := context.WithCancel(t.Context())
			cut := false
			cancel := overdue(ctx, time.Minute, func() { cut = true })
			time.Sleep(time.Hour)
			stop()
			time.Sleep(tt.takes)
			cancel()
			synctest.Wait()
			if cut != tt.cut {
				t.Errorf("one that takes %v is cut short: %v", tt.takes, cut)
			}
		}
	})
}
