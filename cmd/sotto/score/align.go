package score

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Alignment is a long hypothesis cut along the sentences of its reference.
type Alignment struct {
	Unit     Unit
	Segments []Segment // one for each sentence
	// Dropped counts words that belong to no sentence: SoftSegment leaves out
	// marks before the first word that anything could be matched with.
	Dropped int
}

// Texts returns the hypothesis of each sentence, for BLEU and chrF.
func (a *Alignment) Texts() []string {
	texts := make([]string, len(a.Segments))
	for i, s := range a.Segments {
		units := make([]string, len(s.Words))
		for j, w := range s.Words {
			units[j] = w.Text
		}
		texts[i] = a.Unit.Join(units)
	}
	return texts
}

// maxAligned bounds the units on each side, so that a damaged file does not
// keep a machine busy for days: the work is their product.
const maxAligned = 200_000

func checkAlignment(words []Word, sentences []Sentence, units int) error {
	if len(sentences) == 0 {
		return errors.New("score: no reference sentences to align with; give at least one")
	}
	if len(words) > maxAligned || units > maxAligned {
		return fmt.Errorf("score: %d units against %d of the reference; align at most %d at once, one recording after the other",
			len(words), units, maxAligned)
	}
	if err := checkWords(words); err != nil {
		return fmt.Errorf("score: %w", err)
	}
	return checkSentences(sentences)
}

func checkSentences(sentences []Sentence) error {
	for i, s := range sentences {
		err := errors.Join(checkMs("its start", s.StartMs), checkMs("its end", s.EndMs))
		if err == nil && s.EndMs < s.StartMs {
			err = fmt.Errorf("it ends at %v ms, before its start at %v ms", s.EndMs, s.StartMs)
		}
		if err != nil {
			return fmt.Errorf("score: sentence %d: %w", i, err)
		}
	}
	return nil
}

// newAlignment makes segments without words. The recording ends with its last
// sentence.
func newAlignment(u Unit, sentences []Sentence, units [][]string) *Alignment {
	a := &Alignment{Unit: u, Segments: make([]Segment, len(sentences))}
	end := math.Inf(-1)
	for _, s := range sentences {
		end = max(end, s.EndMs)
	}
	for i, s := range sentences {
		a.Segments[i] = Segment{Reference: units[i], SourceMs: s.EndMs - s.StartMs, LeftMs: end - s.StartMs}
	}
	return a
}

// splitAll returns the units of each sentence and how many they are together.
func splitAll(sentences []Sentence, u Unit) ([][]string, int) {
	units, n := make([][]string, len(sentences)), 0
	for i, s := range sentences {
		units[i] = u.Split(valid(s.Text))
		n += len(units[i])
	}
	return units, n
}

// lowerASCII is the case folding of the mWER segmenter, which works on bytes.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// blockOf is how many rows of an alignment lie between two kept ones: keeping
// every n-th row and computing those between again takes memory for 2√rows
// rows instead of all.
func blockOf(rows int) int { return max(1, int(math.Sqrt(float64(rows)))) }
