package score

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

type goldenLog struct {
	Logs []struct {
		Recording, Reference string
		Length               float64
		Steps                []struct {
			Audio, Elapsed, Compute float64
			Text                    []string
		}
	}
	Read struct {
		NE, RTF        float64
		LongYAAL       [][]float64 // of each export, by clock
		Unaware, Aware map[string]*float64
		Final          []struct {
			Text            string
			Delays, Elapsed []float64
		}
	}
}

func readLogs(t *testing.T) (goldenLog, []*Log, []Instance) {
	t.Helper()
	var g goldenLog
	golden(t, "log.json", &g)
	var logs []*Log
	var instances []Instance
	for _, in := range g.Logs {
		l := &Log{Recording: in.Recording}
		for _, s := range in.Steps {
			if err := l.Show(s.Audio, s.Elapsed, s.Compute, 0, s.Text); err != nil {
				t.Fatal(err)
			}
		}
		logs = append(logs, l)
		instances = append(instances, Instance{l, in.Reference, in.Length})
	}
	return g, logs, instances
}

func TestLogEqualsSimulstream(t *testing.T) {
	g, logs, instances := readLogs(t)
	if ne, rtf := NormalizedErasure(logs...), RealTimeFactor(logs...); !near(ne, g.Read.NE) || !near(rtf, g.Read.RTF) || ne == 0 {
		t.Errorf("normalized erasure %v and real-time factor %v; want %v and %v", ne, rtf, g.Read.NE, g.Read.RTF)
	}
	for i, l := range logs {
		want := g.Read.Final[i]
		if l.Text() != want.Text {
			t.Errorf("%s: %q, want %q", l.Recording, l.Text(), want.Text)
		}
		for j, w := range l.Words() {
			if !near(w.DelayMs, 1000*want.Delays[j]) || !near(w.ElapsedMs, 1000*want.Elapsed[j]) {
				t.Errorf("%s: word %d %+v, want %v and %v s", l.Recording, j, w, want.Delays[j], want.Elapsed[j])
			}
		}
	}
	var segments []Segment
	for _, in := range instances {
		segments = append(segments, Whole(in.Log.Words(), Sentence{Text: in.Reference, EndMs: in.SourceMs}, ByWord))
	}
	checkMetrics(t, segments, Unaware, g.Read.Unaware)
	checkMetrics(t, segments, Aware, g.Read.Aware)
}

// TestRecordingsAreAlignedApart: recordings are cut one by one and scored
// together.
func TestRecordingsAreAlignedApart(t *testing.T) {
	g, _, instances := readLogs(t)
	var segments []Segment
	for _, in := range instances {
		a, err := SoftSegment(in.Log.Words(), []Sentence{{in.Reference, 0, in.SourceMs}}, ByWord)
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, a.Segments...)
	}
	for _, want := range g.Read.LongYAAL {
		for c, value := range want {
			if got, err := LongYAAL(segments, Clock(c)); err != nil || !near(got.Value, value) {
				t.Errorf("clock %d: %+v, %v; want %v", c, got, err, value)
			}
		}
	}
	if len(g.Read.LongYAAL) != 2 {
		t.Error("OmniSTEval read other than two exports")
	}
}

// TestExportsAreWhatTheToolsRead: golden.py wrote the two files with its own
// code and had the tools read them.
func TestExportsAreWhatTheToolsRead(t *testing.T) {
	_, logs, instances := readLogs(t)
	var stream, eval bytes.Buffer
	if err := WriteSimulstream(&stream, logs); err != nil {
		t.Fatal(err)
	}
	if err := WriteSimulEval(&eval, instances); err != nil {
		t.Fatal(err)
	}
	sameLines(t, "simulstream.jsonl", stream.String())
	sameLines(t, "instances.log", eval.String())
	if folder := os.Getenv("SCORE_EXPORT"); folder != "" { // for golden.py read
		for name, data := range map[string][]byte{"simulstream.jsonl": stream.Bytes(), "instances.log": eval.Bytes()} {
			if err := os.WriteFile(folder+"/"+name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func sameLines(t *testing.T, name, got string) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	want, lines := strings.Split(string(data), "\n"), strings.Split(got, "\n")
	if len(want) != len(lines) {
		t.Fatalf("%s: %d lines, want %d", name, len(lines), len(want))
	}
	for i := range want[:len(want)-1] {
		var a, b any
		if err := json.Unmarshal([]byte(lines[i]), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want[i]), &b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s, line %d:\n%s\nwant\n%s", name, i, lines[i], want[i])
		}
	}
}

func TestExportsRefuse(t *testing.T) {
	twice := []*Log{{Recording: "a/talk.wav"}, {Recording: "b/talk.flac"}}
	if err := WriteSimulstream(&bytes.Buffer{}, twice); err == nil || !strings.Contains(err.Error(), "talk") {
		t.Errorf("two recordings of one name: %v", err)
	}
	nan := []Instance{{Log: twice[0], SourceMs: zero / zero}}
	if err := WriteSimulEval(&bytes.Buffer{}, nan); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("a length of NaN: %v", err)
	}
}

func show(t *testing.T, l *Log, ms float64, keep int, tail string) {
	t.Helper()
	if err := l.Show(ms, ms+100, 50, keep, fields(tail)); err != nil {
		t.Fatal(err)
	}
}

func TestShowKeepsWhatStays(t *testing.T) {
	l := &Log{Recording: "a"}
	show(t, l, 480, 0, "the cat")
	show(t, l, 960, 0, "the cats sit")
	show(t, l, 1440, 1, "cats sit down")
	show(t, l, 1920, 4, "")
	want := []Word{{"the", 480, 580}, {"cats", 960, 1060}, {"sit", 960, 1060}, {"down", 1440, 1540}}
	if !reflect.DeepEqual(l.Words(), want) || l.Text() != "the cats sit down" {
		t.Errorf("%+v", l.Words())
	}
	if ne := NormalizedErasure(l); ne != 0.25 {
		t.Errorf("normalized erasure %v, want 1 of 4", ne)
	}
	if rtf := RealTimeFactor(l); !near(rtf, 200.0/1920) {
		t.Errorf("real-time factor %v", rtf)
	}
}

func TestShowRefuses(t *testing.T) {
	l := &Log{Recording: "a.wav"}
	show(t, l, 480, 0, "one two")
	for name, c := range map[string]struct {
		audio, elapsed, compute float64
		keep                    int
	}{
		"keeps more than there is": {960, 960, 0, 3},
		"keeps less than nothing":  {960, 960, 0, -1},
		"time goes back":           {400, 960, 0, 0},
		"the clock goes back":      {960, 400, 0, 0},
		"NaN":                      {zero / zero, 960, 0, 0},
		"infinite":                 {960, 1 / zero, 0, 0},
		"negative computing":       {960, 960, -1, 0},
	} {
		if err := l.Show(c.audio, c.elapsed, c.compute, c.keep, nil); err == nil || !strings.Contains(err.Error(), "a.wav, step 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(l.Steps()) != 1 || l.Text() != "one two" {
		t.Error("a refused step left a trace")
	}
}

func TestGapsCountSpeechOnly(t *testing.T) {
	l := &Log{Recording: "a"}
	show(t, l, 1000, 0, "a")
	show(t, l, 2000, 0, "b")   // replaced, not grown
	show(t, l, 4500, 0, "b c") // 3.5 s after growth
	show(t, l, 5000, 0, "")    // erased
	show(t, l, 6000, 0, "b d") // as long as before: no growth
	show(t, l, 11000, 2, "e")  // 6.5 s, of which a pause of 5 s
	show(t, l, 11500, 3, "f g")
	speech := []Sentence{{"", 4000, 6000}, {"", 0, 5000}, {"", 11000, 14000}}
	gaps, err := l.Gaps(speech, 2000, Unaware)
	want := []Gap{{1000, 4500, 3500}, {11500, 14000, 2500}}
	if err != nil || !reflect.DeepEqual(gaps, want) {
		t.Errorf("%v, %v; want %v", gaps, err, want)
	}
	gaps, err = l.Gaps(speech, 2000, Aware)
	want = []Gap{{1100, 4600, 3500}, {11600, 14000, 2400}}
	if err != nil || !reflect.DeepEqual(gaps, want) {
		t.Errorf("on the clock %v, %v; want %v", gaps, err, want)
	}
	if gaps, err = new(Log).Gaps(speech, 2000, Unaware); err != nil || len(gaps) != 1 || gaps[0].SpeechMs != 9000 {
		t.Errorf("without text %v, %v", gaps, err)
	}
	if gaps, err = l.Gaps(nil, 2000, Unaware); err != nil || gaps != nil {
		t.Errorf("without speech %v, %v", gaps, err)
	}
	if _, err = l.Gaps([]Sentence{{"", 2, 1}}, 2000, Unaware); err == nil {
		t.Error("a sentence that ends before it starts")
	}
}
