package whisperlive

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
	"sotto/transport/doortest"
	"sotto/transport/line"
	"sotto/transport/room"
	"sotto/transport/voice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a handler on a server of its own; stop ends the context of its voices.
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
	d := &door{Handler: New(opt), stop: stop}
	d.server = httptest.NewUnstartedServer(d)
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

func (d *door) port() string {
	return d.server.URL[strings.LastIndex(d.server.URL, ":")+1:]
}

// client is one connection.
type client struct {
	*websocket.Conn
	t *testing.T
}

func (d *door) dial(t *testing.T, first string) *client {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://127.0.0.1:"+d.port(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &client{conn, t}
	if first != "" {
		c.say(websocket.TextMessage, first)
	}
	return c
}

func (c *client) say(kind int, data string) {
	c.t.Helper()
	if err := c.WriteMessage(kind, []byte(data)); err != nil {
		c.t.Fatal(err)
	}
}

// reply is a message of any type.
type reply struct {
	UID, Message, Status, Backend, Language string
	Wait                                    float64 // what Message is when it is minutes
	Segments                                []segment
	Translated                              []segment `json:"translated_segments"`
}

func (c *client) next() (r reply, err error) {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, data, err := c.ReadMessage()
	if err != nil {
		return r, err
	}
	var loose map[string]any
	json.Unmarshal(data, &loose)
	if minutes, number := loose["message"].(float64); number {
		loose["wait"], loose["message"] = minutes, ""
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

// text joins what is completed in the end, in the way WhisperLive's clients do.
func text(list []segment) (text string) {
	for _, s := range list {
		if s.Completed {
			text += s.Text
		}
	}
	return text
}

func (c *client) speak(samples []float32) {
	c.t.Helper()
	for sound := string(doortest.F32(samples)); sound != ""; {
		n := min(4096*4, len(sound))
		c.say(websocket.BinaryMessage, sound[:n])
		sound = sound[n:]
	}
}

func TestSegmentsGrowAndAreCompleted(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, `{"uid":"a","language":null,"task":"transcribe","model":"small","use_vad":true,"send_last_n_segments":2,"word_timestamps":true,"hotwords":null}`)
	first, _ := c.next()
	second, _ := c.next()
	if first.Message != "SERVER_READY" || first.Backend != "faster_whisper" || first.UID != "a" || second.Language != "es" {
		t.Fatalf("greeted with %+v %+v", first, second)
	}
	c.speak(doortest.Clip(t, 0))
	c.say(websocket.BinaryMessage, endOfAudio)
	all, end := c.rest()
	if end.Code != websocket.CloseNormalClosure {
		t.Errorf("closed with %v", end)
	}
	whole := make(map[string]string) // by start
	for _, r := range all {
		if r.UID != "a" || len(r.Segments) == 0 || len(r.Segments) > 3 {
			t.Fatalf("%+v", r)
		}
		for i, s := range r.Segments {
			if before, seen := whole[s.Start]; s.Completed && seen && before != s.Text {
				t.Errorf("%q became %q", before, s.Text)
			}
			if s.Completed {
				whole[s.Start] = s.Text
				if len(s.Words) == 0 || s.Words[0].Start != s.Start {
					t.Errorf("words %v of %v", s.Words, s)
				}
			} else if i != len(r.Segments)-1 {
				t.Errorf("%+v is not the last", s)
			}
			if i > 0 && clock(s.Start) < clock(r.Segments[i-1].End) {
				t.Errorf("%+v begins before %+v ends", s, r.Segments[i-1])
			}
		}
	}
	if got := text(all[len(all)-1].Segments); got != " ¿Me puede traer la cuenta, por favor? Muchas gracias." || len(whole) != 7 {
		t.Errorf("%q, %d segments", got, len(whole))
	}
}

func TestTranslations(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	for first, want := range map[string][2]string{
		`{"uid":"a","language":"es","task":"translate"}`:                                                   {" Good morning, Elena.", ""},
		`{"uid":"a","language":"es","target_language":"fr"}`:                                               {" Buenos días, Elena.", ""},
		`{"uid":"a","language":"es","enable_translation":true,"target_language":"de"}`:                     {" Buenos días, Elena.", " Guten Morgen, Elena."},
		`{"uid":"a","language":"es","task":"translate","enable_translation":true,"target_language":"en"}`:  {" Good morning, Elena.", " Good morning, Elena."},
		`{"uid":"a","language":"es","enable_translation":true,"target_language":"es","room":"hall"}`:       {" Buenos días, Elena.", " Buenos días, Elena."},
		`{"uid":"a","language":"es","audio_format":"int16","enable_translation":false,"no_such_thing":[]}`: {" Buenos días, Elena.", ""},
	} {
		c := d.dial(t, first)
		if strings.Contains(first, "int16") {
			c.say(websocket.BinaryMessage, string(doortest.S16(doortest.Clip(t, 2.4))))
		} else {
			c.speak(doortest.Clip(t, 2.4))
		}
		c.say(websocket.TextMessage, endOfAudio)
		all, _ := c.rest()
		var got [2]string
		for _, r := range all {
			if r.Segments != nil {
				got[0] = text(r.Segments)
			}
			if r.Translated != nil {
				got[1] = text(r.Translated)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", first, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	pocket, toy := openDoor(t, doortest.Pocket(t, 1)), openDoor(t, doortest.Polyglot(t, "../..", 1))
	for _, tt := range []struct {
		door  *door
		first string
		about string
	}{
		{pocket, `{"uid":"a","language":"ja"}`, "ja"},
		{pocket, `{"uid":"a","enable_translation":true,"target_language":"ja"}`, "ja"},
		{pocket, `{"uid":"a","audio_format":"uint8"}`, "audio_format"},
		{pocket, `{"uid":"a","room":"Not one"}`, "room"},
		{pocket, `{"uid":7}`, "not understood"},
		{pocket, `[]`, "not understood"},
		{pocket, `END_OF_AUDIO`, "not understood"},
		{toy, `{"uid":"a"}`, "language"},
	} {
		c := tt.door.dial(t, tt.first)
		all, end := c.rest()
		if len(all) != 1 || all[0].Status != "ERROR" || !strings.Contains(all[0].Message, tt.about) || end.Code != websocket.ClosePolicyViolation {
			t.Errorf("%s: %+v, %v", tt.first, all, end)
		}
	}
	c := pocket.dial(t, "")
	c.say(websocket.BinaryMessage, "sound")
	if all, end := c.rest(); len(all) != 1 || all[0].Status != "ERROR" || end.Code != websocket.ClosePolicyViolation {
		t.Errorf("sound first: %+v, %v", all, end)
	}
}

func TestATokenForOneRoom(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1), func(o *Options) {
		o.MayEnter = func(_ *http.Request, room string) bool { return room == "hall" }
	})
	if all, _ := d.dial(t, `{"uid":"a"}`).rest(); len(all) != 1 || all[0].Status != "ERROR" {
		t.Errorf("%+v", all)
	}
	if r, _ := d.dial(t, `{"uid":"a","room":"hall"}`).next(); r.Message != "SERVER_READY" {
		t.Errorf("%+v", r)
	}
}

func TestTheSecondWaits(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	first := d.dial(t, `{"uid":"a"}`)
	first.next()
	all, end := d.dial(t, `{"uid":"b"}`).rest()
	if len(all) != 1 || all[0].Status != "WAIT" || all[0].Wait < 1 || all[0].UID != "b" || end.Code != websocket.CloseNormalClosure {
		t.Errorf("%+v, %v", all, end)
	}
	first.say(websocket.TextMessage, "hello")
	first.next() // the language
	if r, _ := first.next(); r.Status != "WARNING" {
		t.Errorf("%+v", r)
	}
	first.Conn.Close()
	for { // the seat is free when the first has been seen to go
		all, _ := d.dial(t, `{"uid":"c"}`+"").next()
		if all.Message == "SERVER_READY" {
			break
		}
	}
}

func TestThoseThatSayNothing(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 2), func(o *Options) {
		o.Start = 100 * time.Millisecond
		o.Limits = func() line.Limits { return line.Limits{Idle: 100 * time.Millisecond} }
	})
	for _, first := range []string{"", `{"uid":"a"}`} {
		all, end := d.dial(t, first).rest()
		if end.Code != websocket.CloseNormalClosure || all[len(all)-1].Message != "DISCONNECT" {
			t.Errorf("%q: %+v, %v", first, all, end)
		}
	}
}

func TestAStoppingServerSaysWhatItHasHeard(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t, `{"uid":"a"}`)
	c.speak(doortest.Clip(t, 5.8))
	for r, err := c.next(); len(r.Segments) == 0; r, err = c.next() {
		if err != nil {
			t.Fatal(err)
		}
	}
	d.stop()
	all, end := c.rest()
	if end.Code != websocket.CloseServiceRestart || all[len(all)-1].Message != "DISCONNECT" || all[len(all)-1].UID != "a" {
		t.Errorf("%+v, %v", all, end)
	}
	d.Close()
	if response, err := http.Get(d.server.URL); err != nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%v %v", response, err)
	} else {
		response.Body.Close()
	}
}

// A close frame holds little: what is longer is cut, and still sent.
func TestALongReasonIsCut(t *testing.T) {
	d := openDoor(t, doortest.Polyglot(t, "../..", 1))
	all, end := d.dial(t, `{"uid":"a","language":"es","send_last_n_segments":"a word, and not the number that is wanted"}`).rest()
	if end == nil || end.Code != websocket.ClosePolicyViolation || len(all) != 1 || all[0].Status != "ERROR" {
		t.Errorf("%+v, closed with %v", all, end)
	}
}
