package kvcache

import "sotto/models/kernel"

// firstRows is the capacity with which a layer that keeps everything starts; it
// doubles from there.
const firstRows = 256

// Run is a stretch of consecutive positions of one layer.
type Run struct {
	Keys, Values kernel.Floats // [n, width]
}

// Runs are the stretches that a query sees, oldest first; some may be empty. A
// ring may wrap, and a fork lies apart from its trunk.
type Runs [3]Run

// store is the memory of one layer. A layer with a window is a ring: position p
// lives in row p mod rows.
type store struct {
	Layer
	half         bool
	rows         int
	keys, values kernel.Floats // [rows, width]
}

// newStore sizes a ring once. The oldest key a query at p sees is p-window+1,
// and the newest position written beside it is p+tail-1: window-1+tail rows.
func newStore(l Layer, limit, tail int, half bool) store {
	s := store{Layer: l, half: half}
	if l.Window > 0 {
		s.resize(min(l.Window-1+tail, limit))
	}
	return s
}

// grow makes room for n positions in a layer that keeps everything.
func (s *store) grow(n, limit int) {
	if s.Window > 0 || n <= s.rows {
		return
	}
	s.resize(min(max(n, 2*s.rows, firstRows), limit))
}

func (s *store) resize(rows int) {
	keys, values := kernel.NewFloats(rows*s.Width, s.half), kernel.NewFloats(rows*s.Width, s.half)
	keys.CopyFrom(s.keys)
	values.CopyFrom(s.values)
	s.rows, s.keys, s.values = rows, keys, values
}

func (s *store) put(pos int, key, value []float32) {
	at := pos % s.rows * s.Width
	s.keys.Put(at, key)
	s.values.Put(at, value)
}

// first returns the oldest position that a query at pos sees.
func (s *store) first(pos int) int {
	if s.Window == 0 {
		return 0
	}
	return max(0, pos-s.Window+1)
}

// between returns positions [first, end) as one run, or as two where the ring
// wraps.
func (s *store) between(first, end int) (older, newer Run) {
	from, to := first%s.rows, (end-1)%s.rows+1
	if from < to {
		return s.run(from, to), Run{}
	}
	return s.run(from, s.rows), s.run(0, to)
}

func (s *store) run(from, to int) Run {
	return Run{Keys: s.keys.Slice(from*s.Width, to*s.Width), Values: s.values.Slice(from*s.Width, to*s.Width)}
}

// holdsWindow reports that every key a query at pos sees before itself is still
// there after positions below high have been written.
func (s *store) holdsWindow(pos, high int) bool {
	return s.Window == 0 || s.first(pos) >= high-s.rows
}
