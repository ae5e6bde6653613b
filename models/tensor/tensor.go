// Package tensor names a shape over memory that someone else owns: a mapped
// file, an embedded string, a test's slice. It knows how each stored type is
// laid out, reads it as float32 and writes two of them; it does no other
// arithmetic.
package tensor

import "fmt"

// DType is the type in which a tensor's elements are stored.
type DType uint8

// The stored types that can be read. Block types quantise BlockLen
// consecutive elements of one row together.
const (
	F32 DType = iota + 1
	F16
	BF16
	Q8_0   // 32 elements: f16 scale, 32 × int8
	Q4_0   // 32 elements: f16 scale, 32 × 4 bits
	Q6_K   // 256 elements: 6 bits, 16 × int8 scales, f16 super-scale
	Q4_K   // 256 elements: 4 bits, 8 × 6-bit scales and minima, f16 super-scales
	Q5_K   // as Q4_K with 5 bits
	Q4_1   // 32 elements: f16 scale and minimum, 32 × 4 bits
	Q5_0   // 32 elements: f16 scale, 32 × 5 bits
	Q5_1   // 32 elements: f16 scale and minimum, 32 × 5 bits
	Q2_K   // 256 elements: 2 bits, 16 × 4-bit scales and minima, f16 super-scales
	Q3_K   // 256 elements: 3 bits, 16 × 6-bit scales, f16 super-scale
	IQ4_NL // 32 elements: f16 scale, 32 × 4 bits into a table of 16 values
	IQ4_XS // 256 elements: as IQ4_NL, 8 × 6-bit scales, f16 super-scale
)

// layout is what a stored type's block looks like.
type layout struct {
	name       string
	len, bytes int
	decode     func(dst []float32, data []byte)
}

var layouts = [...]layout{
	0:      {len: 1},
	F32:    {"F32", 1, 4, decodeF32},
	F16:    {"F16", 1, 2, decodeF16},
	BF16:   {"BF16", 1, 2, decodeBF16},
	Q8_0:   {"Q8_0", 32, 34, decodeQ8_0},
	Q4_0:   {"Q4_0", 32, 18, decodeQ4_0},
	Q6_K:   {"Q6_K", 256, 210, decodeQ6_K},
	Q4_K:   {"Q4_K", 256, 144, decodeQ4_K},
	Q5_K:   {"Q5_K", 256, 176, decodeQ5_K},
	Q4_1:   {"Q4_1", 32, 20, decodeQ4_1},
	Q5_0:   {"Q5_0", 32, 22, decodeQ5_0},
	Q5_1:   {"Q5_1", 32, 24, decodeQ5_1},
	Q2_K:   {"Q2_K", 256, 84, decodeQ2_K},
	Q3_K:   {"Q3_K", 256, 110, decodeQ3_K},
	IQ4_NL: {"IQ4_NL", 32, 18, decodeIQ4_NL},
	IQ4_XS: {"IQ4_XS", 256, 136, decodeIQ4_XS},
}

// layout returns the type's layout; that of no type has blocks of 0 bytes.
func (d DType) layout() *layout {
	if int(d) < len(layouts) {
		return &layouts[d]
	}
	return &layouts[0]
}

// Types returns all types that can be read.
func Types() []DType {
	var all []DType
	for d := range layouts[1:] {
		all = append(all, DType(d+1))
	}
	return all
}

// BlockLen returns how many elements one block holds: 1 for plain types.
func (d DType) BlockLen() int { return d.layout().len }

// BlockBytes returns the size of one block in bytes.
func (d DType) BlockBytes() int { return d.layout().bytes }

// String returns the type's name as GGUF spells it.
func (d DType) String() string {
	if l := d.layout(); l.bytes > 0 {
		return l.name
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// Matrix is a row-major [Rows, Cols] matrix in its stored type. Cols is a
// multiple of the type's BlockLen and Data holds exactly Rows rows. Data may
// alias a mapped file and is never written.
type Matrix struct {
	Rows, Cols int
	DType      DType
	Data       []byte
}

// RowBytes returns the size of one stored row.
func (m Matrix) RowBytes() int { return m.Cols / m.DType.BlockLen() * m.DType.BlockBytes() }

// Elements returns Rows × Cols.
func (m Matrix) Elements() int { return m.Rows * m.Cols }
