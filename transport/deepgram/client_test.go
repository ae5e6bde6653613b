package deepgram

import (
	"context"
	"encoding/json"
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
	"sotto/transport/room"
	"sotto/transport/voice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a handler on a server of its own; stop ends the context of its streams.
type door struct {
	*Handler
	server *httptest.Server
	stop   context.CancelFunc
}

func openDoor(t testing.TB, engine *sotto.Engine, changes ...func(*Options)) *door {
	t.Helper()
	silent := slog.New(slog.DiscardHandler)
	rooms, _ := room.OpenStore("", 4, room.Options{})
	opt := Options{Hall: &voice.Hall{Engine: engine, Rooms: rooms, Log: silent}, Log: silent}
	for _, change := range changes {
		change(&opt)
	}
	ctx, stop := context.WithCancel(t.Context())
	d, mux := &door{Handler: New(opt), stop: stop}, http.NewServeMux()
	d.Mount(mux)
	d.server = httptest.NewUnstartedServer(mux)
	d.server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	d.server.Start()
	t.Cleanup(func() {
		stop()
		d.Wait(context.Background())
		d.server.Close()
		rooms.Close()
	})
	return d
}

func (d *door) url() string { return "ws" + strings.TrimPrefix(d.server.URL, "http") }

// client is one stream.
type client struct {
	*websocket.Conn
	t *testing.T
}

const usual = "?encoding=linear16&sample_rate=16000"

func (d *door) dial(t *testing.T, query string) *client {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.Dial(d.url()+"/v1/listen"+query, nil)
	if err != nil {
		t.Fatalf("%v: %v", err, response)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn, t}
}

// refusedWith returns the status and the code of a handshake that fails.
func (d *door) refusedWith(t *testing.T, query string, header http.Header) (status int, body map[string]string, headers http.Header) {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.Dial(d.url()+"/v1/listen"+query, header)
	if err == nil {
		conn.Close()
		t.Fatalf("%s is let in", query)
	}
	if response == nil {
		t.Fatal(err)
	}
	json.NewDecoder(response.Body).Decode(&body)
	return response.StatusCode, body, response.Header
}

// speak sends sound in messages of so many bytes.
func (c *client) speak(sound []byte, slice int) {
	c.t.Helper()
	for len(sound) > 0 {
		n := min(slice, len(sound))
		if err := c.WriteMessage(websocket.BinaryMessage, sound[:n]); err != nil {
			c.t.Fatal(err)
		}
		sound = sound[n:]
	}
}

func (c *client) say(kind string) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(`{"type":"`+kind+`"}`)); err != nil {
		c.t.Fatal(err)
	}
}

// reply is a message of any type.
type reply struct {
	results
	RequestID   string `json:"request_id"`
	SHA256      string
	Channels    int
	LastWordEnd float64 `json:"last_word_end"`
	Timestamp   float64
	Variant     string
	Code        string
	Message     string
}

// next reads a message; UtteranceEnd and SpeechStarted have a list in the place of
// the channel.
func (c *client) next() (r reply, err error) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, data, err := c.ReadMessage()
	if err != nil {
		return r, err
	}
	var loose map[string]any
	if err := json.Unmarshal(data, &loose); err != nil {
		c.t.Fatalf("%v in %s", err, data)
	}
	if _, list := loose["channel"].([]any); list {
		delete(loose, "channel")
		data, _ = json.Marshal(loose)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		c.t.Fatalf("%v in %s", err, data)
	}
	return r, nil
}

// rest reads to the end.
func (c *client) rest() (all []reply, end *websocket.CloseError) {
	c.t.Helper()
	for {
		r, err := c.next()
		if err != nil {
			end, ok := err.(*websocket.CloseError)
			if !ok {
				c.t.Fatal(err)
			}
			return all, end
		}
		all = append(all, r)
	}
}

// text is what the final results say.
func text(all []reply) string {
	var parts []string
	for i := range all {
		if t := all[i].text(); all[i].IsFinal && t != "" {
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, " ")
}

func (r *reply) text() string { return r.Channel.Alternatives[0].Transcript }

func types(all []reply) (kinds []string) {
	for _, r := range all {
		if len(kinds) == 0 || kinds[len(kinds)-1] != r.Type {
			kinds = append(kinds, r.Type)
		}
	}
	return kinds
}
