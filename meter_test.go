package sotto

import (
	"bytes"
	"testing"

	"sotto/decoder/policy"
	"sotto/models/pocket"
)

// What is told adds up to what was said.
func TestWhatIsMeasuredIsWhatHappened(t *testing.T) {
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	table, err := policy.ReadTable(bytes.NewReader(pocket.Policy))
	if err != nil {
		t.Fatal(err)
	}
	told := make([][]float64, measures)
	e := engineOf(t, m, EngineOptions{Policy: table, Seats: 1, Observe: func(m Measure, v float64) { told[m] = append(told[m], v) }})
	sound := recordings(t, "speech")[0].samples[:40*second]
	all, stats := hear(t, e, paced("es", "en"), sound)
	words, segments := 0, make(map[int]bool)
	for _, c := range all {
		words += len(c.Words)
		if c.End {
			segments[c.Segment] = true
		}
	}
	sum := func(m Measure) (total float64) {
		for _, v := range told[m] {
			total += v
		}
		return total
	}
	if int(sum(Words)) != words || int64(sum(Steps)) != stats.Steps || int64(sum(Guarded)) != stats.Guarded || int64(len(told[StepTime])) != stats.Steps {
		t.Errorf("told %v words, %v steps, %v guarded; they were %d, %d, %d", sum(Words), sum(Steps), sum(Guarded), words, stats.Steps, stats.Guarded)
	}
	if len(told[FirstWord]) != len(segments) || len(told[EndOfSpeech]) != len(segments) || len(told[RealTime]) != len(segments) {
		t.Errorf("%d first words, %d ends and %d shares of %d segments", len(told[FirstWord]), len(told[EndOfSpeech]), len(told[RealTime]), len(segments))
	}
	for i := range told[FirstWord] {
		if f, end, share := told[FirstWord][i], told[EndOfSpeech][i], told[RealTime][i]; f < 0.1 || f > 20 || end < 0.2 || end > 20 || share <= 0 {
			t.Errorf("segment %d: first word after %v s, last %v s after its end, %v of real time", i, f, end, share)
		}
	}
	if _, err := e.Open(paced("en")); err != nil {
		t.Fatal(err)
	}
	e.Open(paced("en"))
	if sum(Refused) != 1 || sum(Lost) != 0 || e.Load().Bytes != 0 {
		t.Errorf("%v refused, %v s lost, %d bytes are still kept", sum(Refused), sum(Lost), e.Load().Bytes)
	}
}

func TestErased(t *testing.T) {
	for _, tt := range []struct {
		shown, now string
		want       int
	}{
		{"", "a", 0}, {"the cat", "the cat sat", 0}, {"the cat", "the car", 1}, {"über", "", 4}, {" a b", " a", 2},
	} {
		if got := erased(tt.shown, tt.now); got != tt.want {
			t.Errorf("%q, then %q: %d characters, want %d", tt.shown, tt.now, got, tt.want)
		}
	}
}
