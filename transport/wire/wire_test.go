package wire

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The golden messages are the protocol's examples; a client in any language can
// be tested against the same files.
func TestGoldenMessages(t *testing.T) {
	tests := []struct {
		file string
		want any
	}{
		{"start.json", &Start{Type: "start", Source: "es", Targets: []string{"en", "fr"}, Transcribe: true, Format: "s16le", Rate: 48000, Channels: 2, Latency: "fast"}},
		{"set.json", &Set{Type: "set", Targets: []string{"en", "de"}, Transcribe: true}},
		{"stop.json", &Stop{Type: "stop"}},
	}
	for _, tt := range tests {
		data := read(t, tt.file)
		got, err := ParseClient(data)
		if err != nil {
			t.Fatalf("%s: %v", tt.file, err)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.file, got, tt.want)
		}
	}
}

func TestServerMessagesEqualGolden(t *testing.T) {
	tests := []struct {
		file    string
		message any
	}{
		{"ready.json", Ready{Type: "ready", Model: "pocket", Description: "a small model", Sources: []string{"es"}, Targets: []string{"es", "en"}}},
		{"started.json", Started{Type: "started", Room: &Room{ID: "hall-2", Durable: true}}},
		{"commit.json", Commit{Type: "commit", Segment: 3, Language: "en", Text: " train leaves", HeardMs: 3480, Words: []Word{
			NewWord(" train", 2400, 2920, 0.871), NewWord(" leaves", 2960, 3200, 0),
		}}},
		{"draft.json", Draft{Type: "draft", Segment: 3, Language: "en", Text: " at noon.", HeardMs: 3480}},
		{"end.json", End{Type: "end", Segment: 3, Language: "en", HeardMs: 4120}},
		{"refused.json", Refused{Type: "refused", Code: "language", Message: "the model does not write Finnish (fi)", Hint: "choose among those of ready"}},
		{"ended.json", Ended{Type: "ended"}},
		{"error.json", Error{Type: "error", Code: "rate", Message: "sample rate 7999 Hz", Hint: "send 8000 to 192000"}},
	}
	for _, tt := range tests {
		got, err := json.Marshal(tt.message)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSpace(string(read(t, tt.file))); string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.file, got, want)
		}
	}
}

func TestParseClientRefuses(t *testing.T) {
	tests := []struct{ name, message, want string }{
		{"nothing", ``, "not a JSON object"},
		{"an array", `[]`, "not a JSON object"},
		{"half an object", `{"type":"start"`, "not valid JSON"},
		{"no type", `{"source":"es"}`, `"type" is missing`},
		{"a number for a type", `{"type":5}`, `"type" is missing or not a string`},
		{"a strange type", `{"type":"dance"}`, `unknown message type "dance"`},
		{"a room of a number", `{"type":"start","room":7}`, `"room" must be of type string`},
		{"a strange field", `{"type":"stop","now":true}`, `unknown field "now"`},
		{"a field twice", `{"type":"start","rate":1,"rate":2}`, `"rate" is given twice`},
		{"a wrong kind", `{"type":"start","rate":"16k"}`, `"rate" must be of type int`},
		{"half a hertz", `{"type":"start","rate":16000.5}`, `"rate" must be of type int`},
		{"a set with more", `{"type":"set","targets":["en"],"rate":1}`, `unknown field "rate"`},
		{"a set of a word", `{"type":"set","targets":"en"}`, `"targets" must be of type`},
		{"text behind", `{"type":"stop"} x`, "goes on after"},
		{"too long", `{"type":"` + strings.Repeat("x", MaxText) + `"}`, "at most 8192"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseClient([]byte(tt.message))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestEveryEvidenceCanBeSent(t *testing.T) {
	tests := []struct {
		evidence float32
		want     float64
	}{
		{0, 0}, {0.004, 0}, {0.876, 0.88}, {1, 1}, {1.0001, 1}, {-0.5, 0},
		{float32(math.NaN()), 0}, {float32(math.Inf(1)), 1}, {float32(math.Inf(-1)), 0},
	}
	for _, tt := range tests {
		w := NewWord("a", 0, 1, tt.evidence)
		if _, err := json.Marshal(w); err != nil || w.Evidence != tt.want {
			t.Errorf("%v is sent as %v (%v), want %v", tt.evidence, w.Evidence, err, tt.want)
		}
	}
}

func FuzzParseClient(f *testing.F) {
	f.Add([]byte(`{"type":"start","source":"es","targets":["en"]}`))
	f.Add([]byte(`{"type":"set","targets":["en","fr"],"transcribe":true}`))
	f.Add([]byte(`{"type":"stop"}`))
	f.Add([]byte(`{"a":{"b":[1,2,{"c":null}]},"a":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseClient(data)
		if (m == nil) == (err == nil) {
			t.Fatalf("message %v with error %v", m, err)
		}
	})
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
