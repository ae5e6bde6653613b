package realtime

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
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
	"sotto/audio/intake"
	"sotto/audio/resample"
	"sotto/decoder/policy"
	"sotto/models/gemma4"
	"sotto/models/pocket"
	"sotto/transport/room"
	"sotto/transport/voice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// toyEngine hears and writes any language; what it writes is noise that depends on
// all it has heard.
func toyEngine(t testing.TB, seats int) *sotto.Engine {
	t.Helper()
	model, err := gemma4.Open("../../models/gemma4/gemma4test/testdata/folder", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	engine, err := sotto.NewEngine(model, sotto.EngineOptions{Seats: seats})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// pocketEngine knows Spanish, and writes what it means.
func pocketEngine(t testing.TB, seats int) *sotto.Engine {
	t.Helper()
	model, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	table, err := policy.ReadTable(bytes.NewReader(pocket.Policy))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := sotto.NewEngine(model, sotto.EngineOptions{Seats: seats, Policy: table})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// clip is the first seconds of a Spanish voice, 16-bit at 24 kHz; 0: all of it.
// Its sentences last from 0.5 to 1.5, 2.5 to 5.2 and 6.1 to 8.4 s.
func clip(t testing.TB, seconds float64) []byte {
	t.Helper()
	source, err := intake.Open(t.Context(), bytes.NewReader(pocket.Demo), "demo.ogg")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var samples []float32
	for buf := make([]float32, 4096); ; {
		n, err := source.Read(buf)
		samples = append(samples, buf[:n]...)
		if err != nil {
			break
		}
	}
	if seconds > 0 {
		samples = samples[:int(seconds*audio.RateHz)]
	}
	r := resample.New(audio.RateHz, usualRate)
	return pcm16(append(append([]float32(nil), r.Write(samples)...), r.Flush()...))
}

func pcm16(samples []float32) (out []byte) {
	for _, x := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(max(-1, min(1, x))*((1<<15)-1))))
	}
	return out
}

// babble is a stretch of sound as uneven as speech, 16-bit at 24 kHz.
func babble(seconds float64) []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	const syllable = usualRate / 5
	samples, pitch := make([]float32, int(seconds*usualRate)), 0.0
	for i := range samples {
		if i%syllable == 0 {
			pitch = 100 + 100*rng.Float64()
		}
		v := 0.0
		for h := 1.0; h <= 12; h++ {
			v += math.Sin(2*math.Pi*h*pitch*float64(i)/usualRate) / h
		}
		samples[i] = float32(0.12 * v * math.Sin(math.Pi*float64(i%syllable)/syllable))
	}
	return pcm16(samples)
}

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
