package kernel

import (
	"encoding/binary"
	"math"
	"sync"

	"sotto/models/tensor"
)

// panelRows is how many outputs one panel gives.
const panelRows = tensor.PanelRows

// Weights is a matrix [rows, cols] ready to multiply. It is never written after
// Prepare, so any number of goroutines may use it.
type Weights struct {
	stored   tensor.Matrix
	expanded []float32 // [rows, cols] of the reference; nil when rows are read as they are needed
	scratch  sync.Pool // *[]float32, [4, cols], of the reference
}

// expandLimit is the most elements of a matrix that the reference keeps as
// float32 (16 MB); a larger one it decodes four rows at a time.
const expandLimit = 4 << 20

// Prepare readies m, by the fast kernels when it is packed and for the
// reference when it is not.
func Prepare(m tensor.Matrix) *Weights {
	w := &Weights{stored: m}
	if m.Packed {
		return w
	}
	w.scratch.New = func() any { s := make([]float32, 4*m.Cols); return &s }
	if m.Elements() <= expandLimit {
		w.expanded = make([]float32, m.Elements())
		for r := range m.Rows {
			m.Row(w.expanded[r*m.Cols:(r+1)*m.Cols], r)
		}
	}
	return w
}

// FromFloats readies a matrix [rows, cols] that is in float32 already, for the
// reference. The values are used in place.
func FromFloats(values []float32, rows, cols int) *Weights {
	check(len(values) == rows*cols, "FromFloats of %d values, want [%d, %d]", len(values), rows, cols)
	return &Weights{stored: tensor.Matrix{Rows: rows, Cols: cols, DType: tensor.F32}, expanded: values}
}

// PackFloats readies such a matrix for the fast kernels.
func PackFloats(values []float32, rows, cols int) *Weights {
	check(len(values) == rows*cols, "PackFloats of %d values, want [%d, %d]", len(values), rows, cols)
	m := tensor.Matrix{Rows: rows, Cols: cols, DType: tensor.F32}
	for _, v := range values {
		m.Data = binary.LittleEndian.AppendUint32(m.Data, math.Float32bits(v))
	}
	packed, err := tensor.Pack(m, tensor.F32)
	check(err == nil, "floats that cannot be packed")
	return &Weights{stored: packed}
}

// Rows returns the number of outputs.
func (w *Weights) Rows() int { return w.stored.Rows }

// Cols returns the number of inputs.
func (w *Weights) Cols() int { return w.stored.Cols }

// Packed reports whether the fast kernels multiply it.
func (w *Weights) Packed() bool { return w.stored.Packed }

// integer reports whether inputs are quantised before they are multiplied.
func (w *Weights) integer() bool {
	return w.stored.Packed && (w.stored.DType == tensor.Q4_0 || w.stored.DType == tensor.Q8_0)
}

func (w *Weights) panels() int { return w.stored.Panels() }

// panel returns the bytes from panel i on.
func (w *Weights) panel(i int) []byte { return w.stored.Data[i*w.stored.PanelBytes():] }

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
