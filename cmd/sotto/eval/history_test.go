package eval

import (
	"math"
	"strings"
	"testing"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/cmd/sotto/score"
)

// said makes a caption of segment, heard ms, words and tail; words are parted by
// "|".
func said(segment int, ms int64, words, tail string, end bool) emission {
	c := sotto.Caption{Segment: segment, Language: "en", Tail: tail, End: end, Heard: audio.Position(ms * audio.RateHz / 1000)}
	if words != "" {
		for _, w := range strings.Split(words, "|") {
			c.Words = append(c.Words, sotto.Word{Text: w})
		}
	}
	return emission{Caption: c, elapsedMs: float64(ms) + 10}
}

func TestHistoryFollowsTheScreen(t *testing.T) {
	h, err := historyOf("en", "r.wav", []emission{
		said(0, 480, "", "one too", false),
		said(0, 960, "one", " two thr", false),
		said(0, 1440, " two", " three.", false),
		said(0, 1440, " three|.", "", false), // the tail before was never seen
		said(0, 1440, "", "", true),
		said(1, 2000, "", "and", false),
		said(1, 2480, "", "", false), // withdrawn
		said(2, 3000, "four|,", "", true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.committed.Text(); got != "one two three. four," {
		t.Errorf("committed %q", got)
	}
	if got := h.shown.Text(); got != h.committed.Text() {
		t.Errorf("shown in the end %q", got)
	}
	if n := takenBack(h.committed); n != 0 {
		t.Errorf("%d characters of committed text were taken back", n)
	}
	erased := 0
	for _, s := range h.shown.Steps() {
		erased += len(s.Erased)
	}
	if erased != 3 { // too, thr, and
		t.Errorf("%d units were redrawn, want 3: %+v", erased, h.shown.Steps())
	}
	words := h.committed.Words()
	if w := words[2]; w.Text != "three." || w.DelayMs != 1440 || w.ElapsedMs != 1450 {
		t.Errorf("third word %+v", w)
	}
}

// The judge of "never taken back" must see it when text is taken back.
func TestTakenBackIsSeen(t *testing.T) {
	log := &score.Log{Recording: "r.wav"}
	for _, units := range [][]string{{"windy"}, {"windy,", "we"}, {"window,", "we"}} {
		if err := log.Show(0, 0, 0, 0, units); err != nil {
			t.Fatal(err)
		}
	}
	if n := takenBack(log); n != len("y, we") {
		t.Errorf("%d characters, want 5", n)
	}
}

func TestBrokenPromisesAreErrors(t *testing.T) {
	for name, all := range map[string][]emission{
		"words after the end":      {said(0, 40, "one", "", true), said(0, 80, " two", "", false)},
		"a segment before":         {said(1, 40, "one", "", true), said(0, 80, "two", "", false)},
		"a segment without an end": {said(0, 40, "one", "", false), said(1, 80, "two", "", false)},
		"an end with a tail":       {said(0, 40, "one", " two", true)},
		"sound that goes back":     {said(0, 80, "one", "", false), said(0, 40, " two", "", false)},
	} {
		if _, err := historyOf("en", "r.wav", all); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestClockIsReckoned(t *testing.T) {
	var p playing
	for _, c := range []struct{ heardMs, workedMs, wantMs float64 }{
		{480, 30, 510},
		{960, 50, 980},
		{1440, 650, 2040}, // a slow step
		{1920, 700, 2090}, // waits for it
		{2400, 700, 2400}, // has caught up
		{2400, 720, 2420},
	} {
		p.add(sotto.Caption{Heard: audio.Position(c.heardMs * audio.RateHz / 1000), Worked: time.Duration(c.workedMs * 1e6)}, false, time.Now())
		if got := p.emissions[len(p.emissions)-1].elapsedMs; math.Abs(got-c.wantMs) > 1e-6 {
			t.Errorf("heard %v, worked %v: %v, want %v", c.heardMs, c.workedMs, got, c.wantMs)
		}
	}
	if p.worked != 720*time.Millisecond {
		t.Errorf("worked %v", p.worked)
	}
}

func TestCostIsSpreadOverTheSound(t *testing.T) {
	var p playing
	for _, c := range []struct{ heardS, workedS float64 }{{4, 1}, {4, 2}, {12, 4}, {35, 4}} {
		p.add(sotto.Caption{Heard: audio.Position(c.heardS * audio.RateHz), Worked: time.Duration(c.workedS * 1e9)}, false, time.Now())
	}
	want := []float64{0.35, 0.05, 0}
	got := p.stretches()
	if len(got) != len(want) {
		t.Fatalf("stretches %v, want %v", got, want)
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-9 {
			t.Errorf("stretches %v, want %v", got, want)
		}
	}
	r := &Recording{Kind: "speech", DurationMs: 40000, References: map[string]string{"en": "x"}}
	if c := costOf([]*played{{recording: r, playing: &p}}); c.RealTimeFactor != 0.1 || c.P50 != 0.05 || c.Most != 0.35 {
		t.Errorf("%+v", c)
	}
}

func TestDoubledWords(t *testing.T) {
	for _, c := range []struct {
		words, reference string
		want             int
	}{
		{"the house is big", "the house is big", 0},
		{"the the house", "the house", 1},
		{"No, no, no.", "No, no, no.", 0},
		{"no no no no", "No, no, no.", 1},
		{"we like it we like it", "we like it", 1},
		{"He said it. He said it.", "He said it. He said it.", 0},
	} {
		if got := doubled(strings.Fields(c.words), strings.Fields(c.reference)); got != c.want {
			t.Errorf("%q against %q: %d, want %d", c.words, c.reference, got, c.want)
		}
	}
}

func TestSentencesAreCutWithoutTheirNeighbours(t *testing.T) {
	r := &Recording{DurationMs: 10000, Sentences: []Sentence{{StartMs: 100, EndMs: 2000}, {StartMs: 2050, EndMs: 4000}, {StartMs: 6000, EndMs: 9900}}}
	want := [][2]int64{{0, 2050}, {2000, 4400}, {5700, 10000}}
	for i, w := range want {
		if from, to := r.cut(i); from != w[0] || to != w[1] {
			t.Errorf("sentence %d is cut from %d to %d, want %v", i, from, to, w)
		}
	}
}
