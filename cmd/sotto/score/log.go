package score

import (
	"fmt"
	"slices"
	"sort"
)

// Log is what one recording's listener saw: the text on the screen, change by
// change.
type Log struct {
	Recording string // the sound file's name
	Unit      Unit
	steps     []Step
	shown     []Word
	longest   int // units there have been at most
}

// Step is one change of the text, or a step of the translator without any.
type Step struct {
	AudioMs   float64 // sound received by then
	ElapsedMs float64 // the clock at the change; sound starts at 0
	ComputeMs float64 // time that the step took to compute
	Erased    []string
	Added     []string
	Grew      bool // there is more text than there has ever been
}

// Show logs a step after which the screen holds its first keep units as they
// were and tail behind them. Units of the tail that were there already keep
// their times. A step that changes nothing is logged too: it costs time.
func (l *Log) Show(audioMs, elapsedMs, computeMs float64, keep int, tail []string) error {
	if err := l.checkStep(audioMs, elapsedMs, computeMs, keep); err != nil {
		return fmt.Errorf("score: %s, step %d: %w", l.Recording, len(l.steps), err)
	}
	for len(tail) > 0 && keep < len(l.shown) && tail[0] == l.shown[keep].Text {
		keep, tail = keep+1, tail[1:]
	}
	step := Step{AudioMs: audioMs, ElapsedMs: elapsedMs, ComputeMs: computeMs, Added: slices.Clone(tail)}
	for _, w := range l.shown[keep:] {
		step.Erased = append(step.Erased, w.Text)
	}
	l.shown = l.shown[:keep]
	for _, text := range tail {
		l.shown = append(l.shown, Word{text, audioMs, elapsedMs})
	}
	step.Grew = len(l.shown) > l.longest
	l.longest = max(l.longest, len(l.shown))
	l.steps = append(l.steps, step)
	return nil
}

func (l *Log) checkStep(audioMs, elapsedMs, computeMs float64, keep int) error {
	if keep < 0 || keep > len(l.shown) {
		return fmt.Errorf("%d units cannot stay of %d shown", keep, len(l.shown))
	}
	for _, t := range []struct {
		what string
		ms   float64
	}{{"the sound received", audioMs}, {"the clock", elapsedMs}, {"the computing time", computeMs}} {
		if err := checkMs(t.what, t.ms); err != nil {
			return err
		}
		if t.ms < 0 {
			return fmt.Errorf("%s is %v ms; it cannot be negative", t.what, t.ms)
		}
	}
	if n := len(l.steps); n > 0 && (audioMs < l.steps[n-1].AudioMs || elapsedMs < l.steps[n-1].ElapsedMs) {
		return fmt.Errorf("time goes back from %v ms of sound at %v ms to %v at %v; log steps in order",
			l.steps[n-1].AudioMs, l.steps[n-1].ElapsedMs, audioMs, elapsedMs)
	}
	return nil
}

// Steps returns all steps. They are the log's own.
func (l *Log) Steps() []Step { return l.steps }

// Words returns the final text, each unit with the time of its last change.
func (l *Log) Words() []Word { return slices.Clone(l.shown) }

// Text is the final text.
func (l *Log) Text() string { return l.Unit.Join(l.units()) }

func (l *Log) units() []string {
	units := make([]string, len(l.shown))
	for i, w := range l.shown {
		units[i] = w.Text
	}
	return units
}

// NormalizedErasure (arXiv 2004.03643) is how many units were taken back for
// each unit that stayed. 0 is a text that only grows. Where nothing stayed, it
// is the number of units taken back.
func NormalizedErasure(logs ...*Log) float64 {
	erased, final := 0, 0
	for _, l := range logs {
		for _, s := range l.steps {
			erased += len(s.Erased)
		}
		final += len(l.shown)
	}
	return float64(erased) / float64(max(1, final))
}

// RealTimeFactor is the seconds of computing for each second of sound, 0 where
// there was no sound.
func RealTimeFactor(logs ...*Log) float64 {
	computing, sound := 0.0, 0.0
	for _, l := range logs {
		for _, s := range l.steps {
			computing += s.ComputeMs
		}
		if n := len(l.steps); n > 0 {
			sound += l.steps[n-1].AudioMs
		}
	}
	if sound < shortestMs {
		return 0
	}
	return computing / sound
}

// Gap is a stretch in which somebody spoke and the text did not grow.
type Gap struct {
	StartMs, EndMs float64
	SpeechMs       float64 // how long somebody spoke in it
}

// Gaps returns the stretches between two moments of growth that hold more than
// limitMs of speech, from the beginning of the recording to the end of the last
// sentence. Pauses of the speaker do not count.
func (l *Log) Gaps(speech []Sentence, limitMs float64, c Clock) ([]Gap, error) {
	if err := checkSentences(speech); err != nil {
		return nil, err
	}
	spans := spansOf(speech)
	times := l.growth(c)
	if len(spans) > 0 {
		times = append(times, max(spans[len(spans)-1].EndMs, times[len(times)-1]))
	}
	var gaps []Gap
	for i := 1; i < len(times); i++ {
		for len(spans) > 0 && spans[0].EndMs <= times[i-1] {
			spans = spans[1:]
		}
		if ms := spoken(spans, times[i-1], times[i]); ms > limitMs {
			gaps = append(gaps, Gap{times[i-1], times[i], ms})
		}
	}
	return gaps, nil
}

// growth returns 0 and the times at which the text grew.
func (l *Log) growth(c Clock) []float64 {
	times := []float64{0}
	for _, s := range l.steps {
		if s.Grew {
			times = append(times, Word{DelayMs: s.AudioMs, ElapsedMs: s.ElapsedMs}.at(c))
		}
	}
	return times
}

// spansOf sorts sentences and joins those that overlap.
func spansOf(speech []Sentence) []Sentence {
	sorted := slices.Clone(speech)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].StartMs < sorted[j].StartMs })
	var out []Sentence
	for _, s := range sorted {
		if n := len(out); n > 0 && s.StartMs <= out[n-1].EndMs {
			out[n-1].EndMs = max(out[n-1].EndMs, s.EndMs)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// spoken is how much of from to to lies inside sorted spans.
func spoken(spans []Sentence, from, to float64) float64 {
	ms := 0.0
	for _, s := range spans {
		if s.StartMs >= to {
			break
		}
		ms += max(0, min(s.EndMs, to)-max(s.StartMs, from))
	}
	return ms
}
