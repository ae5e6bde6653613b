// Package packed lays a model's matrices out for the fast kernels, in panels of
// 16 rows: in memory for a small model, else once into a file that is mapped
// from then on. The file holds nothing but what is multiplied; embeddings and
// the per-layer table are read from the checkpoint, row by row as they are
// needed.
package packed

import (
	"errors"
	"fmt"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// plan is one matrix and the type its panels will hold.
type plan struct {
	gemma4.NamedMatrix
	to tensor.DType
	// ifOnGrid: to is Q4_0 as long as every block lies on its grid, of which some
	// rows gave hope, else Q8_0.
	ifOnGrid bool
}

// packed returns the matrix that the plan makes, without its data; where the
// plan leaves a choice, by the name of the type that was chosen.
func (p *plan) packed(chosen string) tensor.Matrix {
	to := p.to
	if p.ifOnGrid && chosen == tensor.Q8_0.String() {
		to = tensor.Q8_0
	}
	return tensor.Matrix{Rows: p.Matrix.Rows, Cols: p.Matrix.Cols, DType: to, Packed: true}
}

// fallBack gives up the hope for a grid.
func (p *plan) fallBack() { p.to, p.ifOnGrid = tensor.Q8_0, false }

// planned returns the matrix that the plan makes as it stands, without its data.
func (p *plan) planned() tensor.Matrix { return p.packed("") }

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
			p.to, p.ifOnGrid = o.textType(p.Matrix)
		}
		if p.Matrix == &m.Text.Head {
			p.to, p.ifOnGrid = Options{}.textType(p.Matrix)
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

// textType returns the type of a decoder's matrix, and whether it is a hope that
// packing has to confirm.
func (o Options) textType(m *tensor.Matrix) (to tensor.DType, ifOnGrid bool) {
	switch {
	case m.Cols%tensor.Q8_0.BlockLen() != 0:
		return tensor.F32, false
	case o.Text != 0:
		return o.Text, false
	case m.DType == tensor.Q4_0:
		return tensor.Q4_0, false
	case seemsOnGrid(m):
		return tensor.Q4_0, true
	}
	return tensor.Q8_0, false
}

// Size returns how many bytes the packed form of m takes, if every matrix that
// may lie on a grid does.
func (o Options) Size(m *gemma4.Model) int64 {
	var n int64
	for _, p := range o.plans(m) {
		packed := p.planned()
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
	all := o.plans(m)
	var k packer
	for i := range all {
		p := &all[i]
		packed, err := k.matrix(p)
		if errors.Is(err, errOffGrid) {
			p.fallBack()
			packed, err = k.matrix(p)
		}
		if err != nil {
			return fmt.Errorf("packed: %w", err)
		}
		*p.Matrix = packed
	}
	return nil
}
