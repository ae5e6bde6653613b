package score

import "slices"

// MWERSegment cuts words where the edit distance to the sentences is smallest:
// the segmentation by minimum word error rate, which StreamLAAL is defined
// with. Every word goes to one sentence, in order. It equals mweralign 1.4.1 on
// white-space tokens, or on its tokens for Chinese and Japanese.
func MWERSegment(words []Word, sentences []Sentence, u Unit) (*Alignment, error) {
	units, n := splitAll(sentences, u)
	if err := checkAlignment(words, sentences, n); err != nil {
		return nil, err
	}
	a := newAlignment(u, sentences, units)
	ids := make(vocabulary)
	m := mwer{sentences: len(sentences)}
	for _, sentence := range units {
		tokens, _ := alignTokens(sentence, u)
		m.reference = append(m.reference, ids.of(tokens)...)
		m.reference = append(m.reference, sentenceEnd)
	}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = valid(w.Text)
	}
	tokens, ends := alignTokens(texts, u)
	m.hypothesis = ids.of(tokens)
	at := 0
	for i, end := range m.segment() {
		next := at
		if end > 0 {
			next = ends[end-1]
		}
		a.Segments[i].Words = shifted(words[at:next], sentences[i].StartMs)
		at = next
	}
	return a, nil
}

// alignTokens returns what the aligner compares, with the number of units up to
// the end of each token. By character, a run of Latin-1 is one token.
func alignTokens(units []string, u Unit) (tokens []string, ends []int) {
	inRun := false
	for i, unit := range units {
		latin := u == ByCharacter && isLatin1(unit)
		if latin && inRun {
			tokens[len(tokens)-1] += lowerASCII(unit)
			ends[len(ends)-1] = i + 1
		} else {
			tokens, ends = append(tokens, lowerASCII(unit)), append(ends, i+1)
		}
		inRun = latin
	}
	return tokens, ends
}

func isLatin1(text string) bool {
	for _, r := range text {
		if r > 0xff {
			return false
		}
	}
	return true
}

// sentenceEnd stands behind each sentence of the reference.
const sentenceEnd = -1

// mwer is one alignment. Rows are hypothesis tokens, columns are the reference
// with its sentence ends.
type mwer struct {
	hypothesis, reference []int32
	sentences             int
}

// A mwerRow holds a cell for each column: the least cost of a path to it, and
// the row behind which the path's current sentence began. Both lie in one
// number, with two bits between that order the ways to a cell, so that the
// smallest number is the way to take. A substitution is taken only where it is
// cheaper than both others, and of those leaving out a reference token goes
// first: that decides between cuts of equal cost.
type mwerRow []int64

const (
	oneError     = 1 << 34
	byLeavingOut = 0
	byInsertion  = 1 << 32
	byChange     = 2 << 32
	startMask    = 1<<32 - 1
)

// segment returns the number of hypothesis tokens up to each sentence's end.
func (m *mwer) segment() []int {
	rows, block := len(m.hypothesis), blockOf(len(m.hypothesis))
	kept := m.forward(block)
	ends := make([]int, m.sentences)
	first, row := rows+1, rows // rows before first are not computed again yet
	var starts [][]int32
	for s := m.sentences - 1; s >= 0; s-- {
		ends[s] = row
		if row == 0 {
			continue
		}
		if row < first {
			from := (row - 1) / block * block
			starts, first = m.startsOf(kept[from/block], from, min(rows, from+block)), from+1
		}
		row = int(starts[row-first][s])
	}
	return ends
}

// forward computes all rows and keeps every block-th.
func (m *mwer) forward(block int) []mwerRow {
	row := m.firstRow()
	var kept []mwerRow
	for j := range m.hypothesis {
		if j%block == 0 {
			kept = append(kept, slices.Clone(row))
		}
		m.step(row, j+1, nil)
	}
	return kept
}

// firstRow is the cost of saying nothing. A sentence end counts there too, and
// only there: sentences left empty at the beginning cost one more each.
func (m *mwer) firstRow() mwerRow {
	row := make(mwerRow, len(m.reference)+1)
	for i := range row {
		row[i] = int64(i) * oneError
	}
	return row
}

// startsOf computes rows from+1 to to again and returns, for each of them and
// each sentence, where a sentence that ends at that row began.
func (m *mwer) startsOf(row mwerRow, from, to int) [][]int32 {
	starts := make([][]int32, 0, to-from)
	for j := from; j < to; j++ {
		s := make([]int32, m.sentences)
		m.step(row, j+1, s)
		starts = append(starts, s)
	}
	return starts
}

// step turns row j-1 into row j in place. starts, if any, takes the beginning
// of the sentences that would end here.
func (m *mwer) step(row mwerRow, j int, starts []int32) {
	token, sentence := m.hypothesis[j-1], 0
	diagonal, left := row[0], int64(j)*oneError
	row[0] = left
	cells := row[1:][:len(m.reference)]
	for i, want := range m.reference {
		up := cells[i]
		if want == sentenceEnd {
			if starts != nil {
				starts[sentence] = int32(left & startMask)
				sentence++
			}
			left = left&^startMask | int64(j)
		} else {
			change := diagonal + byChange
			if want != token {
				change += oneError
			}
			left = min(left+oneError+byLeavingOut, up+oneError+byInsertion, change) &^ (byInsertion | byChange)
		}
		diagonal = up
		cells[i] = left
	}
}
