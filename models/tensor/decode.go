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
//
// Every value equals the format's definition to the bit: a product is rounded
// to float32 before anything is added to it, on processors that would fuse the
// two as well.
func Decode(dst []float32, d DType, data []byte) {
	l := d.layout()
	if l.bytes == 0 || len(data)%l.bytes != 0 || len(data)/l.bytes*l.len != len(dst) {
		panic(fmt.Sprintf("tensor: internal error: %d bytes of %s into %d elements", len(data), d, len(dst)))
	}
	l.decode(dst, data)
}
