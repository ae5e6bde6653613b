package feed

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/room"
)

// follow reads a room over a WebSocket.
func (h *hall) follow(query string) *socketReader {
	h.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"sotto.token.secret", "sotto.v1"}}
	conn, response, err := dialer.Dial("ws"+strings.TrimPrefix(h.url, "http")+"stream?"+query, nil)
	if err != nil {
		h.t.Fatalf("%v, %v", err, response)
	}
	h.t.Cleanup(func() { conn.Close() })
	if conn.Subprotocol() != "sotto.v1" {
		h.t.Errorf("subprotocol %q", conn.Subprotocol())
	}
	return &socketReader{stream{t: h.t}, conn}
}

type socketReader struct {
	stream
	conn *websocket.Conn
}

// next returns the next message with its place, or the close code.
func (s *socketReader) next() (e got) {
	s.t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, data, err := s.conn.ReadMessage()
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return got{name: strconv.Itoa(closed.Code)}
	}
	if err != nil {
		return got{name: err.Error()}
	}
	var m struct {
		Type, Code string
		Epoch, Seq uint64
	}
	if err := json.Unmarshal(data, &m); err != nil {
		s.t.Fatal(err)
	}
	if m.Epoch != 0 {
		s.last = idOf(room.Cursor{Epoch: m.Epoch, Seq: m.Seq})
	}
	return got{m.Type + m.Code, s.last, s.text(string(data))}
}

func (s *socketReader) want(all ...string) {
	s.t.Helper()
	for _, want := range all {
		if e := s.next(); e.name+e.text != want {
			s.t.Fatalf("got %q, want %q", e.name+e.text, want)
		}
	}
}

func TestARoomIsReadOverAWebSocket(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	h.say(0, "en", "good morning", "", true)
	s := h.follow("")
	s.want("screen| good morning")
	h.say(1, "en", "the", "", false)
	s.want("commit the")
	h.say(1, "en", "", " train", false)
	s.want("draft train")
	s.conn.Close()
	h.say(1, "en", "train", "", true)
	h.say(1, "fr", "train", "", true)
	s = h.follow("lang=en,de&after=" + s.last)
	s.want("commit train", "end", "passed")
	h.say(1, "de", "Zug", "", false)
	s.want("commit Zug")
	h.follow("after=1-1").want("reset", "screen| Zug| good morning| the train| train")
	h.Rooms.Close()
	s.want("errorstopping", "1012")
}

func TestHowAReadersSocketEnds(t *testing.T) {
	h := openHall(t, &Handler{}, room.Options{})
	s := h.follow("")
	s.want("screen")
	s.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"start"}`))
	s.want("errorrole", "4455")
	s = h.follow("")
	s.want("screen")
	h.Rooms.Forget("hall")
	s.want("errorgone", "4456")
	if _, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.url, "http")+"stream", nil); err == nil || response.StatusCode != http.StatusNotFound {
		t.Errorf("a room that is gone: %v", err)
	}
}

// Who answers no ping is let go; who answers stays.
func TestAReaderThatIsSilentIsPinged(t *testing.T) {
	h := openHall(t, &Handler{KeepAlive: 50 * time.Millisecond}, room.Options{})
	s := h.follow("")
	s.want("screen")
	pings := 0
	answer := s.conn.PingHandler()
	s.conn.SetPingHandler(func(data string) error {
		if pings++; pings == 3 {
			h.say(0, "en", "still there", "", false)
		}
		return answer(data)
	})
	s.want("commit still there")
	if pings < 3 {
		t.Errorf("%d pings", pings)
	}
}

// A reader that does not read costs the room nothing, and is let go.
func TestAReaderThatDoesNotReadIsLetGo(t *testing.T) {
	h := openHall(t, &Handler{Patience: 200 * time.Millisecond}, room.Options{})
	s := h.follow("")
	s.want("screen")
	long := strings.Repeat("word ", 2000)
	for segment := 0; h.room.Stats().Readers > 0; segment++ {
		if segment > 20_000 {
			t.Fatal("it is still there")
		}
		h.say(segment, "en", long, "", true)
		time.Sleep(time.Millisecond)
	}
}
