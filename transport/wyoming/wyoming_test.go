package wyoming

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sotto"
	"sotto/transport/doortest"
	"sotto/transport/line"
	"sotto/transport/voice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a door on a listener of its own; stop ends the context of its clients.
type door struct {
	*Door
	address string
	stop    context.CancelFunc
}

func openDoor(t testing.TB, engine *sotto.Engine, changes ...func(*Options)) *door {
	t.Helper()
	silent := slog.New(slog.DiscardHandler)
	opt := Options{Hall: &voice.Hall{Engine: engine, Log: silent}, Log: silent}
	for _, change := range changes {
		change(&opt)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	d, served := &door{New(opt), listener.Addr().String(), stop}, make(chan struct{})
	go func() { d.Serve(ctx, listener); close(served) }()
	t.Cleanup(func() { stop(); listener.Close(); <-served })
	return d
}

// client is one connection.
type client struct {
	net.Conn
	t  *testing.T
	in *reader
}

func (d *door) dial(t *testing.T) *client {
	t.Helper()
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	return &client{conn, t, newReader(conn)}
}

func (c *client) say(kind, data string, payload []byte) {
	c.t.Helper()
	if _, err := c.Write([]byte(say(kind, data, payload))); err != nil {
		c.t.Fatal(err)
	}
}

const usual = `{"rate":16000,"width":2,"channels":1,"timestamp":null}`

func (c *client) speak(sound []byte) {
	c.t.Helper()
	for len(sound) > 0 {
		n := min(2047, len(sound)) // chunks end where they like
		c.say("audio-chunk", usual, sound[:n])
		sound = sound[n:]
	}
}

// reply is an event, its data as it is spoken.
type reply struct{ kind, text, language, code string }

func (c *client) next() (r reply, err error) {
	c.t.Helper()
	e, err := c.in.next()
	r.kind = e.kind
	for name, into := range map[string]*string{"text": &r.text, "language": &r.language, "code": &r.code} {
		if raw := e.data[name]; raw != nil {
			json.Unmarshal(raw, into)
		}
	}
	return r, err
}

// until reads up to an event and returns it, with the chunks before it.
func (c *client) until(kind string) (r reply, chunks string) {
	c.t.Helper()
	for {
		r, err := c.next()
		if err != nil {
			c.t.Fatal(err)
		}
		if r.kind == "transcript-chunk" {
			chunks += r.text
		}
		if r.kind == kind {
			return r, chunks
		}
	}
}

func TestOfficialClient(t *testing.T) {
	python := doortest.Python(t, "wyoming", "wyoming")
	type result struct {
		Types                  []string
		Chunks, Text, Language string
		Error                  []string
	}
	var got struct {
		Version, Pong             string
		Streams                   bool
		Models                    map[string][]string
		Spanish, English, Refused result
	}
	d := openDoor(t, doortest.Pocket(t, 1))
	_, port, _ := net.SplitHostPort(d.address)
	doortest.Run(t, &got, doortest.S16(doortest.Clip(t, 0)), python, "testdata/clients/client.py", port)
	t.Logf("wyoming %s", got.Version)
	es := []string{"es"}
	if want := map[string][]string{"transcript": es, "to-en": es, "to-fr": es, "to-de": es}; !reflect.DeepEqual(got.Models, want) || !got.Streams || got.Pong != "hello" {
		t.Errorf("models %v, streams %t, pong %q", got.Models, got.Streams, got.Pong)
	}
	all := []string{"transcript-start", "transcript-chunk", "transcript", "transcript-stop"}
	if want := (result{all, doortest.Spanish, doortest.Spanish, "es", nil}); !reflect.DeepEqual(got.Spanish, want) {
		t.Errorf("%+v", got.Spanish)
	}
	if want := (result{all, doortest.English, doortest.English, "en", nil}); !reflect.DeepEqual(got.English, want) {
		t.Errorf("%+v", got.English)
	}
	if e := got.Refused.Error; len(e) != 2 || e[0] != "language" || !strings.Contains(e[1], "ja") {
		t.Errorf("refused with %q", e)
	}
}

func TestVoicesBehindEachOther(t *testing.T) {
	c := openDoor(t, doortest.Pocket(t, 1)).dial(t)
	c.say("run-satellite", "{}", []byte("of no use here"))
	c.say("transcribe", `{"name":"to-de","language":"es-ES","context":{"a":1},"vad_sensitivity":"default"}`, nil)
	c.say("audio-start", usual, nil)
	c.speak(doortest.S16(doortest.Clip(t, 1.8)))
	c.say("audio-stop", "{}", nil)
	if r, chunks := c.until("transcript"); r.text != "Guten Morgen, Elena." || chunks != r.text || r.language != "de" {
		t.Errorf("%+v, %q", r, chunks)
	}
	c.say("audio-chunk", usual, doortest.S16(doortest.Clip(t, 1.8))) // begins a voice by itself, and is a transcript
	c.say("audio-stop", "{}", nil)
	if r, _ := c.until("transcript"); r.text != "Buenos días, Elena." || r.language != "es" {
		t.Errorf("%+v", r)
	}
	c.say("audio-stop", "{}", nil) // of no sound
	if r, _ := c.until("transcript"); r.text != "" || r.language != "es" {
		t.Errorf("%+v", r)
	}
}

func TestRefusals(t *testing.T) {
	pocket, toy := openDoor(t, doortest.Pocket(t, 1)), openDoor(t, doortest.Polyglot(t, "../..", 1))
	start := say("audio-start", usual, nil)
	for _, tt := range []struct {
		door             *door
		says, code, text string
	}{
		{pocket, say("transcribe", `{"language":"ja"}`, nil) + start, "language", "ja"},
		{pocket, say("transcribe", `{"name":"to-ja"}`, nil) + start, "language", "ja"},
		{pocket, say("transcribe", `{"name":"large"}`, nil), "model", "describe"},
		{pocket, say("transcribe", `{"language":7}`, nil), "event", "language"},
		{pocket, say("audio-start", `{"rate":16000,"width":4,"channels":1}`, nil), "format", "width"},
		{pocket, say("audio-start", `{"rate":1,"width":2,"channels":1}`, nil), "format", "rate"},
		{pocket, say("audio-start", `{"rate":16000,"width":2,"channels":-1}`, nil), "format", "channels"},
		{pocket, start + start, "event", "audio-start"},
		{pocket, start + say("audio-chunk", `{"rate":8000,"width":2,"channels":1}`, nil), "event", "format"},
		{pocket, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "event", "line"},
		{toy, start, "language", "several"},
	} {
		c := tt.door.dial(t)
		fmt.Fprint(c, tt.says)
		if r, _ := c.until("error"); r.code != tt.code || !strings.Contains(r.text, tt.text) {
			t.Errorf("%q is refused with %+v", tt.says, r)
		}
		if _, err := c.next(); err == nil {
			t.Errorf("%q: it goes on", tt.says)
		}
		c.Close()
		tt.door.Wait(context.Background())
	}
}

func TestTheSecondIsRefused(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	first, second := d.dial(t), d.dial(t)
	first.say("audio-start", usual, nil)
	first.until("transcript-start")
	second.say("audio-start", usual, nil)
	if r, _ := second.until("error"); r.code != "full" {
		t.Errorf("%+v", r)
	}
	first.Close() // in the middle of its voice
	second.Close()
	d.Wait(context.Background())
	third := d.dial(t)
	third.say("audio-start", usual, nil)
	third.until("transcript-start")
}

func TestThoseThatSayNothing(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1), func(o *Options) {
		o.Limits = func() line.Limits { return line.Limits{Idle: 100 * time.Millisecond} }
	})
	if r, _ := d.dial(t).until("error"); r.code != "idle" {
		t.Errorf("%+v", r)
	}
	d = openDoor(t, nil, func(o *Options) { o.Ready = func() bool { return false } })
	c := d.dial(t)
	c.say("describe", "{}", nil)
	if r, _ := c.until("error"); r.code != "stopping" {
		t.Errorf("%+v", r)
	}
}

func TestAStoppingServerSaysWhatItHasHeard(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	c := d.dial(t)
	c.say("audio-start", usual, nil)
	c.speak(doortest.S16(doortest.Clip(t, 2.4)))
	c.until("transcript-chunk") // the end of the sentence is heard, or about to be
	d.stop()
	if r, _ := c.until("transcript"); r.text == "" {
		t.Errorf("%+v", r)
	}
	if r, _ := c.until("error"); r.code != "stopping" {
		t.Errorf("%+v", r)
	}
	d.Close()
	if _, err := d.dial(t).next(); err == nil {
		t.Error("a closed door lets in")
	}
}
