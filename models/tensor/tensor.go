// Package tensor names a shape over memory that someone else owns: a mapped
// file, an embedded string, a test's slice. It knows how each stored type is
// laid out and how to read it as float32, and does no arithmetic.
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
	Q8_0 // 32 elements: f16 scale, 32 × int8
	Q4_0 // 32 elements: f16 scale, 32 × 4 bits
	Q6_K // 256 elements: 4 low bits, 2 high bits, 16 × int8 scales, f16 super-scale
)

// BlockLen returns how many elements one block holds: 1 for plain types.
func (d DType) BlockLen() int {
	switch d {
	case Q8_0, Q4_0:
		return 32
	case Q6_K:
		return 256
	}
	return 1
}

// BlockBytes returns the size of one block in bytes.
func (d DType) BlockBytes() int {
	switch d {
	case F32:
		return 4
	case F16, BF16:
		return 2
	case Q8_0:
		return 34
	case Q4_0:
		return 18
	case Q6_K:
		return 210
	}
	return 0
}

// String returns the type's name as GGUF spells it.
func (d DType) String() string {
	switch d {
	case F32:
		return "F32"
	case F16:
		return "F16"
	case BF16:
		return "BF16"
	case Q8_0:
		return "Q8_0"
	case Q4_0:
		return "Q4_0"
	case Q6_K:
		return "Q6_K"
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
