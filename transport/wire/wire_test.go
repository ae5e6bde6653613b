package wire

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// The golden messages are the protocol's examples; a client in any language can
// be tested against the same files.
func TestClientMessagesEqualGolden(t *testing.T) {
	no := false
	for file, want := range map[string]any{
		"start.json": &Start{
			Type: "start", Source: "es", Targets: []string{"en", "fr"}, Transcribe: true, Format: "s16le", Rate: 48000, Channels: 2,
			Latency: "fast", Context: "a talk about trains, by Ana Gómez", Room: "hall-2", Name: "Elena", Live: true, Numbered: true,
		},
		"set.json":        &Set{Type: "set", Targets: []string{"en", "de"}, Transcribe: &no, Latency: "quality", Ref: "7"},
		"set-empty.json":  &Set{Type: "set", Targets: []string{}},
		"flush.json":      &Flush{Type: "flush", Ref: "8"},
		"marker-ask.json": &Mark{Type: "marker", ID: "page 12", Ref: "9"},
		"stop.json":       &Stop{Type: "stop"},
	} {
		data := read(t, file)
		got, err := ParseClient(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", file, got, want)
		}
		if again, _ := json.Marshal(want); string(again) != strings.TrimSpace(string(data)) {
			t.Errorf("%s:\n got %s\nwant %s", file, again, data)
		}
	}
}

func TestServerMessagesEqualGolden(t *testing.T) {
	sound := uint32(99)
	fault := Fault{Code: "full", Message: "every seat of this server is taken", Hint: "try again when another voice has ended", RetryMs: 12000}
	numbers := &Numbering{epoch: 5231478901234567}
	for _, tt := range []struct {
		file    string
		message Message
	}{
		{"hello.json", &Hello{
			Protocol: Version, Server: "sotto", Model: "pocket", Description: "a small model", Sources: []string{"es"}, Targets: []string{"es", "en"},
			Formats: []string{"s16le", "f32le", "opus"}, MaxTargets: 8, IdleMs: 60000, Context: true, DurableRooms: true,
		}},
		{"started.json", &Started{Room: &Room{ID: "hall-2", Durable: true}}},
		{"commit.json", &Commit{Segment: 3, Language: "en", Text: " train leaves", HeardMs: 3480, Words: []Word{
			{Text: " train", StartMs: 2400, EndMs: 2920, Evidence: 0.87}, {Text: " leaves", StartMs: 2960, EndMs: 3200},
		}}},
		{"draft.json", &Draft{Segment: 3, Language: "en", Text: " at noon.", HeardMs: 3480}},
		{"end.json", &End{Segment: 3, Language: "en", HeardMs: 4120}},
		{"heard.json", &Heard{HeardMs: 4000, SoundSeq: &sound}},
		{"lag.json", &Lag{BehindMs: 1240, Level: 1}},
		{"gap.json", &Gap{LostMs: 120, HeardMs: 4280, Cause: "not sent"}},
		{"marker.json", &Marker{ID: "page 12", HeardMs: 4280}},
		{"warning.json", &Warning{Code: "silent", Message: "only digital silence for 60 seconds; is the microphone muted?"}},
		{"refused.json", &Refused{Fault: Fault{Code: "language", Message: "the model does not write Finnish (fi)", Hint: "choose among those of hello", Ref: "7"}}},
		{"ended.json", &Ended{HeardMs: 5210}},
		{"error.json", &Error{Fault: fault}},
	} {
		got, err := numbers.Encode(tt.message)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSpace(string(read(t, tt.file))); string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.file, got, want)
		}
	}
}

func TestEpochsAreNumbersOfEveryClient(t *testing.T) {
	seen := make(map[int64]bool)
	for range 1000 {
		n := NewNumbering()
		if n.epoch < 0 || n.epoch >= 1<<53 || seen[n.epoch] {
			t.Fatalf("epoch %d", n.epoch)
		}
		seen[n.epoch] = true
	}
}

// What strictjson refuses is tested there, and in package ws with its exact words.
func TestParseClientRefuses(t *testing.T) {
	tests := []struct{ name, message, want string }{
		{"nothing", ``, "not JSON"},
		{"an array", `[]`, "not a JSON object"},
		{"no type", `{"source":"es"}`, `"type" is missing`},
		{"a number for a type", `{"type":5}`, `"type" is missing or not a string`},
		{"nothing for a type", `{"type":null}`, `unknown message type ""`},
		{"a strange type", `{"type":"dance"}`, `unknown message type "dance"`},
		{"a type in another case", `{"Type":"stop"}`, `"type" is missing`},
		{"a room of a number", `{"type":"start","room":7}`, `"room": not a string`},
		{"a strange field", `{"type":"stop","now":true}`, `"now": unknown; want type`},
		{"a field twice", `{"type":"start","rate":1,"rate":2}`, `"rate": given twice`},
		{"a field twice but for case", `{"type":"start","rate":1,"RATE":2}`, `"RATE": given twice`},
		{"a field that folds to one", `{"type":"start","\u017fource":"es"}`, `written "source"`},
		{"a set with more", `{"type":"set","targets":["en"],"rate":1}`, `"rate": unknown`},
		{"a set of a word", `{"type":"set","targets":"en"}`, `"targets": not a list`},
		{"a marker of a number", `{"type":"marker","id":7}`, `"id": not a string`},
		{"a flush with more", `{"type":"flush","id":"7"}`, `"id": unknown`},
		{"no UTF-8", "{\"type\":\"\xff\"}", "not UTF-8"},
		{"text behind", `{"type":"stop"} x`, "after top-level value"},
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

func FuzzParseClient(f *testing.F) {
	f.Add([]byte(`{"type":"start","source":"es","targets":["en"]}`))
	f.Add([]byte(`{"type":"set","targets":["en","fr"],"transcribe":true}`))
	f.Add([]byte(`{"type":"stop"}`))
	f.Add([]byte(`{"type":"marker","id":"a","ref":"b"}`))
	f.Add([]byte(`{"type":"flush"}`))
	f.Add([]byte(`{"a":{"b":[1,2,{"c":null}]},"a":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseClient(data)
		if (m == nil) == (err == nil) {
			t.Fatalf("message %v with error %v", m, err)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	f.Add([]byte{})
	f.Add(Number{1, 640}.Append(nil))
	f.Add(Number{1<<32 - 1, 1<<64 - 1}.Append(make([]byte, 12)))
	f.Fuzz(func(t *testing.T, message []byte) {
		n, sound, err := ParseNumber(message)
		if (err != nil) != (len(message) < 12) {
			t.Fatalf("%d bytes give %v", len(message), err)
		}
		if err == nil && string(append(n.Append(nil), sound...)) != string(message) {
			t.Fatalf("%+v and %x are not %x", n, sound, message)
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
