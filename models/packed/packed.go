// Package packed lays a model's matrices out for the fast kernels, in panels of
// 16 rows: in memory for a small model, else once into a file that is mapped
// from then on. The file holds nothing but what is multiplied; embeddings and
// the per-layer table are read from the checkpoint, row by row as they are
// needed.
package packed

import (
	"errors"
	"fmt"
	"slices"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// plan is one matrix and the type its panels will hold.
type plan struct {
	gemma4.NamedMatrix
	to tensor.DType
}

// packed returns the matrix that the plan makes, without its data.
func (p *plan) packed() tensor.Matrix {
	return tensor.Matrix{Rows: p.Matrix.Rows, Cols: p.Matrix.Cols, DType: p.to, Packed: true}
}

// Options choose the types.
type Options struct {
	// Text is the type of the decoder's matrices, Q8_0 or Q4_0, but for the head,
	// which keeps what it has; 0: Q4_0 where that loses nothing, else Q8_0.
	Text tensor.DType
}

// smallTower is the most weights of an audio tower that is kept in float32.
const smallTower = 16 << 20

// plans chooses a type for every matrix.
//
// The decoder is multiplied in integers: Q4_0 stays as it is, and so does Q8_0;
// every other type becomes Q8_0, whose error is far below that of the types
// with fewer bits, unless it lies on the grid of Q4_0, as a checkpoint trained
// for that does. The audio tower is multiplied in float32: BF16 and F16 stay,
// all else becomes F16, or F32 when it is small.
func (o Options) plans(m *gemma4.Model) []plan {
	var all []plan
	audio := 0
	for _, n := range m.Multiplied() {
		all = append(all, plan{NamedMatrix: n})
		if n.Audio {
			audio += n.Matrix.Elements()
		}
	}
	for i := range all {
		p := &all[i]
		if p.Audio {
			p.to = audioType(p.Matrix, audio)
		} else {
			p.to = o.textType(p.Matrix)
		}
		if p.Matrix == &m.Text.Head {
			p.to = Options{}.textType(p.Matrix)
		}
	}
	return all
}

func audioType(m *tensor.Matrix, tower int) tensor.DType {
	switch {
	case m.DType == tensor.BF16 || m.DType == tensor.F16:
		return m.DType
	case tower <= smallTower:
		return tensor.F32
	}
	return tensor.F16
}

func (o Options) textType(m *tensor.Matrix) tensor.DType {
	switch {
	case m.Cols%tensor.Q8_0.BlockLen() != 0:
		return tensor.F32
	case o.Text != 0:
		return o.Text
	case m.DType == tensor.Q4_0 || onGrid(m):
		return tensor.Q4_0
	}
	return tensor.Q8_0
}

// onGrid looks at rows all over a matrix of plain numbers for the grid of Q4_0.
// Blocks of zeros say nothing.
func onGrid(m *tensor.Matrix) bool {
	const looks = 16
	if m.DType.BlockLen() > 1 {
		return false
	}
	values := make([]float32, m.Cols)
	codes := make([]byte, m.Cols/tensor.Q4_0.BlockLen()*tensor.Q4_0.BlockBytes())
	found := 0
	for i := range looks {
		m.Row(values, i*(m.Rows-1)/(looks-1))
		blocks, err := tensor.QuantizeGrid(codes, values)
		if err != nil || blocks != used(values) {
			return false
		}
		found += blocks
	}
	return found > 0
}

// used returns how many blocks of a row hold anything but zeros.
func used(row []float32) int {
	n := 0
	for block := range slices.Chunk(row, tensor.Q4_0.BlockLen()) {
		if slices.ContainsFunc(block, func(v float32) bool { return v != 0 }) {
			n++
		}
	}
	return n
}

// Size returns how many bytes the packed form of m takes.
func (o Options) Size(m *gemma4.Model) int64 {
	var n int64
	for _, p := range o.plans(m) {
		packed := p.packed()
		n += int64(packed.Size())
	}
	return n
}

// ErrValue says that a weight has no place in the type it is packed to: the
// checkpoint is damaged.
var ErrValue = errors.New("a weight cannot be packed")

// Memory packs a model in memory by the usual options.
func Memory(m *gemma4.Model) error { return Options{}.Memory(m) }

// Memory packs a model in memory. The model must not be in use yet.
func (o Options) Memory(m *gemma4.Model) error {
	for _, p := range o.plans(m) {
		packed, err := tensor.Pack(*p.Matrix, p.to)
		if err != nil {
			return fmt.Errorf("packed: %s: %w: %w", p.Name, ErrValue, err)
		}
		*p.Matrix = packed
	}
	return nil
}
