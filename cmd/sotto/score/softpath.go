package score

import (
	"math"
	"slices"
)

// pair is one step of an alignment: a reference unit, a word, or both; -1 is
// none.
type pair struct{ reference, word int32 }

// align returns the best path. It keeps every block-th row of sums and computes
// the rows between again on the way back.
func (s *soft) align() []pair {
	block := blockOf(len(s.reference))
	kept := s.forward(block)
	var path []pair
	i, j := int32(len(s.reference)), int32(len(s.hypothesis))
	for i > 0 {
		from := (i - 1) / int32(block) * int32(block)
		steps := s.stepsOf(kept[from/int32(block)], int(from), int(i))
		for i > from {
			step := uint8(skip)
			if j > 0 {
				step = steps[i-1-from][j]
			}
			p := pair{-1, -1}
			if step != insert {
				i--
				p.reference = i
			}
			if step != skip {
				j--
				p.word = j
			}
			path = append(path, p)
		}
	}
	for j > 0 {
		j--
		path = append(path, pair{-1, j})
	}
	slices.Reverse(path)
	return path
}

// forward computes all rows and keeps every block-th.
func (s *soft) forward(block int) [][]float64 {
	above, sums := make([]float64, len(s.hypothesis)+1), make([]float64, len(s.hypothesis)+1)
	var kept [][]float64
	for i, unit := range s.reference {
		if i%block == 0 {
			kept = append(kept, slices.Clone(above))
		}
		s.row(unit, above, sums)
		above, sums = sums, above
	}
	return kept
}

// stepsOf returns the steps of rows from+1 to to, from the sums of row from.
func (s *soft) stepsOf(above []float64, from, to int) [][]uint8 {
	sums := make([]float64, len(above))
	steps := make([][]uint8, 0, to-from)
	for _, unit := range s.reference[from:to] {
		row := make([]uint8, len(above))
		s.row(unit, above, sums)
		s.steps(unit, above, sums, row)
		above, sums = sums, above
		steps = append(steps, row)
	}
	return steps
}

// places returns the reference unit that each word goes with, -1 for none. A
// word between two units goes with the later one only if it is more like it,
// and takes the words behind it along.
func (s *soft) places(path []pair) []int32 {
	out := make([]int32, len(s.hypothesis))
	next, last := nextReferences(path), int32(-1)
	for i, p := range path {
		if p.reference >= 0 {
			last = p.reference
		} else if s.beside(p.word, next[i]) > s.beside(p.word, last) {
			last = next[i]
		}
		if p.word >= 0 {
			out[p.word] = last
		}
	}
	return out
}

// nextReferences returns, for each step, the reference unit at or behind it.
func nextReferences(path []pair) []int32 {
	next, unit := make([]int32, len(path)), int32(-1)
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].reference >= 0 {
			unit = path[i].reference
		}
		next[i] = unit
	}
	return next
}

// beside is the likeness of a word to a reference unit, of which -1 is none.
func (s *soft) beside(word, unit int32) float64 {
	if unit < 0 {
		return math.Inf(-1)
	}
	return s.likeness(s.reference[unit], s.hypothesis[word])
}
