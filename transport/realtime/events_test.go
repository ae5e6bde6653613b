package realtime

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"testing"
	"time"

	"sotto"
	"sotto/audio"
)

// mustRead reads the session of an update into a configuration.
func mustRead(t *testing.T, c *config, session string) {
	t.Helper()
	n, f := parse([]byte(session))
	if f == nil {
		f = c.read(n)
	}
	if f != nil {
		t.Fatal(f)
	}
}

// caption is one of one word at a time of the voice.
func caption(segment int, language, text string, ms int64) *sotto.Caption {
	return &sotto.Caption{Segment: segment, Language: language, Words: []sotto.Word{{Text: text}}, Heard: audio.Position(ms * audio.RateHz / 1000)}
}

// translationEvents are the first half of testdata/events.jsonl.
func translationEvents(t *testing.T) (all []event) {
	v := &visit{label: label{"sess_0", "gpt-realtime-translate", time.Unix(86400, 0)}, config: newConfig(translation), source: "es"}
	v.config.source, v.config.target = "es", "en"
	talk := newTranslator(v)
	all = append(all, talk.created())
	mustRead(t, &v.config, `{"audio":{"output":{"language":"de-CH"},"input":{"transcription":{"model":"gpt-4o-transcribe"},"noise_reduction":{"type":"near_field"}}}}`)
	talk.adopted()
	all = append(all, newSession("session.updated", v.config.session(v.label)))
	for _, c := range []*sotto.Caption{
		caption(0, "de", "Guten", 1240), caption(0, "es", "Buenos días,", 1399), caption(0, "de", " Morgen, Elena.", 1400),
		{Segment: 0, Language: "de", End: true}, caption(1, "de", "Das", 3199),
	} {
		all = append(all, talk.caption(c)...)
	}
	_, f := talk.obey("response.create", node{})
	return append(append(all, newError(f, "mine"), newError(endBroken.fault, "")), talk.closed()...)
}

// transcriptionEvents are the second half.
func transcriptionEvents(t *testing.T) (all []event) {
	v := &visit{label: label{"sess_0", "", time.Unix(86400, 0)}, config: newConfig(transcription)}
	v.config.source = "es"
	talk := newTranscriber(v, false)
	all = append(all, talk.created())
	mustRead(t, &v.config, `{"type":"transcription","audio":{"output":{"language":"en"},"input":{"format":{"type":"audio/pcm","rate":24000},"transcription":{"model":"gpt-4o-transcribe","prompt":"a call"},"turn_detection":null}}}`)
	all = append(all, newSession("session.updated", v.config.session(v.label)))
	first := talk.item(1)
	all = append(all, newSpeechStarted(260*16, first), newSpeechStopped(2120*16, first), newCommitted(nil, first), newItemEvent("conversation.item.added", nil, first))
	all = append(all, talk.caption(caption(0, "es", "Buenos días,", 1240))...)
	talk.caption(caption(0, "es", " Elena.", 1240))
	talk.lengths = []audio.Position{1860 * 16}
	all = append(all, talk.caption(&sotto.Caption{Mark: 1})...)
	all = append(all, newCommitted(&first, talk.item(2)), plain("input_audio_buffer.cleared"))
	return append(all, newSession("transcription_session.updated", v.config.beta(v.label)))
}

func TestEventsAreAsTheyAreWrittenDown(t *testing.T) {
	file, err := os.Open("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for _, events := range [][]event{translationEvents(t), transcriptionEvents(t)} {
		for i, e := range events {
			e.stamp(fmt.Sprintf("event_0_%d", i+1))
			data, err := json.Marshal(e)
			if err != nil || !lines.Scan() {
				t.Fatalf("%s: %v, or no line is left", data, err)
			}
			var got, want any
			json.Unmarshal(data, &got)
			if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %s\nwant %s", data, lines.Bytes())
			}
		}
	}
	if lines.Scan() {
		t.Errorf("nothing says %s", lines.Bytes())
	}
}

func TestEventsHaveTheShapesOfTheOfficialClient(t *testing.T) {
	python := cmp.Or(os.Getenv("SOTTO_TEST_PYTHON"), "python3")
	if err := exec.Command(python, "-c", "import openai.resources.realtime.translations").Run(); err != nil {
		t.Skipf("%s has no openai with realtime translations (%v): pip install 'openai[realtime]', and name that Python in SOTTO_TEST_PYTHON", python, err)
	}
	if out, err := exec.Command(python, "testdata/clients/events.py", "testdata/events.jsonl").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTextGoesOnBehindSegmentsAndLanguages(t *testing.T) {
	var j joiner
	got := []string{}
	for _, c := range []*sotto.Caption{
		caption(0, "de", "Ja,", 0), caption(0, "de", " ja.", 0), caption(0, "de", "", 0), caption(2, "de", "Nein.", 0),
		caption(2, "ja", "は", 0), caption(2, "ja", "い", 0), caption(3, "ja", "え", 0), caption(3, "fr", " Oui.", 0),
	} {
		got = append(got, j.join(c))
	}
	if want := []string{"Ja,", " ja.", "", " Nein.", "は", "い", "え", " Oui."}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
