package ws

import (
	"bytes"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"sotto/transport/wire"
)

// fault is a row of the catalogue of bad input: what a client does, and the exact
// words it is answered with.
type fault struct {
	name    string
	do      func(*client)
	code    string
	message string
}

func says(s string) func(*client) {
	return func(c *client) { c.send(websocket.TextMessage, []byte(s)) }
}

func sends(sound []byte) func(*client) {
	return func(c *client) { c.send(websocket.BinaryMessage, sound) }
}

// starts says start with more fields.
func starts(more string) func(*client) {
	return says(`{"type":"start","source":"es","targets":["en"]` + more + `}`)
}

// started says start with more fields, then does something.
func started(more string, then func(*client)) func(*client) {
	return func(c *client) {
		starts(more)(c)
		then(c)
	}
}

// numbered is silence behind a number.
func numbered(seq uint32, position uint64, samples int) []byte {
	return append(wire.Number{Seq: seq, Position: position}.Append(nil), make([]byte, 2*samples)...)
}

// each does one thing after the other.
func each(all ...func(*client)) func(*client) {
	return func(c *client) {
		for _, do := range all {
			do(c)
		}
	}
}

const unknown = `; a client sends "start", "set", "flush", "marker" or "stop"`

var catalogue = []fault{
	{"sound first", sends(make([]byte, 1280)), "order", "the first message must be start"},
	{"stop first", says(`{"type":"stop"}`), "order", "the first message must be start"},
	{"set first", says(`{"type":"set","targets":["en"]}`), "order", "the first message must be start"},
	{"flush first", says(`{"type":"flush"}`), "order", "the first message must be start"},
	{"marker first", says(`{"type":"marker","id":"a"}`), "order", "the first message must be start"},
	{"start twice", started("", starts("")), "order", "this voice has already started"},

	{"no JSON", says("hello"), "message", "this is not JSON: invalid character 'h' looking for beginning of value at byte 1"},
	{"nothing", says(""), "message", "this is not JSON: unexpected end of JSON input at byte 0"},
	{"a list", says("[]"), "message", "this is not a JSON object; want {…}"},
	{"half an object", says(`{"type":"start"`), "message", "this is not JSON: unexpected end of JSON input at byte 15"},
	{"two objects", says(`{"type":"stop"}{}`), "message", "this is not JSON: invalid character '{' after top-level value at byte 16"},
	{"no type", says(`{"source":"es"}`), "message", `field "type" is missing or not a string`},
	{"a type of the server's", says(`{"type":"hello"}`), "message", `unknown message type "hello"` + unknown},
	{"an unknown field", starts(`,"mood":"good"`), "message", `field "mood": unknown; want channels, context, format, latency, live, name, numbered, rate, room, source, targets, transcribe, type`},
	{"a field in another case", starts(`,"Rate":16000`), "message", `field "Rate": written "rate"`},
	{"a field twice", starts(`,"rate":16000,"rate":8000`), "message", `field "rate": given twice`},
	{"a field twice but for case", starts(`,"TARGETS":[]`), "message", `field "TARGETS": given twice`},
	{"a field twice below", starts(`,"x":{"y":{"z":1,"z":1}}`), "message", `field "x.y.z": given twice`},
	{"nested", starts(`,"x":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000)), "message", `field "x[0][0][0][0][0][0][0]": objects and lists lie deeper than 8 in each other`},
	{"a rate in words", starts(`,"rate":"16k"`), "message", `field "rate": not a whole number that fits`},
	{"half a hertz", starts(`,"rate":16000.5`), "message", `field "rate": not a whole number that fits`},
	{"a rate beyond numbers", starts(`,"rate":1e309`), "message", `field "rate": not a whole number that fits`},
	{"half a character", starts(`,"name":"\ud83d"`), "message", "a text ends in half a character (a surrogate without its pair)"},
	{"sound as text", started("", says(`{"type":"audio","data":"AAAA"}`)), "message", `unknown message type "audio"` + unknown},
	{"no JSON while speaking", started("", says("[")), "message", "this is not JSON: unexpected end of JSON input at byte 1"},
	{"no UTF-8", says("{\"type\":\"\xff\"}"), "utf8", "text message is not UTF-8"},
	{"no UTF-8 while speaking", started("", says("\xc0\xaf")), "utf8", "text message is not UTF-8"},

	{"an unknown format", starts(`,"format":"mp3"`), "format", `format "mp3" is none of s16le, f32le, mulaw, alaw, opus`},
	{"a rate below", starts(`,"rate":7999`), "format", "rate is 7999 samples per second, want 8000 to 192000"},
	{"a rate above", starts(`,"rate":192001`), "format", "rate is 192001 samples per second, want 8000 to 192000"},
	{"a negative rate", starts(`,"rate":-1`), "format", "rate is -1 samples per second, want 8000 to 192000"},
	{"three channels", starts(`,"channels":3`), "format", "3 channels, want 1 to 2"},
	{"255 channels", starts(`,"channels":255`), "format", "255 channels, want 1 to 2"},
	{"Opus at 16 kHz", starts(`,"format":"opus","rate":16000`), "format", "rate 16000 and 0 channels of Opus, want 48000 and 1 or 2, or neither"},
	{"half a sample", started("", sends(make([]byte, 1279))), "format", "a message of 1279 bytes ends inside a sample; one is 2 bytes over 1 channel(s)"},
	{"half a float", started(`,"format":"f32le"`, sends(make([]byte, 1278))), "format", "a message of 1278 bytes ends inside a sample; one is 4 bytes over 1 channel(s)"},
	{"half a pair", started(`,"channels":2`, sends(make([]byte, 1278))), "format", "a message of 1278 bytes ends inside a sample; one is 4 bytes over 2 channel(s)"},

	{"no language", says(`{"type":"start","source":"es","targets":[]}`), "language", "sotto: no target language; name at least one"},
	{"a language the model does not write", says(`{"type":"start","source":"es","targets":["fr"]}`), "language", "this model does not write French (fr); it does es, en"},
	{"a language nobody knows", says(`{"type":"start","source":"es","targets":["xx-klingon"]}`), "language", `unknown language "xx-klingon"; nearest is "fil" (Filipino)`},
	{"a language twice", says(`{"type":"start","source":"es","targets":["es"],"transcribe":true}`), "language", `sotto: target language "es" is named twice`},
	{"50 languages", says(`{"type":"start","source":"es","targets":["en"` + strings.Repeat(`,"en"`, 49) + `]}`), "language", "50 target languages are wanted, at most 8 are written for one voice"},
	{"an unknown latency", starts(`,"latency":"now"`), "latency", `latency "now" is none of fast, balanced and quality`},
	{"a room where there are none", starts(`,"room":"hall"`), "room", "this server has no rooms"},

	{"a text too long", says(strings.Repeat(" ", wire.MaxText+1)), "too_big", "a message is longer than 8192 bytes"},
	{"an endless text", says(strings.Repeat(" ", 4<<20)), "too_big", "a message is longer than 8192 bytes"},
	{"a text too long while speaking", started("", says(strings.Repeat("x", wire.MaxText+1))), "too_big", "a message is longer than 8192 bytes"},
	{"sound too long", started("", sends(make([]byte, wire.MaxBinary+2))), "too_big", "a message is longer than 65536 bytes"},

	{"sound without its number", started(`,"numbered":true`, sends(make([]byte, 11))), "sequence", "a numbered message of 11 bytes; it begins with 12 for its number and position"},
	{"sound from long ago", started(`,"numbered":true`, each(sends(numbered(0, 160000, 0)), sends(numbered(1, 79999, 640)))), "sequence", "message 1 goes back by 5.0 s, at most 5 are allowed"},
	{"sound from far ahead", started(`,"numbered":true`, sends(numbered(0, 960001, 640))), "sequence", "message 0 goes forward by 60.0 s, at most 60 are allowed"},
	{"a position beyond numbers", started(`,"numbered":true`, sends(numbered(0, 1<<63, 640))), "sequence", "message 0 goes back by 576460752303423.5 s, at most 5 are allowed"},
	{"live sound too fast", started(`,"live":true`, func(c *client) {
		for range 6 {
			c.send(websocket.BinaryMessage, make([]byte, wire.MaxBinary))
		}
	}), "too_fast", ""},
}

func TestATokenIsForItsRoom(t *testing.T) {
	d := openDoor(t, 1)
	d.MaySpeak = func(_ *http.Request, room string) bool { return room != "other" }
	c := d.dial(t)
	starts(`,"room":"other"`)(c)
	if _, last, code := c.end(); last.Code != "role" || last.Hint == "" || code != 4455 {
		t.Errorf("answered with %+v and %d", last, code)
	}
	d.dial(t).begin("en")
}

func TestCatalogueOfBadInput(t *testing.T) {
	d := openDoor(t, 1) // one seat: each case finds it free
	for _, tt := range catalogue {
		t.Run(tt.name, func(t *testing.T) {
			c := d.dial(t)
			tt.do(c)
			all, code := c.rest()
			last := all[len(all)-1]
			if code != wire.Endings[tt.code].Close || last.Type != "error" || last.Code != tt.code || last.Hint == "" ||
				tt.message != "" && last.Message != tt.message || (last.RetryMs > 0) != (wire.Endings[tt.code].Retry > 0) {
				t.Errorf("answered with %+v and %d, want %q with %q and %d", last, code, tt.code, tt.message, wire.Endings[tt.code].Close)
			}
		})
	}
	c := d.dial(t).begin("en")
	c.speak(babble(second/2, 1))
	c.say(wire.Stop{Type: "stop"})
	if _, last, code := c.end(); last.Type != "ended" || code != 1000 {
		t.Errorf("the voice after all that ended with %+v and %d", last, code)
	}
}

// Refusals leave the voice as it was.
func TestWhatCannotBeDoneIsRefused(t *testing.T) {
	c := openDoor(t, 1).dial(t).begin("en")
	for _, tt := range []struct{ message, code, want string }{
		{`{"type":"set","targets":["fr"],"ref":"1"}`, "language", "this model does not write French (fr); it does es, en"},
		{`{"type":"set","targets":[],"ref":"2"}`, "language", "sotto: no target language; name at least one"},
		{`{"type":"set","latency":"now","ref":"3"}`, "latency", `latency "now" is none of fast, balanced and quality`},
		{`{"type":"marker","id":"","ref":"4"}`, "marker", "a marker's id has 1 to 64 bytes, not 0"},
		{`{"type":"marker","id":"` + strings.Repeat("x", 65) + `","ref":"5"}`, "marker", "a marker's id has 1 to 64 bytes, not 65"},
	} {
		says(tt.message)(c)
		if m := c.next(); m.Type != "refused" || m.Code != tt.code || m.Message != tt.want || m.Hint == "" || !strings.Contains(tt.message, `"ref":"`+m.Ref+`"`) {
			t.Errorf("%s is answered with %+v", tt.message, m)
		}
	}
	c.speak(babble(second, 1))
	c.say(wire.Stop{Type: "stop"})
	if captions, last, code := c.end(); len(textsOf(t, captions)["en"]) != 1 || last.Type != "ended" || code != 1000 {
		t.Errorf("ended with %+v and %d", last, code)
	}
}

// The table of goodbyes in PROTOCOL.md is the one in the code.
func TestGoodbyesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../wire/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d{4}) \| (.*?) \| .* \| (.*?) \|$`).FindAllSubmatch(doc, -1) {
		for _, code := range regexp.MustCompile("`(\\w+)`").FindAllSubmatch(row[2], -1) {
			end, known := wire.Endings[string(code[1])]
			if close, _ := strconv.Atoi(string(row[1])); !known || end.Close != close || bytes.HasPrefix(row[3], []byte("yes")) != (end.Retry > 0) {
				t.Errorf("PROTOCOL.md says %s, the code %+v", row[0], end)
			}
			found[string(code[1])] = true
		}
	}
	for code := range wire.Endings {
		if !found[code] {
			t.Errorf("PROTOCOL.md has no row for %q", code)
		}
	}
}
