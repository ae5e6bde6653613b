package tensor

import "fmt"

// Row decodes row r into dst[:Cols].
func (m Matrix) Row(dst []float32, r int) {
	size := m.RowBytes()
	Decode(dst[:m.Cols], m.DType, m.Data[r*size:(r+1)*size])
}

// Decode decodes whole blocks of type d: len(data) bytes into the len(dst)
// elements that they hold. Sizes that do not fit each other are a bug of the
// caller, who has checked them against the file.
func Decode(dst []float32, d DType, data []byte) {
	if n := d.BlockBytes(); n == 0 || len(data)%n != 0 || len(data)/n*d.BlockLen() != len(dst) {
		panic(fmt.Sprintf("tensor: internal error: %d bytes of %s into %d elements", len(data), d, len(dst)))
	}
	switch d {
	case F32:
		decodeF32(dst, data)
	case F16:
		decodeF16(dst, data)
	case BF16:
		decodeBF16(dst, data)
	case Q8_0:
		decodeQ8_0(dst, data)
	case Q4_0:
		decodeQ4_0(dst, data)
	case Q6_K:
		decodeQ6_K(dst, data)
	}
}
