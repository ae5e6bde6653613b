package score

import (
	"fmt"
	"strings"
)

// ErrorRate counts the substitutions, deletions and insertions that make a
// hypothesis of a reference.
type ErrorRate struct {
	Errors int
	Units  int // words or characters of the references
}

// Percent is 100 Errors / Units, which can be above 100. Against empty
// references it is 0 where nothing was said and 100 where something was.
func (e ErrorRate) Percent() float64 {
	switch {
	case e.Units > 0:
		return 100 * float64(e.Errors) / float64(e.Units)
	case e.Errors > 0:
		return 100
	}
	return 0
}

// WER is the word error rate over pairs of segments. Words are what lies
// between white space: case and punctuation count.
func WER(hypotheses, references []string) (ErrorRate, error) {
	return errorRate(hypotheses, references, fields)
}

// CER is the character error rate over pairs of segments. A run of white space
// counts as one space; at the ends it does not count.
func CER(hypotheses, references []string) (ErrorRate, error) {
	return errorRate(hypotheses, references, func(text string) []string {
		return strings.Split(strings.Join(fields(text), " "), "")
	})
}

func errorRate(hypotheses, references []string, split func(string) []string) (ErrorRate, error) {
	var rate ErrorRate
	if len(hypotheses) != len(references) {
		return rate, fmt.Errorf("score: %d hypotheses and %d references; give one reference for each hypothesis",
			len(hypotheses), len(references))
	}
	ids := make(vocabulary)
	for i := range hypotheses {
		h, r := ids.of(split(valid(hypotheses[i]))), ids.of(split(valid(references[i])))
		rate.Errors += editDistance(h, r)
		rate.Units += len(r)
	}
	return rate, nil
}

// vocabulary numbers texts from 0 in the order of their first sight.
type vocabulary map[string]int32

func (v vocabulary) of(texts []string) []int32 {
	ids := make([]int32, len(texts))
	for i, t := range texts {
		id, known := v[t]
		if !known {
			id = int32(len(v))
			v[t] = id
		}
		ids[i] = id
	}
	return ids
}

// editDistance is Levenshtein's, 64 rows at once by the bit-vector method of
// Myers (1999) with Hyyrö's carry between blocks, so that the characters of
// hours of speech take seconds.
func editDistance(a, b []int32) int {
	if len(a) == 0 {
		return len(b)
	}
	p := newPattern(a)
	column := make([]verticals, p.blocks)
	for i := range column {
		column[i].up = ^uint64(0)
	}
	distance := len(a)
	for _, symbol := range b {
		distance += advance(column, p.rowsOf(symbol), uint(len(a)-1)%64)
	}
	return distance
}

// pattern tells, a bit a row in blocks of 64, in which rows a symbol is. A
// symbol of at least a 256th of all rows keeps its bits; there are at most 256
// of them, so memory stays within 32 bytes a row. Others are set each time.
type pattern struct {
	blocks  int
	dense   map[int32][]uint64
	places  map[int32][]int
	scratch []uint64
	set     []int // rows set in scratch
}

func newPattern(symbols []int32) *pattern {
	p := &pattern{blocks: (len(symbols) + 63) / 64, dense: make(map[int32][]uint64), places: make(map[int32][]int)}
	p.scratch = make([]uint64, p.blocks)
	for i, symbol := range symbols {
		p.places[symbol] = append(p.places[symbol], i)
	}
	for symbol, places := range p.places {
		if 256*len(places) >= len(symbols) {
			p.dense[symbol] = make([]uint64, p.blocks)
			setBits(p.dense[symbol], places)
		}
	}
	return p
}

func setBits(bits []uint64, places []int) {
	for _, i := range places {
		bits[i/64] |= 1 << (i % 64)
	}
}

// rowsOf returns bits that hold until the next call.
func (p *pattern) rowsOf(symbol int32) []uint64 {
	if bits := p.dense[symbol]; bits != nil {
		return bits
	}
	for _, i := range p.set {
		p.scratch[i/64] = 0
	}
	p.set = p.places[symbol]
	setBits(p.scratch, p.set)
	return p.scratch
}

// verticals are the differences between 64 neighbours of a column: where the
// lower cell is one more, and where it is one less.
type verticals struct{ up, down uint64 }

// advance turns a column into the next, whose symbol is in rows equal, and
// returns how the last row, bit last of the last block, changed: -1, 0 or 1.
func advance(column []verticals, equal []uint64, last uint) int {
	up, down, bit := uint64(1), uint64(0), uint(63) // up, down: the difference along the row above a block
	for i := range column {
		v, same := &column[i], equal[i]
		if i == len(column)-1 {
			bit = last
		}
		vertical := same | v.down
		same |= down
		horizontal := ((same & v.up) + v.up) ^ v.up | same
		plus, minus := v.down|^(horizontal|v.up), v.up&horizontal
		nextUp, nextDown := plus>>bit&1, minus>>bit&1
		plus, minus = plus<<1|up, minus<<1|down
		v.up, v.down = minus|^(vertical|plus), plus&vertical
		up, down = nextUp, nextDown
	}
	return int(up) - int(down)
}
