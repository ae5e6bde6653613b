package score

import (
	"errors"
	"math"
	"strings"
)

// SoftSegment cuts words along the sentences by likeness: the SoftSegmenter of
// arXiv 2509.17349, which LongYAAL is defined with. Words are matched by the
// characters they share, characters by equality, marks only with marks. A word
// that matches nothing goes with the reference word beside it that it is more
// like. It equals OmniSTEval 0.1.10 without a language's Moses tokenizer.
//
// Both sides are lowered and full-width forms folded. Other compatibility forms
// of Unicode (ligatures, half-width kana) are compared as they are.
func SoftSegment(words []Word, sentences []Sentence, u Unit) (*Alignment, error) {
	units, n := splitAll(sentences, u)
	if err := checkAlignment(words, sentences, n); err != nil {
		return nil, err
	}
	a := newAlignment(u, sentences, units)
	if len(words) == 0 {
		return a, nil
	}
	if n == 0 {
		return nil, errors.New("score: all reference sentences are empty; words cannot be aligned with them")
	}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.Text
	}
	var reference []string
	var sentenceOf []int
	for i, sentence := range units {
		for _, text := range sentence {
			reference, sentenceOf = append(reference, text), append(sentenceOf, i)
		}
	}
	s := newSoft(reference, texts, u)
	for j, at := range s.places(s.align()) {
		if at < 0 {
			a.Dropped++
			continue
		}
		i := sentenceOf[at]
		a.Segments[i].Words = append(a.Segments[i].Words, shifted(words[j:j+1], sentences[i].StartMs)...)
	}
	return a, nil
}

// soft is one alignment. Rows are reference units, columns hypothesis units.
type soft struct {
	unit                  Unit
	reference, hypothesis []int32   // numbers of texts
	mark                  []bool    // by text: it is a punctuation mark
	letters               [][]int32 // by text: numbers of its distinct characters
	seen                  []int     // by character: the last text whose letters were marked
	marked                int
	cache                 map[int32][]float64 // by text: its likeness to each text of the hypothesis
	scratch               []float64
}

func newSoft(reference, hypothesis []string, u Unit) *soft {
	s := &soft{unit: u, cache: make(map[int32][]float64)}
	ids, characters := make(vocabulary), make(vocabulary)
	number := func(texts []string) []int32 {
		folded := make([]string, len(texts))
		for i, t := range texts {
			folded[i] = fold(t)
		}
		numbers := ids.of(folded)
		for i, id := range numbers {
			if int(id) == len(s.letters) {
				s.letters = append(s.letters, distinct(characters.of(strings.Split(folded[i], ""))))
				s.mark = append(s.mark, isMark(folded[i]))
			}
		}
		return numbers
	}
	// The hypothesis goes first, so that its texts have the lowest numbers.
	s.hypothesis = number(hypothesis)
	s.scratch = make([]float64, len(ids))
	s.reference = number(reference)
	s.seen = make([]int, len(characters))
	return s
}

func distinct(ids []int32) []int32 {
	seen := make(map[int32]bool, len(ids))
	var out []int32
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// fold lowers a text and turns full-width forms into plain ones.
func fold(text string) string {
	text = strings.ReplaceAll(valid(text), "…", "...")
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 0xff01 && r <= 0xff5e {
			return r - 0xff01 + '!'
		}
		return r
	}, text))
}

func isMark(text string) bool {
	switch text {
	case ".", "!", "?", ",", ";", ":", "-", "(", ")", "。", "—", "ー":
		return true
	}
	return false
}

// likeness compares two texts: 0 to 1, or minus infinity for a mark with a word.
func (s *soft) likeness(a, b int32) float64 {
	if s.mark[a] != s.mark[b] {
		return math.Inf(-1)
	}
	if s.unit == ByCharacter {
		if a == b {
			return 1
		}
		return 0
	}
	return s.shared(a, b)
}

// shared is the Jaccard index of two texts' characters. The letters of a stay
// marked for the next call.
func (s *soft) shared(a, b int32) float64 {
	if s.marked != int(a)+1 {
		s.marked = int(a) + 1
		for _, letter := range s.letters[a] {
			s.seen[letter] = s.marked
		}
	}
	both := 0
	for _, letter := range s.letters[b] {
		if s.seen[letter] == s.marked {
			both++
		}
	}
	if both == 0 {
		return 0
	}
	return float64(both) / float64(len(s.letters[a])+len(s.letters[b])-both)
}

// The steps of a path, each from the cell it goes to.
const (
	match  = iota // both go on
	skip          // a reference unit without a word
	insert        // a word without a reference unit
)

// row computes one row of best sums from the one above. Sums are never
// negative and minus infinity never stays, so that their bits compare as the
// numbers do, which a processor does without guessing.
func (s *soft) row(unit int32, above, sums []float64) {
	likenesses := s.likenesses(unit)
	left, diagonal := int64(0), above[0]
	above, sums = above[1:][:len(s.hypothesis)], sums[1:][:len(s.hypothesis)]
	for j, id := range s.hypothesis {
		both := int64(math.Float64bits(diagonal + likenesses[id]))
		diagonal = above[j]
		left = max(both, int64(math.Float64bits(diagonal)), left)
		sums[j] = math.Float64frombits(uint64(left))
	}
}

// steps notes how each cell of a row that row has computed was reached. Of
// equals a match goes first, then a skip.
func (s *soft) steps(unit int32, above, sums []float64, steps []uint8) {
	likenesses := s.likenesses(unit)
	for j, id := range s.hypothesis {
		switch best := sums[j+1]; best {
		case above[j] + likenesses[id]:
			steps[j+1] = match
		case above[j+1]:
			steps[j+1] = skip
		default:
			steps[j+1] = insert
		}
	}
}

// maxCached bounds the likenesses that are kept: 64 MB.
const maxCached = 8 << 20

// likenesses compares a reference text with all texts of the hypothesis. The
// result holds until the next call.
func (s *soft) likenesses(unit int32) []float64 {
	if row := s.cache[unit]; row != nil {
		return row
	}
	row := s.scratch
	if (len(s.cache)+1)*len(row) <= maxCached {
		row = make([]float64, len(row))
		s.cache[unit] = row
	}
	for id := range row {
		row[id] = s.likeness(unit, int32(id))
	}
	return row
}
