// Package sample chooses the next token from logits: the likeliest, or a draw
// after temperature, top-k and top-p in the order and with the ties of
// transformers' logits processors.
package sample

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Greedy returns the id of the largest logit, the lowest id among equals.
func Greedy(logits []float32) int {
	best := 0
	for id, v := range logits {
		if v > logits[best] {
			best = id
		}
	}
	return best
}

// Options say how freely a Sampler draws.
type Options struct {
	Temperature float32 // above 0; divides the logits
	TopK        int     // only the so many largest logits and their equals; 0: all
	TopP        float32 // only the likeliest ids that hold this much together; 0: all
	Seed        uint64  // equal seeds draw equal ids
}

// Sampler draws ids by their probability. It belongs to one caller at a time.
type Sampler struct {
	opt  Options
	rng  *rand.Rand
	top  []float32   // a heap of the TopK largest logits, smallest first
	kept []candidate // likeliest first
}

type candidate struct {
	id   int
	prob float64 // before filter ends: the scaled logit
}

// New returns a Sampler for logits over vocab ids.
func New(vocab int, opt Options) (*Sampler, error) {
	switch {
	case !(opt.Temperature > 0) || math.IsInf(float64(opt.Temperature), 0):
		return nil, fmt.Errorf("sample: temperature %v, want above 0", opt.Temperature)
	case opt.TopK < 0:
		return nil, fmt.Errorf("sample: top-k %d, want 0 or more", opt.TopK)
	case !(opt.TopP >= 0 && opt.TopP <= 1):
		return nil, fmt.Errorf("sample: top-p %v, want 0 to 1", opt.TopP)
	}
	return &Sampler{
		opt:  opt,
		rng:  rand.New(rand.NewPCG(opt.Seed, opt.Seed)),
		top:  make([]float32, 0, min(opt.TopK, vocab)),
		kept: make([]candidate, 0, vocab),
	}, nil
}

// Draw returns one id.
func (s *Sampler) Draw(logits []float32) int {
	kept := s.filter(logits)
	left := s.rng.Float64()
	for _, c := range kept {
		if left -= c.prob; left < 0 {
			return c.id
		}
	}
	return kept[0].id // rounding left a crumb above the sum
}

// filter returns the ids that may be drawn with their probabilities, likeliest
// first.
func (s *Sampler) filter(logits []float32) []candidate {
	s.collect(logits)
	// torch sorts upwards and keeps equals in their order: seen from above, the
	// higher id comes first.
	slices.SortFunc(s.kept, func(a, b candidate) int {
		if c := cmp.Compare(b.prob, a.prob); c != 0 {
			return c
		}
		return cmp.Compare(b.id, a.id)
	})
	softmax(s.kept)
	s.cutTail()
	return s.kept
}

// collect scales the logits and keeps those not below the TopK-th.
func (s *Sampler) collect(logits []float32) {
	floor := float32(math.Inf(-1))
	if k := min(s.opt.TopK, len(logits)); k > 0 {
		floor = s.kthLargest(logits, k)
	}
	s.kept = s.kept[:0]
	for id, v := range logits {
		if v >= floor {
			s.kept = append(s.kept, candidate{id, float64(v / s.opt.Temperature)})
		}
	}
	if len(s.kept) == 0 { // NaN from a broken model has no order to draw by
		s.kept = append(s.kept, candidate{id: Greedy(logits)})
	}
}

// kthLargest keeps the k largest logits seen so far in a heap.
func (s *Sampler) kthLargest(logits []float32, k int) float32 {
	s.top = append(s.top[:0], logits[:k]...)
	slices.Sort(s.top) // sorted upwards is a heap
	for _, v := range logits[k:] {
		if v > s.top[0] {
			s.top[0] = v
			sink(s.top)
		}
	}
	return s.top[0]
}

// sink moves the heap's first element down to its place.
func sink(heap []float32) {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child+1] < heap[child] {
			child++
		}
		if heap[i] <= heap[child] {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// softmax turns sorted scores into probabilities.
func softmax(kept []candidate) {
	sum, largest := 0.0, kept[0].prob
	for i := range kept {
		kept[i].prob = math.Exp(kept[i].prob - largest)
		sum += kept[i].prob
	}
	for i := range kept {
		kept[i].prob /= sum
	}
}

// cutTail drops the unlikeliest ids while they hold at most 1-TopP together,
// keeps at least one, and scales the others to 1.
func (s *Sampler) cutTail() {
	if s.opt.TopP == 0 || s.opt.TopP == 1 {
		return
	}
	tail, n := 0.0, len(s.kept)
	for ; n > 1; n-- {
		if tail += s.kept[n-1].prob; tail > 1-float64(s.opt.TopP) {
			break
		}
	}
	s.kept = s.kept[:n]
	sum := 0.0
	for _, c := range s.kept {
		sum += c.prob
	}
	for i := range s.kept {
		s.kept[i].prob /= sum
	}
}
