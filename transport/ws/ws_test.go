package ws

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/transport/wire"
)

const second = audio.RateHz

// alone returns what a session commits to on the same sound, without a door.
func alone(t *testing.T, engine *sotto.Engine, targets []string, data []byte) []wire.Caption {
	t.Helper()
	session, err := engine.Open(sotto.SessionOptions{Source: "es", Targets: targets})
	if err != nil {
		t.Fatal(err)
	}
	var ran sync.WaitGroup
	ran.Go(func() { session.Run(t.Context()) })
	ran.Go(func() {
		var framer audio.Framer
		for sample := range slices.Chunk(data, 2) {
			framer.Write([]float32{s16(sample)})
			if f, ok := framer.Next(); ok {
				session.Push(t.Context(), f)
			}
		}
		session.Finish(framer.Rest())
	})
	defer ran.Wait()
	var commits []wire.Caption
	for {
		c, err := session.Next(t.Context())
		if err != nil {
			return commits
		}
		if c.Committed {
			commits = append(commits, wire.Caption{Type: "commit", Segment: c.Segment, Language: c.Language, Text: c.Text, StartMs: c.Start.Millis(), EndMs: c.End.Millis()})
		}
	}
}

func TestAVoiceIsHeardToItsEnd(t *testing.T) {
	d := openDoor(t, 1)
	sound := slices.Concat(babble(second, 1), make([]byte, 2*second), babble(second/2+99, 2))
	targets := []string{"en", "es"}
	want := alone(t, d.Engine, targets, sound)
	if len(want) != 4 {
		t.Fatalf("%d commits, want two sentences in two languages", len(want))
	}
	c := d.dial(t).begin(targets...)
	c.speak(sound)
	c.say(wire.Stop{Type: "stop"})
	commits, last, code := c.end()
	if last.Type != "ended" || code != websocket.CloseNormalClosure {
		t.Errorf("it ended with %+v and %d", last, code)
	}
	if !slices.Equal(commits, want) {
		t.Errorf("got %+v\nwant %+v", commits, want)
	}
}

func TestTheTranscriptIsOneOfTheLanguages(t *testing.T) {
	d := openDoor(t, 1)
	c := d.dial(t)
	c.say(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Transcribe: true})
	c.speak(babble(second/2, 3))
	c.say(wire.Stop{Type: "stop"})
	commits, last, _ := c.end()
	if len(commits) != 2 || commits[0].Language != "es" || commits[1].Language != "en" || last.Type != "ended" {
		t.Errorf("commits %+v, then %+v", commits, last)
	}
}

func TestSilenceIsAnsweredWithNothing(t *testing.T) {
	c := openDoor(t, 1).dial(t).begin("en")
	c.speak(make([]byte, 2*2*second))
	c.say(wire.Stop{Type: "stop"})
	if m := c.next(); m.Type != "ended" {
		t.Errorf("silence gave %+v", m)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	text := func(s string) func(*client) {
		return func(c *client) { c.send(websocket.TextMessage, []byte(s)) }
	}
	sound := func(bytes int) func(*client) {
		return func(c *client) { c.send(websocket.BinaryMessage, make([]byte, bytes)) }
	}
	begun := func(then func(*client)) func(*client) {
		return func(c *client) { then(c.begin("en")) }
	}
	tests := []struct {
		name    string
		do      func(*client)
		close   int
		code    string
		message string
	}{
		{"sound first", sound(1280), 4450, "order", "first message must be start"},
		{"stop first", text(`{"type":"stop"}`), 4450, "order", "first message must be start"},
		{"no JSON", text(`hello`), 4450, "message", "not a JSON object"},
		{"an unknown type", text(`{"type":"hello"}`), 4450, "message", `"hello"`},
		{"no UTF-8", text("{\"type\":\"\xff\"}"), 4450, "message", "not UTF-8"},
		{"a text too long", text(strings.Repeat(" ", wire.MaxText+1)), 1009, "too_big", "longer than 8192 bytes"},
		{"an endless text", text(strings.Repeat(" ", 4<<20)), 1009, "too_big", "longer than 8192 bytes"},
		{"an unknown format", text(`{"type":"start","source":"es","targets":["en"],"format":"mp3"}`), 4451, "format", `"mp3"`},
		{"an impossible rate", text(`{"type":"start","source":"es","targets":["en"],"rate":7999}`), 4451, "format", "7999"},
		{"too many channels", text(`{"type":"start","source":"es","targets":["en"],"channels":6}`), 4451, "format", "6 channels"},
		{"no language", text(`{"type":"start","source":"es","targets":[]}`), 4451, "language", "no target language"},
		{"an unknown language", text(`{"type":"start","source":"es","targets":["fr"]}`), 4451, "language", "does not write French"},
		{"a language twice", text(`{"type":"start","source":"es","targets":["es"],"transcribe":true}`), 4451, "language", "named twice"},
		{"half a sample", begun(sound(1281)), 4451, "format", "ends inside a sample"},
		{"a sound too long", begun(sound(wire.MaxBinary + 2)), 1009, "too_big", "longer than 65536 bytes"},
		{"start twice", begun(text(`{"type":"start","source":"es","targets":["en"]}`)), 4450, "order", "already started"},
		{"no JSON while speaking", begun(text(`[`)), 4450, "message", "not a JSON object"},
		{"a text too long while speaking", begun(text(strings.Repeat("x", wire.MaxText+1))), 1009, "too_big", "longer than 8192 bytes"},
	}
	d := openDoor(t, 1) // one seat: each case finds it free
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := d.dial(t)
			tt.do(c)
			_, last, code := c.end()
			if code != tt.close || last.Type != "error" || last.Code != tt.code || !strings.Contains(last.Message, tt.message) || last.Hint == "" {
				t.Errorf("answered with %+v and %d, want %q with %q and %d", last, code, tt.code, tt.message, tt.close)
			}
		})
	}
}

func TestTheLargestMessagesAreTaken(t *testing.T) {
	c := openDoor(t, 1).dial(t)
	start := `{"type":"start","source":"es","targets":["en"]}`
	c.send(websocket.TextMessage, []byte(start+strings.Repeat(" ", wire.MaxText-len(start))))
	c.send(websocket.BinaryMessage, make([]byte, wire.MaxBinary))
	c.send(websocket.BinaryMessage, nil)
	c.say(wire.Stop{Type: "stop"})
	if _, last, code := c.end(); last.Type != "ended" || code != 1000 {
		t.Errorf("ended with %+v and %d", last, code)
	}
}

func TestASeatThatIsTakenIsSaidAndGivenBack(t *testing.T) {
	d := openDoor(t, 1)
	first := d.dial(t).begin("en")
	late := d.dial(t)
	late.say(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}})
	if _, last, code := late.end(); last.Code != "full" || code != websocket.CloseTryAgainLater {
		t.Errorf("one voice too many is answered with %+v and %d", last, code)
	}
	first.say(wire.Stop{Type: "stop"})
	first.end()
	d.dial(t).begin("en")
}

func TestVoicesAtOnceHearTheirOwn(t *testing.T) {
	d := openDoor(t, 4)
	var voices sync.WaitGroup
	for i := range uint64(4) {
		sound := babble(second/2+int(i)*100, i)
		want := alone(t, d.Engine, []string{"en"}, sound)
		c := d.dial(t).begin("en")
		voices.Go(func() {
			c.speak(sound)
			c.say(wire.Stop{Type: "stop"})
			if commits, _, code := c.end(); code != 1000 || !slices.Equal(commits, want) {
				t.Errorf("voice %d got %+v and %d, want %+v", i, commits, code, want)
			}
		})
	}
	voices.Wait()
}

func TestClientsThatVanishLeaveNothingBehind(t *testing.T) {
	d := openDoor(t, 1)
	tests := map[string]func(*client){
		"before start":      func(*client) {},
		"after start":       func(c *client) { c.begin("en") },
		"in mid word":       func(c *client) { c.begin("en").speak(babble(second, 1)) },
		"inside a message":  func(c *client) { c.begin("en").socket.NetConn().Write([]byte{0x82, 0xfe, 0x05, 0x00}) },
		"with strange bits": func(c *client) { c.begin("en").socket.NetConn().Write([]byte{0xff, 0xff, 0xff, 0xff}) },
	}
	for name, do := range tests {
		t.Run(name, func(t *testing.T) {
			c := d.dial(t)
			do(c)
			c.socket.NetConn().Close()
			d.Wait(t.Context())
			d.dial(t).begin("en").socket.Close()
			d.Wait(t.Context())
		})
	}
}

func TestAClientMayCloseWithoutStop(t *testing.T) {
	d := openDoor(t, 1)
	c := d.dial(t).begin("en")
	c.socket.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""))
	c.end()
	d.Wait(t.Context())
	d.dial(t).begin("en")
}

func TestAServerThatStopsCommitsWhatWasHeard(t *testing.T) {
	d := openDoor(t, 2)
	waiting := d.dial(t)
	c := d.dial(t).begin("en")
	c.speak(babble(second, 1))
	for c.next().Type != "draft" { // it has begun to hear
	}
	d.stop()
	commits, last, code := c.end()
	if len(commits) != 1 || last.Code != "stopping" || code != websocket.CloseServiceRestart {
		t.Errorf("commits %+v, then %+v and %d", commits, last, code)
	}
	if _, last, code := waiting.end(); last.Code != "stopping" || code != websocket.CloseServiceRestart {
		t.Errorf("a voice that has not begun ended with %+v and %d", last, code)
	}
	d.Wait(t.Context())
}

func TestPingsAreAnswered(t *testing.T) {
	c := openDoor(t, 1).dial(t).begin("en")
	answered := make(chan string, 1)
	c.socket.SetPongHandler(func(data string) error { answered <- data; return nil })
	c.send(websocket.PingMessage, []byte("there?"))
	c.say(wire.Stop{Type: "stop"})
	c.end()
	if data := <-answered; data != "there?" {
		t.Errorf("pong %q", data)
	}
}

func TestOnlyWebSocketsOfOurPage(t *testing.T) {
	d := openDoor(t, 1)
	if r := request(t, d.url, http.Header{"Origin": {"http://elsewhere.example"}}); r.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page is answered with %s", r.Status)
	}
	r, err := http.Get("http" + strings.TrimPrefix(d.url, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusBadRequest {
		t.Errorf("no WebSocket is answered with %s", r.Status)
	}
}

func TestWaitGivesUp(t *testing.T) {
	d := openDoor(t, 1)
	c := d.dial(t).begin("en")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Wait(ctx) // returns although the voice goes on
	c.say(wire.Stop{Type: "stop"})
	if _, _, code := c.end(); code != 1000 {
		t.Errorf("the voice ended with %d", code)
	}
}
