package ws

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"sotto"
	"sotto/audio"
	"sotto/transport/doortest"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clip is the first seconds of a Spanish voice, as s16le. Its
// sentences last from 0.5 to 1.5, 2.5 to 5.2 and 6.1 to 8.4 s.
func clip(t *testing.T, seconds float64) []byte {
	t.Helper()
	return doortest.S16(doortest.Clip(t, seconds))
}

// door is a handler on a server of its own; stop ends the context of its voices.
type door struct {
	*Handler
	url  string
	stop context.CancelFunc
}

func openDoor(t *testing.T, seats int) *door {
	t.Helper()
	return openDoorOf(t, doortest.Toy(t, "../..", seats))
}

func openDoorOf(t *testing.T, engine *sotto.Engine) *door {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	d := &door{Handler: &Handler{Hall: &voice.Hall{Engine: engine}, Log: slog.New(slog.DiscardHandler)}, stop: stop}
	server := httptest.NewUnstartedServer(d)
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	d.url = "ws" + strings.TrimPrefix(server.URL, "http")
	t.Cleanup(func() {
		server.Close()
		stop()
		d.Wait(context.Background())
	})
	return d
}

// client is the other end of a voice.
type client struct {
	t          *testing.T
	socket     *websocket.Conn
	epoch, seq int64
}

// message is any message of the server's.
type message struct {
	wire.Commit // and every field of a draft and an end
	wire.Fault
	Model    string  `json:"model"`
	LostMs   int64   `json:"lost_ms"`
	Cause    string  `json:"cause"`
	ID       string  `json:"id"`
	SoundSeq *uint32 `json:"sound_seq"`
	BehindMs int64   `json:"behind_ms"`
	Level    int     `json:"level"`
}

// dial connects and hears the server's hello.
func (d *door) dial(t *testing.T) *client {
	t.Helper()
	socket, _, err := websocket.DefaultDialer.Dial(d.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	c := &client{t: t, socket: socket}
	if m := c.next(); m.Type != "hello" || m.Model != d.Hall.Engine.Model().Name {
		t.Fatalf("first message %+v, want hello", m)
	}
	return c
}

// begin starts a voice and hears that it has started.
func (c *client) begin(targets ...string) *client {
	c.t.Helper()
	c.say(wire.Start{Type: "start", Source: "es", Targets: targets})
	if m := c.next(); m.Type != "started" {
		c.t.Fatalf("start is answered with %+v", m)
	}
	return c
}

func (c *client) say(m any) {
	c.t.Helper()
	if err := c.socket.WriteJSON(m); err != nil {
		c.t.Error(err)
	}
}

func (c *client) send(kind int, data []byte) {
	c.t.Helper()
	if err := c.socket.WriteMessage(kind, data); err != nil {
		c.t.Error(err)
	}
}

// speak sends sound in frames.
func (c *client) speak(sound []byte) {
	c.t.Helper()
	for len(sound) > 0 {
		n := min(len(sound), 2*audio.FrameLen)
		c.send(websocket.BinaryMessage, sound[:n])
		sound = sound[n:]
	}
}

// next reads one message that is no news of the server's own state.
func (c *client) next() message {
	c.t.Helper()
	for {
		m, err := c.any()
		if err != nil {
			c.t.Fatal(err)
		}
		if m.Type != "heard" && m.Type != "lag" {
			return m
		}
	}
}

// any reads one message, whose number must be the next.
func (c *client) any() (m message, err error) {
	c.t.Helper()
	_, data, err := c.socket.ReadMessage()
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		c.t.Errorf("%s: %v", data, err)
	}
	if c.seq++; m.Seq != c.seq || c.seq > 1 && m.Epoch != c.epoch || m.Type == "" {
		c.t.Errorf("message %d of epoch %d is %s", c.seq, c.epoch, data)
	}
	c.epoch = m.Epoch
	return m, nil
}

// end reads to the end of the connection. It returns the captions, the last
// message before the close, and the close code.
func (c *client) end() (captions []wire.Commit, last message, code int) {
	c.t.Helper()
	all, code := c.rest()
	for _, m := range all {
		if slices.Contains([]string{"commit", "draft", "end"}, m.Type) {
			captions = append(captions, m.Commit)
		}
	}
	if len(all) > 0 {
		last = all[len(all)-1]
	}
	return captions, last, code
}

// rest reads all messages to the end of the connection, and the close code.
func (c *client) rest() (all []message, code int) {
	c.t.Helper()
	for {
		m, err := c.any()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return all, closed.Code
		}
		if err != nil {
			c.t.Errorf("the connection broke instead of closing: %v", err)
			return all, 0
		}
		all = append(all, m)
	}
}

// babble is a stretch of sound as uneven as speech, as s16le.
func babble(samples int, seed uint64) []byte {
	return doortest.S16(doortest.Babble(float64(samples)/audio.RateHz, audio.RateHz, seed))
}

// request is what an HTTP client asks before the upgrade.
func request(t *testing.T, url string, header http.Header) *http.Response {
	t.Helper()
	socket, response, err := websocket.DefaultDialer.Dial(url, header)
	if err == nil {
		socket.Close()
	}
	if response == nil {
		t.Fatal(err)
	}
	return response
}
