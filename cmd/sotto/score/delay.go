package score

import (
	"fmt"
	"math"
)

// Word is one unit of a hypothesis with the two times of its last change.
type Word struct {
	Text      string
	DelayMs   float64 // sound received by then: computation-unaware
	ElapsedMs float64 // on the clock, computing included: computation-aware
}

// Sentence is a reference with its place in the recording.
type Sentence struct {
	Text           string
	StartMs, EndMs float64
}

// Clock says which of a word's times counts.
type Clock int

const (
	Unaware Clock = iota // DelayMs
	Aware                // ElapsedMs
)

func (w Word) at(c Clock) float64 {
	if c == Aware {
		return w.ElapsedMs
	}
	return w.DelayMs
}

// Segment is a reference sentence with the words that were shown for it.
type Segment struct {
	Words     []Word   // their times count from the sentence's start and can be negative
	Reference []string // units
	SourceMs  float64  // how long the sentence lasts
	LeftMs    float64  // from the sentence's start to the end of the recording
}

// Whole makes one segment of all words of a recording, for short clips.
func Whole(words []Word, sentence Sentence, u Unit) Segment {
	return Segment{
		Words:     shifted(words, sentence.StartMs),
		Reference: u.Split(valid(sentence.Text)),
		SourceMs:  sentence.EndMs - sentence.StartMs,
		LeftMs:    sentence.EndMs - sentence.StartMs,
	}
}

func shifted(words []Word, ms float64) []Word {
	out := make([]Word, len(words))
	for i, w := range words {
		out[i] = Word{w.Text, w.DelayMs - ms, w.ElapsedMs - ms}
	}
	return out
}

// Mean is a figure averaged over segments. Value is 0 where Scored is.
type Mean struct {
	Value   float64 `json:"value"`
	Scored  int     `json:"scored"`
	Skipped int     `json:"skipped"` // segments without words, without duration, or outside the figure's domain
}

const (
	longestMs  = 1e12 // about 30 years: what is longer is a damaged log
	shortestMs = 1e-3 // a duration below this counts as none
)

func checkMs(what string, ms float64) error {
	if !(math.Abs(ms) <= longestMs) {
		return fmt.Errorf("%s is %v ms; give a time within %g ms", what, ms, longestMs)
	}
	return nil
}

func checkWords(words []Word) error {
	for i, w := range words {
		if err := checkMs(fmt.Sprintf("the delay of word %d (%.20q)", i, w.Text), w.DelayMs); err != nil {
			return err
		}
		if err := checkMs(fmt.Sprintf("the elapsed time of word %d (%.20q)", i, w.Text), w.ElapsedMs); err != nil {
			return err
		}
	}
	return nil
}

// lag is the delay figure of one segment that has words and a duration; false
// leaves the segment out.
type lag func(delays []float64, s *Segment) (float64, bool)

func average(segments []Segment, c Clock, one lag) (Mean, error) {
	var m Mean
	sum := 0.0
	for i := range segments {
		value, scored, err := segments[i].measure(c, one)
		if err != nil {
			return Mean{}, fmt.Errorf("score: segment %d: %w", i, err)
		}
		if !scored {
			m.Skipped++
			continue
		}
		m.Scored++
		sum += value
	}
	if m.Scored > 0 {
		m.Value = sum / float64(m.Scored)
	}
	return m, nil
}

func (s *Segment) measure(c Clock, one lag) (float64, bool, error) {
	if err := checkWords(s.Words); err != nil {
		return 0, false, err
	}
	if err := checkMs("the duration", s.SourceMs); err != nil {
		return 0, false, err
	}
	if err := checkMs("the time to the recording's end", s.LeftMs); err != nil {
		return 0, false, err
	}
	if len(s.Words) == 0 || s.SourceMs < shortestMs {
		return 0, false, nil
	}
	delays := make([]float64, len(s.Words))
	for i, w := range s.Words {
		delays[i] = w.at(c)
	}
	value, scored := one(delays, s)
	return value, scored, nil
}

// referenceUnits counts an empty reference as one unit, as SimulEval does.
func (s *Segment) referenceUnits() float64 { return float64(max(1, len(s.Reference))) }

// longerUnits is the larger number of units, so that saying too much is not
// rewarded.
func (s *Segment) longerUnits() float64 { return max(s.referenceUnits(), float64(len(s.Words))) }

// AL is average lagging (arXiv 1810.08398) in ms.
func AL(segments []Segment, c Clock) (Mean, error) {
	return average(segments, c, func(delays []float64, s *Segment) (float64, bool) {
		return lagging(delays, s.SourceMs/s.referenceUnits(), s.SourceMs), true
	})
}

// LAAL is length-adaptive average lagging (arXiv 2206.05807) in ms.
func LAAL(segments []Segment, c Clock) (Mean, error) { return average(segments, c, laal) }

func laal(delays []float64, s *Segment) (float64, bool) {
	return lagging(delays, s.SourceMs/s.longerUnits(), s.SourceMs), true
}

// lagging compares each delay with that of an ideal speaker who says a unit
// every stepMs, up to the first unit that came when the source had ended.
func lagging(delays []float64, stepMs, sourceMs float64) float64 {
	if delays[0] > sourceMs {
		return delays[0]
	}
	sum := 0.0
	for i, d := range delays {
		sum += d - float64(i)*stepMs
		if d >= sourceMs {
			return sum / float64(i+1)
		}
	}
	return sum / float64(len(delays))
}

// AP is average proportion (arXiv 1606.02012), without a unit.
func AP(segments []Segment, c Clock) (Mean, error) {
	return average(segments, c, func(delays []float64, s *Segment) (float64, bool) {
		sum := 0.0
		for _, d := range delays {
			sum += d
		}
		return sum / (s.SourceMs * s.referenceUnits()), true
	})
}

// DAL is differentiable average lagging (arXiv 1906.05218) in ms: a unit cannot
// come sooner after the one before than the ideal speaker's step.
func DAL(segments []Segment, c Clock) (Mean, error) {
	return average(segments, c, func(delays []float64, s *Segment) (float64, bool) {
		step := s.SourceMs / float64(len(delays))
		sum, before := 0.0, math.Inf(-1)
		for i, d := range delays {
			before = max(d, before+step)
			sum += before - float64(i)*step
		}
		return sum / float64(len(delays)), true
	})
}

// YAAL (arXiv 2509.17349) in ms is LAAL over the units that came before the
// sentence's end. A segment whose first unit came later is skipped.
func YAAL(segments []Segment, c Clock) (Mean, error) {
	return average(segments, c, func(delays []float64, s *Segment) (float64, bool) {
		return laggingBefore(delays, s.SourceMs/s.longerUnits(), s.SourceMs)
	})
}

// LongYAAL is YAAL over the segments of a long recording: units count up to the
// recording's end, so that the tail of a sentence is kept. Segments come from
// SoftSegment.
func LongYAAL(segments []Segment, c Clock) (Mean, error) {
	return average(segments, c, func(delays []float64, s *Segment) (float64, bool) {
		return laggingBefore(delays, s.SourceMs/s.longerUnits(), s.LeftMs)
	})
}

func laggingBefore(delays []float64, stepMs, limitMs float64) (float64, bool) {
	sum, n := 0.0, 0
	for ; n < len(delays) && delays[n] < limitMs; n++ {
		sum += delays[n] - float64(n)*stepMs
	}
	if n == 0 {
		return 0, false
	}
	return sum / float64(n), true
}

// StreamLAAL (StreamAtt, ACL 2024, in its second version) in ms is LAAL over
// the sentences of a long recording. Segments come from MWERSegment.
func StreamLAAL(segments []Segment, c Clock) (Mean, error) { return LAAL(segments, c) }

// FirstWord is the time in ms from a sentence's start to its first word.
func FirstWord(segments []Segment, c Clock) (Mean, error) {
	return average(segments, c, func(delays []float64, _ *Segment) (float64, bool) { return delays[0], true })
}

// EndOfSpeech is the time in ms from a sentence's end to its last word. It is
// negative where all was said before the speaker had ended.
func EndOfSpeech(segments []Segment, c Clock) (Mean, error) {
	return average(segments, c, func(delays []float64, s *Segment) (float64, bool) {
		return delays[len(delays)-1] - s.SourceMs, true
	})
}
