package deepgram

import (
	"reflect"
	"strings"
	"testing"

	"sotto/transport/doortest"
)

// official is what the scripts in testdata/clients print.
type official struct {
	Version                     string
	Spanish, English, Finalized heard
	Refused                     string
}

type heard struct {
	Code, Drafts, Finalized int
	Classes, Final, Errors  []string
	Words                   [][]any // text, start, end, confidence
	Utterances, Started     []float64
	Metadata                []any // duration, channels, request, checksum
}

// Deepgram's own clients, with nothing changed but the address.
func TestOfficialPythonClient(t *testing.T) {
	python := doortest.Python(t, "deepgram", "deepgram-sdk")
	o := run(t, python, "client.py")
	t.Logf("deepgram-sdk %s for Python", o.Version)
	want := []string{"ListenV1Metadata", "ListenV1Results", "ListenV1SpeechStarted", "ListenV1UtteranceEnd"}
	if !reflect.DeepEqual(o.Spanish.Classes, want) {
		t.Errorf("the client knows the messages as %v, want %v", o.Spanish.Classes, want)
	}
	if !strings.Contains(o.Refused, "400") {
		t.Errorf("refused with %q", o.Refused)
	}
	o.check(t)
}

func TestOfficialJavaScriptClient(t *testing.T) {
	node := doortest.Node(t, "@deepgram/sdk", "@deepgram/sdk")
	o := run(t, node, "client.cjs")
	t.Logf("@deepgram/sdk %s for JavaScript", o.Version)
	if o.Spanish.Code != 1000 {
		t.Errorf("closed with %d", o.Spanish.Code)
	}
	o.check(t)
}

func run(t *testing.T, program, script string) (o official) {
	t.Helper()
	d := openDoor(t, doortest.Pocket(t, 1))
	doortest.Run(t, &o, doortest.S16(doortest.Clip(t, 0)), program, "testdata/clients/"+script, d.url())
	return o
}

func (o *official) check(t *testing.T) {
	t.Helper()
	for want, got := range map[string]heard{doortest.Spanish: o.Spanish, doortest.English: o.English, "Buenos días, Elena.": o.Finalized} {
		if text := strings.Join(got.Final, " "); text != want || len(got.Errors) > 0 {
			t.Errorf("%q, errors %q", text, got.Errors)
		}
		if n := len(got.Metadata); n != 4 || got.Metadata[1] != 1.0 || len(got.Metadata[2].(string)) != 36 || len(got.Metadata[3].(string)) != 64 {
			t.Errorf("the end says %v", got.Metadata)
		}
		last := 0.0
		for _, w := range got.Words {
			if w[1].(float64) < last || w[2].(float64) < w[1].(float64) {
				t.Errorf("word %v behind %v", w, last)
			}
			last = w[1].(float64)
		}
	}
	if n := len(o.Spanish.Words); n != 47 || o.Finalized.Finalized < 1 {
		t.Errorf("%d words, %d answers to Finalize", n, o.Finalized.Finalized)
	}
	// The clip has pauses of about a second; the last is shorter, and then it ends.
	if len(o.Spanish.Started) != 7 || len(o.Spanish.Utterances) == 0 {
		t.Errorf("speech starts at %v, utterances end at %v", o.Spanish.Started, o.Spanish.Utterances)
	}
}
