package tensor

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/x448/float16"
)

// Quantize writes x as whole blocks of type d, Q4_0 or Q8_0, into dst, to the
// byte as the format's reference does. x must be finite: a block whose scale is
// not is an error that says which. Other types and sizes that do not fit each
// other are a bug of the caller.
//
// Where the reference divides by a scale so small that its inverse is not
// finite, all codes stand for 0 here; the stored half is 0 as well.
func Quantize(dst []byte, d DType, x []float32) error {
	checkSizes(dst, d, x)
	switch d {
	case Q4_0:
		return eachBlock(dst, x, 18, quantizeQ4_0)
	case Q8_0:
		return eachBlock(dst, x, 34, quantizeQ8_0)
	}
	panic(fmt.Sprintf("tensor: internal error: no quantiser to %s", d))
}

func checkSizes(dst []byte, d DType, x []float32) {
	if n := d.BlockBytes(); n == 0 || len(dst)%n != 0 || len(dst)/n*d.BlockLen() != len(x) {
		panic(fmt.Sprintf("tensor: internal error: %d elements into %d bytes of %s", len(x), len(dst), d))
	}
}

// eachBlock quantises blocks of 32 values into size bytes each.
func eachBlock(dst []byte, x []float32, size int, quantize func(dst []byte, x *[32]float32) bool) error {
	for i := range len(x) / 32 {
		if !quantize(dst[i*size:][:size], (*[32]float32)(x[i*32:])) {
			return badBlock(i)
		}
	}
	return nil
}

func badBlock(i int) error {
	return fmt.Errorf("elements %d to %d hold a value that is not a number or too large for a half scale", 32*i, 32*i+31)
}

// quantizeQ4_0 gives the value of largest magnitude, the first of equals, the
// code -8 and rounds the others halves up.
func quantizeQ4_0(dst []byte, x *[32]float32) bool {
	scale := extreme(x) / -8
	if !putHalf(dst, scale) {
		return false
	}
	inverse := invert(scale)
	for i, q := range dst[2:18] {
		q = nibble(x[i], inverse) | nibble(x[i+16], inverse)<<4
		dst[2+i] = q
	}
	return true
}

func nibble(x, inverse float32) byte { return byte(min(15, int32(float32(x*inverse)+8.5))) }

// quantizeQ8_0 gives the largest magnitude the code 127 or -127 and rounds
// the others, halves away from 0.
func quantizeQ8_0(dst []byte, x *[32]float32) bool {
	scale := float32(math.Abs(float64(extreme(x)))) / 127
	if !putHalf(dst, scale) {
		return false
	}
	inverse := invert(scale)
	for i, v := range x {
		n := v * inverse
		whole := int32(n)
		dst[2+i] = byte(whole + int32(2*(n-float32(whole))))
	}
	return true
}

// extreme returns the value of largest magnitude, the first of equals; not a
// number if any value is none.
func extreme(x *[32]float32) float32 {
	const magnitude = 1<<31 - 1
	best := math.Float32bits(x[0])
	for _, v := range x[1:] {
		if b := math.Float32bits(v); b&magnitude > best&magnitude {
			best = b
		}
	}
	return math.Float32frombits(best)
}

// invert returns 1/scale, or 0 where that is not finite.
func invert(scale float32) float32 {
	if inverse := 1 / scale; !math.IsInf(float64(inverse), 0) {
		return inverse
	}
	return 0
}

// putHalf stores a scale as a half and reports whether that is finite.
func putHalf(dst []byte, scale float32) bool {
	h := float16.Fromfloat32(scale).Bits()
	binary.LittleEndian.PutUint16(dst, h)
	return h&0x7C00 != 0x7C00
}
