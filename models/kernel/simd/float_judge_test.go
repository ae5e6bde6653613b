//go:build amd64

package simd

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// judgeFMA returns a·b + c rounded once. The product is exact in float64; the
// sum is rounded to odd there, so that rounding it again to float32 is right.
func judgeFMA(a, b, c float32) float32 {
	p := float64(a) * float64(b)
	s := p + float64(c)
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	part := s - p
	lost := (p - (s - part)) + (float64(c) - part)
	bits := math.Float64bits(s)
	if lost != 0 && bits&1 == 0 {
		if (lost > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
	}
	return float32(math.Float64frombits(bits))
}

// judgeWiden returns the value of a half.
func judgeWiden(h uint16) float32 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	v := math.Ldexp(1024+fraction, exponent-25)
	switch {
	case exponent == 31 && fraction > 0:
		v = math.NaN()
	case exponent == 31:
		v = math.Inf(1)
	case exponent == 0:
		v = math.Ldexp(fraction, -24)
	}
	if h>>15 != 0 {
		v = -v
	}
	return float32(v)
}

// judgeNarrow returns the half nearest to v, ties to even.
func judgeNarrow(v float32) uint16 {
	sign := uint16(math.Float32bits(v) >> 31 << 15)
	a := math.Abs(float64(v))
	switch {
	case math.IsNaN(a):
		return sign | 0x7e00
	case a >= 65520:
		return sign | 0x7c00
	case a == 0:
		return sign
	}
	_, e := math.Frexp(a)
	e = max(e-1, -14)
	units := math.RoundToEven(math.Ldexp(a, 10-e))
	return sign | uint16((e+14)<<10+int(units))
}

// sameFloats demands equal bits; any NaN equals any other.
func sameFloats(t testing.TB, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if g := got[i]; math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w) {
			t.Fatalf("value %d is %v (%#x), want %v (%#x)", i, g, math.Float32bits(g), w, math.Float32bits(w))
		}
	}
}

// hardFloats are where kernels go wrong.
var hardFloats = []float32{0, float32(math.Copysign(0, -1)), 1e-45, -1e-45, 1e-39, -3e-39, 0x1p-126, -0x1p-126, 0x1p-24, -0x1p-14,
	80, -80, 87.5, -87.5, 88.5, -88.5, 104, -104, 65504, 65519, 65520, -65536, 1e30, -1e30, math.MaxFloat32, -math.MaxFloat32,
	float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}

// someFloats returns normal values; with hard, a third of them are hard.
func someFloats(rng *rand.Rand, n int, hard bool) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
		if hard && rng.IntN(3) == 0 {
			v[i] = hardFloats[rng.IntN(len(hardFloats))]
		}
	}
	return v
}

// storedValues returns n stored values; with hard, they are any bits.
func storedValues(rng *rand.Rand, f floatFormat, n int, hard bool) []byte {
	w := make([]byte, 0, n*f.size)
	for range n {
		bits := math.Float32bits(float32(rng.NormFloat64()))
		if hard && rng.IntN(3) == 0 {
			bits = rng.Uint32()
		}
		switch f.name {
		case "F16":
			bits = uint32(judgeNarrow(math.Float32frombits(bits))) << 16
			fallthrough
		case "BF16":
			w = append(w, byte(bits>>16), byte(bits>>24))
		default:
			w = append(w, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
	}
	return w
}

// floatCanary fills the room before an operand and between its rows.
const floatCanary = 0x7fa5a5a5

// A floatRoom lends operands that end at the fence of its memory.
type floatRoom struct{ mem []byte }

func newFloatRoom(t testing.TB, size int) *floatRoom {
	r := &floatRoom{fenced(t, (size+8191)&^4095)}
	r.reset()
	return r
}

// lend returns the last n values before the fence.
func lend[T any](r *floatRoom, n int) []T {
	var one T
	return unsafe.Slice((*T)(unsafe.Pointer(&r.mem[len(r.mem)-n*int(unsafe.Sizeof(one))])), n)
}

// reset fills the room with canaries.
func (r *floatRoom) reset() {
	words := lend[uint32](r, len(r.mem)/4)
	for i := range words {
		words[i] = floatCanary
	}
}

// quiet demands canaries in the 256 bytes before the lent values.
func (r *floatRoom) quiet(t testing.TB, lent []float32) {
	t.Helper()
	words := lend[uint32](r, len(r.mem)/4)
	from := len(words) - len(lent)
	for i := max(0, from-64); i < from; i++ {
		if words[i] != floatCanary {
			t.Fatalf("the value %d before dst was written", from-i)
		}
	}
}
