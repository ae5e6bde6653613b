package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"sotto"
	"sotto/audio"
	"sotto/audio/resample"
	"sotto/transport/doortest"
	"sotto/transport/room"
	"sotto/transport/voice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clip is the first seconds of a Spanish voice, 16-bit at 24 kHz; 0: all of it.
// Its sentences last from 0.5 to 1.5, 2.5 to 5.2 and 6.1 to 8.4 s.
func clip(t testing.TB, seconds float64) []byte {
	t.Helper()
	r := resample.New(audio.RateHz, usualRate)
	return doortest.S16(append(append([]float32(nil), r.Write(doortest.Clip(t, seconds))...), r.Flush()...))
}

// babble is a stretch of sound as uneven as speech, 16-bit at 24 kHz.
func babble(seconds float64) []byte { return doortest.S16(doortest.Babble(seconds, usualRate, 1)) }

// silence is 16-bit at 24 kHz.
func silence(seconds float64) []byte { return make([]byte, 2*int(seconds*usualRate)) }

// door is a handler on a server of its own; stop ends the context of its sessions.
type door struct {
	*Handler
	server *httptest.Server
	stop   context.CancelFunc
}

func openDoor(t testing.TB, engine *sotto.Engine, changes ...func(*Options)) *door {
	t.Helper()
	return openDoorWith(t, engine, (*httptest.Server).Start, changes...)
}

func openDoorWith(t testing.TB, engine *sotto.Engine, start func(*httptest.Server), changes ...func(*Options)) *door {
	t.Helper()
	silent := slog.New(slog.DiscardHandler)
	opt := Options{Hall: &voice.Hall{Engine: engine, Log: silent}, Log: silent}
	for _, change := range changes {
		change(&opt)
	}
	ctx, stop := context.WithCancel(t.Context())
	d, mux := &door{Handler: New(opt), stop: stop}, http.NewServeMux()
	d.Mount(mux)
	d.server = httptest.NewUnstartedServer(mux)
	d.server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	start(d.server)
	t.Cleanup(func() {
		stop()
		d.Wait(context.Background())
		d.server.Close()
	})
	return d
}

// withRooms lets sessions be read by others.
func withRooms(t testing.TB) (*room.Store, func(*Options)) {
	t.Helper()
	store, err := room.OpenStore("", 4, room.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); store.Run(ctx) }()
	t.Cleanup(func() { store.Close(); stop(); <-done })
	return store, func(opt *Options) { opt.Hall.Rooms = store }
}

// client is the other end of a session.
type client struct {
	t      testing.TB
	socket *websocket.Conn
}

// said is any event of the server's.
type said struct {
	Type    string          `json:"type"`
	EventID string          `json:"event_id"`
	Delta   string          `json:"delta"`
	Elapsed int64           `json:"elapsed_ms"`
	Item    string          `json:"item_id"`
	Before  *string         `json:"previous_item_id"`
	Start   int64           `json:"audio_start_ms"`
	End     int64           `json:"audio_end_ms"`
	Text    string          `json:"transcript"`
	Usage   usage           `json:"usage"`
	Session json.RawMessage `json:"session"`
	Error   struct {
		Type, Code, Message, Param string
		EventID                    string `json:"event_id"`
	} `json:"error"`
	raw string
}

func (d *door) url(path string) string { return "ws" + strings.TrimPrefix(d.server.URL, "http") + path }

// dial connects and hears that the session is there.
func (d *door) dial(t testing.TB, path string) *client {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial(d.url(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	socket.SetReadDeadline(time.Now().Add(time.Minute))
	c := &client{t, socket}
	if e := c.next(); !strings.HasSuffix(e.Type, "session.created") {
		t.Fatalf("first event %s", e.raw)
	}
	return c
}

// say sends an event.
func (c *client) say(event string) {
	c.t.Helper()
	if err := c.socket.WriteMessage(websocket.TextMessage, []byte(event)); err != nil {
		c.t.Error(err)
	}
}

// speak sends sound in events of so many bytes.
func (c *client) speak(kind string, sound []byte, size int) {
	c.t.Helper()
	for len(sound) > 0 {
		n := min(len(sound), size)
		if err := c.socket.WriteJSON(map[string]any{"type": kind, "audio": sound[:n]}); err != nil {
			c.t.Error(err)
			return
		}
		sound = sound[n:]
	}
}

// next reads one event.
func (c *client) next() said {
	c.t.Helper()
	e, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *client) read() (e said, err error) {
	_, data, err := c.socket.ReadMessage()
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	e.raw = string(data)
	return e, err
}

// until reads events until one of a kind.
func (c *client) until(kind string) (all []said) {
	c.t.Helper()
	for {
		e := c.next()
		all = append(all, e)
		switch e.Type {
		case kind:
			return all
		case "error":
			c.t.Fatalf("in the place of %s came %s", kind, e.raw)
		}
	}
}

// rest reads to the end, and returns the close code too.
func (c *client) rest() (all []said, code int) {
	c.t.Helper()
	for {
		e, err := c.read()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return all, closed.Code
		}
		if err != nil {
			c.t.Errorf("the connection broke instead of closing: %v", err)
			return all, 0
		}
		all = append(all, e)
	}
}

// text joins the deltas of a kind.
func text(all []said, kind string) (text string) {
	for _, e := range all {
		if e.Type == kind {
			text += e.Delta
		}
	}
	return text
}
