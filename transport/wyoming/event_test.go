package wyoming

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// say writes an event as clients do.
func say(kind, data string, payload []byte) string {
	return fmt.Sprintf("{\"type\": %q, \"version\": \"1.10.2\", \"data_length\": %d, \"payload_length\": %d}\n%s%s", kind, len(data), len(payload), data, payload)
}

func TestEventsAreRead(t *testing.T) {
	r := newReader(strings.NewReader(say("a", `{"x":1}`, []byte{1, 2}) + "{\"type\":\"b\",\"data\":{\"x\":1,\"y\":null},\"data_length\":7,\"payload_length\":null}\n{\"x\":2}" + `{"type":"c"}` + "\n"))
	for _, want := range []string{`a map[x:1] "\x01\x02"`, `b map[x:2 y:null] ""`, `c map[] ""`} {
		e, err := r.next()
		data := make(map[string]string)
		for name, raw := range e.data {
			data[name] = string(raw)
		}
		if got := fmt.Sprintf("%s %v %q", e.kind, data, e.payload); got != want || err != nil {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	if _, err := r.next(); err != io.EOF {
		t.Errorf("behind the last: %v", err)
	}
}

func TestWrongEventsAreRefused(t *testing.T) {
	for name, tt := range map[string]struct{ event, about string }{
		"a long line":       {`{"type":"` + strings.Repeat("a", maxLine) + "\"}\n", "longer"},
		"no JSON":           {"GET / HTTP/1.1\n", "line of an event"},
		"a list":            {"[]\n", "object"},
		"an empty line":     {"\n", "line of an event"},
		"no type":           {"{}\n", "no type"},
		"a type of numbers": {"{\"type\":7}\n", "type"},
		"two types":         {"{\"type\":\"a\",\"type\":\"b\"}\n", "type"},
		"an unknown field":  {"{\"type\":\"a\",\"size\":1}\n", "size"},
		"half a character":  {"{\"type\":\"\xff\"}\n", "UTF-8"},
		"less than nothing": {"{\"type\":\"a\",\"data_length\":-1}\n", "data_length"},
		"half a byte":       {"{\"type\":\"a\",\"payload_length\":1.5}\n", "payload_length"},
		"much data":         {fmt.Sprintf("{\"type\":\"a\",\"data_length\":%d}\n", maxData+1), "data_length"},
		"a huge payload":    {"{\"type\":\"a\",\"payload_length\":9000000000}\n", "payload_length"},
		"data that is none": {say("a", "[1]", nil), "data of"},
		"data twice":        {say("a", `{"x":1,"x":2}`, nil), "x"},
		"deep data":         {say("a", strings.Repeat(`{"x":`, 9)+"1"+strings.Repeat("}", 9), nil), "deeper"},
	} {
		_, err := newReader(strings.NewReader(tt.event)).next()
		var bad *wrong
		if !errors.As(err, &bad) || !strings.Contains(bad.text, tt.about) {
			t.Errorf("%s: %v, want %q", name, err, tt.about)
		}
	}
	for _, cut := range []string{`{"type"`, say("a", `{"x":1}`, nil)[:60], say("a", "{}", make([]byte, 100))[:120]} {
		if _, err := newReader(strings.NewReader(cut)).next(); err != io.ErrUnexpectedEOF {
			t.Errorf("%q: %v", cut, err)
		}
	}
}

func TestWhatWeWriteIsRead(t *testing.T) {
	var b bytes.Buffer
	write(&b, "transcript", &whole{"¿Qué?", "es"})
	write(&b, "transcript-stop", nil)
	r := newReader(&b)
	first, _ := r.next()
	second, err := r.next()
	if string(first.data["text"]) != `"¿Qué?"` || second.kind != "transcript-stop" || len(second.data) != 0 || err != nil {
		t.Errorf("%v %v %v", first, second, err)
	}
}

// Whatever comes, events stay within their bounds, and the reader ends.
func FuzzReader(f *testing.F) {
	f.Add([]byte(say("transcribe", `{"language":"es"}`, nil) + say("audio-chunk", `{"rate":16000,"width":2,"channels":1}`, make([]byte, 64))))
	f.Add([]byte("{\"type\":\"a\",\"data\":{\"x\":[1]},\"data_length\":7}\n{\"y\":2}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newReader(bytes.NewReader(data))
		for {
			e, err := r.next()
			if err != nil {
				return
			}
			if e.kind == "" || len(e.payload) > maxPayload || len(e.kind) > maxLine {
				t.Fatalf("event %.40q with %d bytes", e.kind, len(e.payload))
			}
			formatOf(&e, format{})
			var name string
			field(&e, "name", &name)
			targetOf(name)
		}
	})
}
