// Package kernel is the arithmetic of both towers: plain functions over float32
// slices whose shapes stand beside them. Everything here is portable Go and is
// kept as the judge: a faster path comes behind the same functions and must
// equal these.
//
// Shapes are checked once, at the door of each function; a wrong one is a
// mistake in the program and panics.
package kernel

import (
	"fmt"
	"sync"

	"sotto/models/tensor"
)

// panel rows of a stored matrix are read at a time and meet every input.
const panel = 4

// Weights is a matrix [rows, cols] ready to multiply. It is never written after
// Prepare, so any number of goroutines may use it.
type Weights struct {
	stored   tensor.Matrix
	expanded []float32 // [rows, cols], nil when rows are read as they are needed
	scratch  sync.Pool // *[]float32, [panel, cols]
}

// Prepare readies m. With expand it is decoded once to float32; without, four
// rows at a time while multiplying, which keeps a large model in its own size.
func Prepare(m tensor.Matrix, expand bool) *Weights {
	w := &Weights{stored: m}
	w.scratch.New = func() any { s := make([]float32, panel*m.Cols); return &s }
	if expand {
		w.expanded = make([]float32, m.Elements())
		for r := range m.Rows {
			m.Row(w.expanded[r*m.Cols:(r+1)*m.Cols], r)
		}
	}
	return w
}

// FromFloats readies a matrix [rows, cols] that is in float32 already. The
// values are used in place.
func FromFloats(values []float32, rows, cols int) *Weights {
	check(len(values) == rows*cols, "FromFloats of %d values, want [%d, %d]", len(values), rows, cols)
	return &Weights{stored: tensor.Matrix{Rows: rows, Cols: cols, DType: tensor.F32}, expanded: values}
}

// Rows returns the number of outputs.
func (w *Weights) Rows() int { return w.stored.Rows }

// Cols returns the number of inputs.
func (w *Weights) Cols() int { return w.stored.Cols }

// rows returns rows [at, at+n) as float32, [n, cols], read into buf when they
// are not expanded.
func (w *Weights) rows(buf []float32, at, n int) []float32 {
	cols := w.stored.Cols
	if w.expanded != nil {
		return w.expanded[at*cols : (at+n)*cols]
	}
	for i := range n {
		w.stored.Row(buf[i*cols:(i+1)*cols], at+i)
	}
	return buf[:n*cols]
}

func check(ok bool, format string, sizes ...int) {
	if ok {
		return
	}
	args := make([]any, len(sizes)) // boxed only here: a good call allocates nothing
	for i, n := range sizes {
		args[i] = n
	}
	panic("kernel: internal error: " + fmt.Sprintf(format, args...))
}
