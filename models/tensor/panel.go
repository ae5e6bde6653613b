package tensor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// PanelRows is how many rows of a matrix lie interleaved in one panel.
const PanelRows = 16

// PanelTypes are the types that panels can hold.
//
// A panel of Q4_0 or Q8_0 is a sequence of blocks of 32 columns. A block starts
// with vectors of 64 bytes, four bytes for each of the 16 rows. In vector v of
// Q4_0, byte i of a row holds the codes of column 8v+i in its low half and of
// column 8v+4+i in its high half; in vector v of Q8_0 it holds column 4v+i. The
// block ends with the scales of the 16 rows as halves.
//
// A panel of F32, F16 or BF16 is the 16 values of each column after another.
var PanelTypes = []DType{Q4_0, Q8_0, F32, F16, BF16}

// Panels returns the number of panels that hold the rows.
func (m Matrix) Panels() int { return (m.Rows + PanelRows - 1) / PanelRows }

// PanelBytes returns the size of one panel.
func (m Matrix) PanelBytes() int { return PanelRows * m.RowBytes() }

// Size returns how many bytes the matrix takes as it lies.
func (m Matrix) Size() int {
	if m.Packed {
		return m.Panels() * m.PanelBytes()
	}
	return m.Rows * m.RowBytes()
}

// Packer writes panels. It keeps a row's scratch, so that many panels cost no
// more memory than one.
type Packer struct {
	values []float32
	row    []byte
}

// Pack returns m in panels of type to. It fails where a value has no place in
// that type.
func Pack(m Matrix, to DType) (Matrix, error) {
	packed := Matrix{Rows: m.Rows, Cols: m.Cols, DType: to, Packed: true}
	packed.Data = make([]byte, packed.Size())
	var p Packer
	size := packed.PanelBytes()
	for i := range packed.Panels() {
		if err := p.Panel(packed.Data[i*size:(i+1)*size], m, to, i); err != nil {
			return Matrix{}, err
		}
	}
	return packed, nil
}

// Panel writes panel i of m, whose rows lie one after another, in type to. Rows
// behind the last are zero.
func (p *Packer) Panel(dst []byte, m Matrix, to DType, i int) error {
	if m.Packed {
		return errors.New("tensor: the matrix is packed already")
	}
	if m.Cols%to.BlockLen() != 0 {
		return fmt.Errorf("tensor: rows of %d columns do not fill blocks of %s", m.Cols, to)
	}
	first := i * PanelRows
	if m.Rows-first < PanelRows {
		clear(dst)
	}
	for r := range min(PanelRows, m.Rows-first) {
		row, err := p.rowAs(m, first+r, to)
		if err == nil {
			err = finite(row, to)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", first+r, err)
		}
		interleave(dst, row, r, to)
	}
	return nil
}

// rowAs returns row r in type to.
func (p *Packer) rowAs(m Matrix, r int, to DType) ([]byte, error) {
	size := m.RowBytes()
	if m.DType == to {
		return m.Data[r*size : (r+1)*size], nil
	}
	p.values = append(p.values[:0], make([]float32, m.Cols)...)
	m.Row(p.values, r)
	p.row = append(p.row[:0], make([]byte, m.Cols/to.BlockLen()*to.BlockBytes())...)
	return p.row, encode(p.row, to, p.values)
}

// encode writes values in type to.
func encode(dst []byte, to DType, values []float32) error {
	switch to {
	case Q4_0:
		_, err := QuantizeGrid(dst, values)
		return err
	case Q8_0:
		return Quantize(dst, Q8_0, values)
	case F32:
		for i, v := range values {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
		}
	case F16:
		for i, v := range values {
			h := float16.Fromfloat32(v)
			if h.IsInf(0) && !math.IsInf(float64(v), 0) {
				return fmt.Errorf("column %d: %v is too large for a half", i, v)
			}
			binary.LittleEndian.PutUint16(dst[2*i:], h.Bits())
		}
	default:
		return fmt.Errorf("tensor: no rule writes %s", to)
	}
	return nil
}

// finite refuses a stored row with a value, or the scale of a block, that is not
// finite.
func finite(row []byte, d DType) error {
	at, exponent := 0, uint16(0x7c00) // of a half
	switch d {
	case F32:
		at, exponent = 2, 0x7f80
	case BF16:
		exponent = 0x7f80
	}
	for size := d.BlockBytes(); at < len(row); at += size {
		if binary.LittleEndian.Uint16(row[at:])&exponent == exponent {
			return fmt.Errorf("column %d: not a finite number", at/size*d.BlockLen())
		}
	}
	return nil
}

// interleave puts a row in its place of a panel.
func interleave(panel, row []byte, r int, d DType) {
	switch d {
	case Q4_0:
		for ; len(row) > 0; row, panel = row[18:], panel[PanelRows*18:] {
			for v := range 4 {
				codes := row[2+8*(v%2):]
				a, b := binary.LittleEndian.Uint32(codes), binary.LittleEndian.Uint32(codes[4:])
				const low = 0x0f0f0f0f
				if v < 2 {
					a, b = a&low, b&low
				} else {
					a, b = a>>4&low, b>>4&low
				}
				binary.LittleEndian.PutUint32(panel[64*v+4*r:], a|b<<4)
			}
			copy(panel[256+2*r:], row[:2])
		}
	case Q8_0:
		for ; len(row) > 0; row, panel = row[34:], panel[PanelRows*34:] {
			for v := range 8 {
				copy(panel[64*v+4*r:64*v+4*r+4], row[2+4*v:])
			}
			copy(panel[512+2*r:], row[:2])
		}
	default:
		size := d.BlockBytes()
		for c := 0; c < len(row); c += size {
			copy(panel[PanelRows*c+size*r:], row[c:c+size])
		}
	}
}

// panelRow decodes row r of a packed matrix.
func (m Matrix) panelRow(dst []float32, r int) {
	size := m.PanelBytes()
	panel := m.Data[r/PanelRows*size:][:size]
	r %= PanelRows
	block := m.DType.BlockBytes()
	var stored [34]byte
	for c := 0; c < m.Cols; c += m.DType.BlockLen() {
		gather(stored[:block], panel, r, m.DType)
		Decode(dst[c:c+m.DType.BlockLen()], m.DType, stored[:block])
		panel = panel[PanelRows*block:]
	}
}

// gather is the inverse of interleave for one block.
func gather(block, panel []byte, r int, d DType) {
	switch d {
	case Q4_0:
		copy(block[:2], panel[256+2*r:])
		clear(block[2:])
		for k := range 32 {
			code := panel[64*(k/8)+4*r+k%4] >> (k / 4 % 2 * 4) & 15
			block[2+k%16] |= code << (k / 16 * 4)
		}
	case Q8_0:
		copy(block[:2], panel[512+2*r:])
		for v := range 8 {
			copy(block[2+4*v:2+4*v+4], panel[64*v+4*r:])
		}
	default:
		copy(block, panel[len(block)*r:])
	}
}
