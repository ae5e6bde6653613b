package ws

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/decoder/policy"
	"sotto/transport/doortest"
	"sotto/transport/wire"
)

const second = audio.RateHz

var yes, no = true, false

func TestAVoiceIsHeardToItsEnd(t *testing.T) {
	engine, sound := doortest.Pocket(t, 1), clip(t, 6)
	targets := []string{"en", "es"}
	for latency, dial := range map[string]policy.Dial{"": policy.Balanced, "fast": policy.Fast, "quality": policy.Quality} {
		want := sayings(alone(t, engine, sotto.SessionOptions{Targets: targets, Latency: dial}, sound))
		if len(want["en"]) != 2 || len(want["es"]) != 2 {
			t.Fatalf("texts %q, want two segments in two languages", want)
		}
		synctest.Test(t, func(t *testing.T) {
			d := openPiped(t, engine)
			c := d.dial(t)
			c.say(wire.Start{Type: "start", Source: "es", Targets: targets, Latency: latency})
			go func() {
				c.pace(sound)
				c.say(wire.Stop{Type: "stop"})
			}()
			captions, last, code := c.end()
			if last.Type != "ended" || code != websocket.CloseNormalClosure {
				t.Errorf("it ended with %+v and %d", last, code)
			}
			if got := textsOf(t, captions); !reflect.DeepEqual(got, want) {
				t.Errorf("latency %q: got %q\nwant %q", latency, got, want)
			}
			if n := commits(captions); n < 8 {
				t.Errorf("latency %q: four segments in %d commits, want words while people speak", latency, n)
			}
			c.socket.Close()
			d.close()
		})
	}
}

func TestCaptionsBecomeMessages(t *testing.T) {
	word := sotto.Word{Text: " a", Start: second, End: 2 * second, Evidence: 0.25}
	caption := func(tail string, end bool, words ...sotto.Word) sotto.Caption {
		return sotto.Caption{Segment: 3, Language: "en", Words: words, Tail: tail, End: end, Heard: 3 * second}
	}
	commit := &wire.Commit{
		Segment: 3, Language: "en", Text: " a", HeardMs: 3000,
		Words: []wire.Word{{Text: " a", StartMs: 1000, EndMs: 2000, Evidence: 0.25}},
	}
	draft := func(text string) *wire.Draft {
		return &wire.Draft{Segment: 3, Language: "en", Text: text, HeardMs: 3000}
	}
	end := &wire.End{Segment: 3, Language: "en", HeardMs: 3000}
	v := &visit{announcer: newAnnouncer()}
	steps := []struct {
		caption sotto.Caption
		want    []wire.Message
	}{
		{caption("", false, word), []wire.Message{commit}},
		{caption(" b", false), []wire.Message{draft(" b")}},
		{caption(" c", false, word), []wire.Message{commit, draft(" c")}},
		{caption("", false, word), []wire.Message{commit, draft("")}},
		{caption("", false, word), []wire.Message{commit}},
		{caption(" b", false), []wire.Message{draft(" b")}},
		{caption("", false), []wire.Message{draft("")}},
		{caption(" b", false), []wire.Message{draft(" b")}},
		{caption("", true, word), []wire.Message{commit, end}},
		{caption("", true), []wire.Message{end}},
		{sotto.Caption{Heard: 3 * second, Lost: second / 2, Cause: "not sent"}, []wire.Message{&wire.Gap{LostMs: 500, HeardMs: 3000, Cause: "not sent"}}},
	}
	for i, s := range steps {
		if got := v.messages(&s.caption); !reflect.DeepEqual(got, s.want) {
			t.Errorf("step %d: %+v, want %+v", i, got, s.want)
		}
	}
}

func TestTheTranscriptIsOneOfTheLanguages(t *testing.T) {
	d := openDoor(t, 1)
	c := d.dial(t)
	c.say(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Transcribe: true})
	c.speak(babble(second/2, 3))
	c.say(wire.Stop{Type: "stop"})
	captions, last, _ := c.end()
	texts := textsOf(t, captions)
	if len(texts["es"]) != 1 || len(texts["en"]) != 1 || last.Type != "ended" {
		t.Errorf("texts %q, then %+v", texts, last)
	}
}

func TestLanguagesChangeWhileTheVoiceGoesOn(t *testing.T) {
	engine, sound := doortest.Pocket(t, 1), clip(t, 9.6)
	part := func(from, to float64) []byte { return sound[2*int(from*second) : 2*int(to*second)] }
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		c := d.dial(t)
		c.begin("en")
		go func() {
			c.pace(part(0, 4.6)) // into the second sentence
			c.say(wire.Set{Type: "set", Targets: []string{}, Transcribe: &yes})
			c.pace(part(4.6, 6))
			c.say(wire.Set{Type: "set", Targets: []string{"en", "fr"}, Transcribe: &no})
			c.pace(part(6, 9.6))
			c.say(wire.Stop{Type: "stop"})
		}()
		captions, last, code := c.end()
		if last.Type != "ended" || code != websocket.CloseNormalClosure {
			t.Errorf("it ended with %+v and %d", last, code)
		}
		texts := textsOf(t, captions)
		if len(texts["en"]) != 3 || len(texts["es"]) != 1 || len(texts["fr"]) != 1 || !strings.HasSuffix(texts["en"][0], ".") {
			t.Errorf("texts %q, want three, one and one", texts)
		}
		wanted := map[string][][2]int64{"en": {{0, 4700}, {6000, 9600}}, "es": {{4600, 6100}}, "fr": {{6000, 9600}}}
		for _, m := range captions {
			if !slices.ContainsFunc(wanted[m.Language], func(w [2]int64) bool { return w[0] <= m.HeardMs && m.HeardMs <= w[1] }) {
				t.Errorf("%s is not wanted, but it says %+v", m.Language, m)
			}
		}
		c.socket.Close()
		d.close()
	})
}

func TestAChangeThatCannotBeIsRefusedAndTheVoiceGoesOn(t *testing.T) {
	c := openDoor(t, 1).dial(t).begin("en")
	for _, set := range []wire.Set{
		{Type: "set", Targets: []string{"fr"}},
		{Type: "set", Targets: []string{}},
		{Type: "set", Targets: []string{"es"}, Transcribe: &yes},
	} {
		c.say(set)
		if m := c.next(); m.Type != "refused" || m.Code != "language" || m.Message == "" || m.Hint == "" {
			t.Errorf("%+v is answered with %+v", set, m)
		}
	}
	c.speak(babble(second, 1))
	c.say(wire.Stop{Type: "stop"})
	captions, last, code := c.end()
	if texts := textsOf(t, captions); len(texts["en"]) != 1 || len(texts) != 1 || last.Type != "ended" || code != 1000 {
		t.Errorf("texts %q, then %+v and %d", texts, last, code)
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
	engine := doortest.Toy(t, "../..", 4)
	var sounds [4][]byte
	var want [4]map[string][]string
	for i := range sounds {
		sounds[i] = babble(second/2+i*100, uint64(i))
		want[i] = sayings(alone(t, engine, sotto.SessionOptions{Targets: []string{"en"}}, sounds[i]))
	}
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		var voices sync.WaitGroup
		for i, sound := range sounds {
			c := d.dial(t).begin("en")
			voices.Go(func() {
				c.pace(sound)
				c.say(wire.Stop{Type: "stop"})
			})
			voices.Go(func() {
				captions, _, code := c.end()
				if got := textsOf(t, captions); code != 1000 || !reflect.DeepEqual(got, want[i]) {
					t.Errorf("voice %d got %q and %d, want %q", i, got, code, want[i])
				}
				c.socket.Close()
			})
		}
		voices.Wait()
		d.close()
	})
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
	d := openDoorOf(t, doortest.Pocket(t, 2))
	waiting := d.dial(t)
	c := d.dial(t).begin("en")
	c.speak(clip(t, 1.5))
	before := []wire.Commit{c.next().Commit} // it has begun to hear
	d.stop()
	captions, last, code := c.end()
	texts := textsOf(t, append(before, captions...))
	if len(texts["en"]) != 1 || texts["en"][0] == "" || last.Code != "stopping" || code != websocket.CloseServiceRestart {
		t.Errorf("texts %q, then %+v and %d", texts, last, code)
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
