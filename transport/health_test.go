package transport

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/models/gemma4"
	"sotto/transport/ws"
)

func (r *running) expect(t *testing.T, path string, status int, says string) {
	t.Helper()
	response, body := r.ask(t, "GET", path, nil)
	if response.StatusCode != status || !strings.Contains(body, says) {
		t.Errorf("%s: %s %q, want %d and %q", path, response.Status, body, status, says)
	}
	if again := response.Header.Get("Retry-After"); (again != "") != (status == http.StatusServiceUnavailable) {
		t.Errorf("%s: %s with Retry-After %q", path, response.Status, again)
	}
}

func TestAServerIsReadyWhenItHasItsEngine(t *testing.T) {
	r := run(t, Options{}, withoutEngine)
	r.expect(t, "/healthz", 200, "ok")
	r.expect(t, "/", 200, "the page")
	r.expect(t, "/readyz", 503, "being loaded")
	r.expect(t, "/v1/stream", 503, "being loaded")
	model, err := gemma4.Open("../models/gemma4/gemma4test/testdata/folder", "")
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	engine, err := sotto.NewEngine(model, sotto.EngineOptions{Seats: 2})
	if err != nil {
		t.Fatal(err)
	}
	r.Ready(engine)
	r.expect(t, "/readyz", 200, "ready")
	r.dial(t).Close()
}

func TestAServerThatStopsIsAliveAndNotReady(t *testing.T) {
	r := run(t, Options{})
	socket := r.dial(t)
	next(t, socket) // ready
	r.stop()        // the voice is told, and has 2 s to close
	for r.phase.Load() != stopping {
		time.Sleep(time.Millisecond)
	}
	r.expect(t, "/healthz", 200, "ok")
	r.expect(t, "/readyz", 503, "stopping")
	r.expect(t, "/v1/stream", 503, "stopping")
	socket.Close()
	if err := <-r.ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// What holds the engine is a burden here that ends when the test says so.
func TestAServerWhoseEngineIsStuckIsNotReady(t *testing.T) {
	model, err := gemma4.Open("../models/gemma4/gemma4test/testdata/folder", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() }) // after the server has ended
	release := make(chan struct{})
	engine, err := sotto.NewEngine(model, sotto.EngineOptions{Seats: 2, Burden: func(int, int) { <-release }})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, Options{}, withoutEngine)
	r.patience = 50 * time.Millisecond
	r.Ready(engine)
	r.expect(t, "/readyz", 200, "ready")
	socket := r.dial(t)
	defer socket.Close()
	socket.WriteJSON(map[string]any{"type": "start", "source": "es", "targets": []string{"en"}})
	noise := make([]byte, 2*audio.RateHz)
	rand.NewChaCha8([32]byte{}).Read(noise) // loud enough to pass for a voice
	for range 3 {
		socket.WriteMessage(websocket.BinaryMessage, noise)
	}
	for limit := time.Now().Add(20 * time.Second); !r.Stuck(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the engine is not held")
		}
	}
	r.expect(t, "/healthz", 200, "ok")
	r.expect(t, "/readyz", 503, "stuck")
	r.expect(t, "/v1/stream", 503, "stuck")
	close(release)
	for limit := time.Now().Add(20 * time.Second); r.Stuck(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the engine goes on, and counts as stuck")
		}
	}
	r.expect(t, "/readyz", 200, "ready")
}

func TestRulesHoldForWhatConnectsLater(t *testing.T) {
	r := run(t, Options{})
	long := []byte(`{"type":"start","source":"es","targets":["en"]}` + strings.Repeat(" ", 2000))
	before := r.dial(t)
	defer before.Close()
	next(t, before)
	r.SetRules(Rules{Hosts: []string{"new.example"}, Origins: []string{"https://page.example"}, Limits: ws.Limits{Text: 1500}})
	if response, _ := r.ask(t, "GET", "/", func(r *http.Request) { r.Host = "new.example" }); response.StatusCode != 200 {
		t.Errorf("the new name: %s", response.Status)
	}
	after, _, err := websocket.DefaultDialer.Dial(r.door(), http.Header{"Origin": {"https://page.example"}})
	if err != nil {
		t.Fatalf("the new page: %v", err)
	}
	defer after.Close()
	next(t, after)
	for _, tt := range []struct {
		socket *websocket.Conn
		kind   string
		code   string
	}{{before, "started", ""}, {after, "error", "too_big"}} {
		tt.socket.WriteMessage(websocket.TextMessage, long)
		if kind, code, _ := next(t, tt.socket); kind != tt.kind || code != tt.code {
			t.Errorf("a text of %d bytes is answered with %q %q, want %q %q", len(long), kind, code, tt.kind, tt.code)
		}
	}
}

// dial opens a voice.
func (r *running) dial(t *testing.T) *websocket.Conn {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial(r.door(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return socket
}
