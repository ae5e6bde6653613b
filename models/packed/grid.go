package packed

import (
	"errors"
	"fmt"
	"slices"

	"sotto/models/tensor"
)

// errOffGrid says that a matrix was hoped to lie on the grid of Q4_0 and has a
// block that does not. Stored as Q4_0 it would lose half of its bits unnoticed.
var errOffGrid = errors.New("a block lies on no grid of Q4_0")

// packer writes panels. Its scratch is that of one panel.
type packer struct {
	tensor.Packer
	grid gridder
}

// panel writes panel i of the matrix that p plans. The error is errOffGrid or
// ErrValue and names the matrix.
func (k *packer) panel(dst []byte, p *plan, i int) error {
	from, at := *p.Matrix, i
	if p.ifOnGrid {
		var ok bool
		if from, ok = k.grid.panel(p.Matrix, i); !ok {
			return fmt.Errorf("%s: panel %d: %w", p.Name, i, errOffGrid)
		}
		at = 0
	}
	if err := k.Packer.Panel(dst, from, p.to, at); err != nil {
		return fmt.Errorf("%s: %w: %w", p.Name, ErrValue, err)
	}
	return nil
}

// matrix packs a whole matrix in memory.
func (k *packer) matrix(p *plan) (tensor.Matrix, error) {
	m := p.planned()
	m.Data = make([]byte, m.Size())
	for i, size := 0, m.PanelBytes(); i < m.Panels(); i++ {
		if err := k.panel(m.Data[i*size:(i+1)*size], p, i); err != nil {
			return tensor.Matrix{}, err
		}
	}
	return m, nil
}

// gridder finds the grid of Q4_0 under rows of plain numbers.
type gridder struct {
	values []float32
	codes  []byte
}

// row writes row r of m as Q4_0 into dst and reports whether all of it lies on a
// grid, and how many blocks do. Blocks of zeros lie on every grid and are not
// counted.
func (g *gridder) row(dst []byte, m *tensor.Matrix, r int) (blocks int, ok bool) {
	g.values = slices.Grow(g.values[:0], m.Cols)[:m.Cols]
	m.Row(g.values, r)
	blocks, err := tensor.QuantizeGrid(dst, g.values)
	return blocks, err == nil && blocks == used(g.values)
}

// panel returns the rows of panel i of m as Q4_0, or false when one of them has a
// block on no grid. The rows are valid until the next call.
func (g *gridder) panel(m *tensor.Matrix, i int) (tensor.Matrix, bool) {
	first := i * tensor.PanelRows
	q := tensor.Matrix{Rows: min(tensor.PanelRows, m.Rows-first), Cols: m.Cols, DType: tensor.Q4_0}
	g.codes = slices.Grow(g.codes[:0], q.Size())[:q.Size()]
	q.Data = g.codes
	size := q.RowBytes()
	for r := range q.Rows {
		if _, ok := g.row(q.Data[r*size:(r+1)*size], m, first+r); !ok {
			return q, false
		}
	}
	return q, true
}

// seemsOnGrid looks at rows all over a matrix of plain numbers for the grid of
// Q4_0. Zeros alone give no hope.
func seemsOnGrid(m *tensor.Matrix) bool {
	const looks = 16
	if m.DType.BlockLen() > 1 {
		return false
	}
	var g gridder
	codes := make([]byte, m.Cols/tensor.Q4_0.BlockLen()*tensor.Q4_0.BlockBytes())
	found := 0
	for i := range looks {
		blocks, ok := g.row(codes, m, i*(m.Rows-1)/(looks-1))
		if !ok {
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
