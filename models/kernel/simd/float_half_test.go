//go:build amd64

package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWidenF16OfEveryHalf(t *testing.T) {
	needAVX2(t)
	halves, want := make([]uint16, 1<<16), make([]float32, 1<<16)
	for i := range halves {
		halves[i], want[i] = uint16(i), judgeWiden(uint16(i))
	}
	got := make([]float32, 1<<16)
	WidenF16(&got[0], &halves[0], len(got))
	sameFloats(t, got, want)
	for _, h := range halves { // the rest of a row takes another path
		WidenF16(&got[h], &halves[h], 1)
	}
	sameFloats(t, got, want)
}

// Every half, every middle between two, and the floats beside these.
func TestNarrowF16AtEveryBorder(t *testing.T) {
	needAVX2(t)
	var x []float32
	for h := range uint16(0x7c00) {
		a, b := judgeWiden(h), judgeWiden(h+1)
		if h == 0x7bff {
			b = 65536
		}
		middle := (a + b) / 2
		x = append(x, a, -a, math.Nextafter32(a, b), middle, -middle, math.Nextafter32(middle, a), math.Nextafter32(middle, b))
	}
	narrowAll(t, append(x, hardFloats...))
}

// narrowAll compares NarrowF16 with the judge, eight at a time and singly.
func narrowAll(t *testing.T, x []float32) {
	t.Helper()
	got, single := make([]uint16, len(x)), make([]uint16, len(x))
	NarrowF16(&got[0], &x[0], len(x))
	for i, v := range x {
		NarrowF16(&single[i], &x[i], 1)
		want := judgeNarrow(v)
		for _, h := range []uint16{got[i], single[i]} {
			if h != want && (v == v || h&0x7c00 != 0x7c00 || h&0x3ff == 0) {
				t.Fatalf("%v (%#x) became %#x, want %#x", v, math.Float32bits(v), h, want)
			}
		}
	}
}

func TestHalvesOfAnyLength(t *testing.T) {
	needAVX2(t)
	rng := rand.New(rand.NewPCG(31, 32))
	for n := 1; n <= 70; n++ {
		wide, narrow := newFloatRoom(t, 4*n), newFloatRoom(t, 2*n)
		x, h := lend[float32](wide, n), lend[uint16](narrow, n)
		copy(x, someFloats(rng, n, false))
		NarrowF16(&h[0], &x[0], n)
		want := make([]float32, n)
		for i, v := range x {
			want[i] = judgeWiden(judgeNarrow(v))
		}
		wide.reset()
		WidenF16(&x[0], &h[0], n)
		sameFloats(t, x, want)
		wide.quiet(t, x)
		before := lend[uint16](narrow, n+16)[:16]
		for _, b := range before[2*(n%2):] { // whole words
			if b != floatCanary>>16 && b != floatCanary&0xffff {
				t.Fatalf("n=%d: a half before dst was written", n)
			}
		}
	}
}

func FuzzHalves(f *testing.F) {
	f.Add([]byte{0, 0xf0, 0x7f, 0x47, 1, 0, 0, 0x33}, uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		needAVX2(t)
		narrowAll(t, patterns[float32](data, 1+int(n)))
	})
}
