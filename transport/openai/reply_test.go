package openai

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
	"sotto/models/pocket"
)

// pocket3s is the first sentence of the bundled clip, as WAV.
func pocket3s(t *testing.T) string {
	t.Helper()
	source, err := intake.Open(t.Context(), strings.NewReader(string(pocket.Demo)), "demo.ogg")
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	samples := make([]int16, 0, 2*audio.RateHz)
	buf := make([]float32, 1000)
	for len(samples) < cap(samples) {
		n, err := source.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range buf[:min(n, cap(samples)-len(samples))] {
			samples = append(samples, int16(math.Round(float64(v)*32767)))
		}
	}
	return wave(samples)
}

func TestFormats(t *testing.T) {
	d := openPocket(t, Options{})
	sound := pocket3s(t)
	tests := []struct {
		path, format, kind, want string
	}{
		{transcriptions, "json", "application/json", `{"text":"Buenos días, Elena.","usage":{"type":"duration","seconds":2}}` + "\n"},
		{translations, "json", "application/json", `{"text":"Good morning, Elena."}` + "\n"},
		{transcriptions, "text", "text/plain; charset=utf-8", "Buenos días, Elena.\n"},
		{transcriptions, "srt", "text/plain; charset=utf-8", "1\n00:00:00,680 --> 00:00:01,680\nBuenos días, Elena.\n\n"},
		{translations, "vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.680 --> 00:00:01.680\nGood morning, Elena.\n\n"},
	}
	for _, tt := range tests {
		response, reply := d.send(t, tt.path, fields{"file", sound, "model", model, "response_format", tt.format})
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != tt.kind || reply != tt.want {
			t.Errorf("%s as %s: %s %s\n%q, want\n%q", tt.path, tt.format, response.Status, response.Header.Get("Content-Type"), reply, tt.want)
		}
		if !strings.HasPrefix(response.Header.Get("X-Request-Id"), "req_") {
			t.Error("the reply has no id")
		}
	}
}

func TestVerbose(t *testing.T) {
	d := openPocket(t, Options{})
	_, reply := d.send(t, translations, fields{"file", pocket3s(t), "model", model, "response_format", "verbose_json",
		"target_language", "de", "timestamp_granularities[]", "word", "timestamp_granularities[]", "segment"})
	var got map[string]any
	if err := json.Unmarshal([]byte(reply), &got); err != nil {
		t.Fatal(err)
	}
	segment := got["segments"].([]any)[0].(map[string]any)
	for name, want := range map[string]any{"task": "translate", "language": "german", "duration": 2.0, "text": "Guten Morgen, Elena."} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if words := got["words"].([]any); len(words) != 3 || words[0].(map[string]any)["word"] != "Guten" {
		t.Errorf("words %v", words)
	}
	// What an official client's type has and we do not measure is null, never made up.
	want := []string{"avg_logprob", "compression_ratio", "end", "id", "no_speech_prob", "seek", "start", "temperature", "text", "tokens"}
	var names []string
	for name := range segment {
		names = append(names, name)
	}
	if slices.Sort(names); !slices.Equal(names, want) || segment["avg_logprob"] != nil || segment["no_speech_prob"] != nil {
		t.Errorf("segment %v", segment)
	}
	if start, end := segment["start"].(float64), segment["end"].(float64); start < 0.4 || end > 2 || start >= end || segment["seek"] != math.Floor(start*100+0.5) {
		t.Errorf("segment from %v to %v, seek %v", start, end, segment["seek"])
	}
}

// Silence gives the same members, empty.
func TestSilence(t *testing.T) {
	d := openPocket(t, Options{})
	silence := wave(make([]int16, audio.RateHz))
	tests := map[string]string{
		"verbose_json": `{"task":"transcribe","language":"spanish","duration":1,"text":"","segments":[],"usage":{"type":"duration","seconds":1}}` + "\n",
		"srt":          "",
		"vtt":          "WEBVTT\n\n",
		"text":         "\n",
	}
	for format, want := range tests {
		if response, reply := d.send(t, transcriptions, fields{"file", silence, "model", model, "response_format", format}); response.StatusCode != 200 || reply != want {
			t.Errorf("%s: %s %q, want %q", format, response.Status, reply, want)
		}
	}
}

func TestStream(t *testing.T) {
	d := openPocket(t, Options{})
	response, reply := d.send(t, transcriptions, fields{"file", pocket3s(t), "model", "gpt-4o-transcribe", "stream", "true"})
	want := `data: {"type":"transcript.text.delta","delta":"Buenos"}

data: {"type":"transcript.text.delta","delta":" días,"}

data: {"type":"transcript.text.delta","delta":" Elena."}

data: {"type":"transcript.text.done","text":"Buenos días, Elena."}

`
	if kind := response.Header.Get("Content-Type"); response.StatusCode != 200 || kind != "text/event-stream; charset=utf-8" || reply != want {
		t.Errorf("%s %s\n%s", response.Status, kind, reply)
	}
}

func TestTranscript(t *testing.T) {
	word := func(text string, start, end audio.Position) sotto.Word {
		return sotto.Word{Text: text, Start: start, End: end}
	}
	tests := []struct {
		name     string
		captions []sotto.Caption
		text     string
		segments []string
	}{
		{"nothing", []sotto.Caption{{End: true}, {Tail: "perhaps"}}, "", nil},
		{"segments are parted", []sotto.Caption{{Words: []sotto.Word{word("One", 0, 1), word(" two.", 1, 2)}, End: true}, {Words: []sotto.Word{word("Three.", 5, 6)}}}, "One two. Three.", []string{"One two.", " Three."}},
		{"where words are", []sotto.Caption{{Words: []sotto.Word{word("早。", 0, 1)}, End: true}, {Words: []sotto.Word{word("好。", 5, 6)}, End: true}}, "早。好。", []string{"早。", "好。"}},
		{"text that was cleaned away", []sotto.Caption{{Words: []sotto.Word{word("", 0, 1)}, End: true}}, "", nil},
	}
	for _, tt := range tests {
		var x transcript
		var deltas strings.Builder
		for i := range tt.captions {
			deltas.WriteString(strings.Join(x.add(&tt.captions[i]), ""))
		}
		x.endSegment()
		var segments []string
		for _, s := range x.segments {
			segments = append(segments, s.text)
		}
		if x.text.String() != tt.text || deltas.String() != tt.text || !slices.Equal(segments, tt.segments) {
			t.Errorf("%s: text %q, deltas %q, segments %q", tt.name, x.text.String(), deltas.String(), segments)
		}
	}
}

func TestSegmentsSpanTheirWords(t *testing.T) {
	var x transcript
	x.add(&sotto.Caption{End: true, Words: []sotto.Word{{Text: "Red", Start: 30, End: 40}, {Text: " house.", Start: 10, End: 20}}})
	if s := x.segments[0]; s.start != 10 || s.end != 40 {
		t.Errorf("the segment is from %d to %d", s.start, s.end)
	}
}
