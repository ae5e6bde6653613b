//go:build amd64

package simd

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// quantizers lists the quantisers; other levels use the AVX2 one.
var quantizers = []struct {
	name string
	has  bool
	run  func(q *int8, meta *byte, x *float32, blocks, qStride, metaStride int)
}{{"AVX2", quantLevels[0].has, QuantizeAVX2}}

// checkQuantize quantises x, whole blocks of 32, into rows with room between.
func checkQuantize(t *testing.T, x []float32, g grounds, at place, qGap, metaGap int) {
	t.Helper()
	blocks, qStride, metaStride := len(x)/32, 32+qGap, 8+metaGap
	for _, z := range quantizers {
		if !z.has {
			t.Skipf("this CPU lacks %s", z.name)
		}
		src := g.w.lend(4*len(x), at.off, at.low)
		copy(src, unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)))
		q := g.q.lend((blocks-1)*qStride+32, at.off, at.low)
		meta := g.meta.lend((blocks-1)*metaStride+8, at.off, at.low)
		guard(q)
		guard(meta)
		wantQ, wantMeta := bytes.Clone(q), bytes.Clone(meta)
		for b := range blocks {
			codes, start, scale := judgeBlock(x[32*b : 32*b+32])
			for k, v := range codes {
				wantQ[b*qStride+k] = byte(v)
			}
			binary.LittleEndian.PutUint32(wantMeta[b*metaStride:], uint32(start))
			bits := math.Float32bits(scale)
			if scale != scale { // any NaN will do
				bits = binary.LittleEndian.Uint32(meta[b*metaStride+4:])
			}
			binary.LittleEndian.PutUint32(wantMeta[b*metaStride+4:], bits)
		}
		z.run(ints(q), &meta[0], floats(src), blocks, qStride, metaStride)
		for b := range blocks {
			if _, _, scale := judgeBlock(x[32*b : 32*b+32]); scale != scale {
				got := meta[b*metaStride+4:][:4]
				if v := math.Float32frombits(binary.LittleEndian.Uint32(got)); v == v {
					t.Fatalf("%s: scale %g of an endless block %d, want NaN", z.name, v, b)
				}
				copy(wantMeta[b*metaStride+4:], got)
			}
		}
		if !bytes.Equal(q, wantQ) || !bytes.Equal(meta, wantMeta) {
			t.Fatalf("%s of %g:\ngot  %v %x\nwant %v %x", z.name, x, q, meta, wantQ, wantMeta)
		}
		if !g.q.quiet(q) || !g.meta.quiet(meta) {
			t.Fatalf("%s of %d blocks wrote outside its operands", z.name, blocks)
		}
	}
}

// TestQuantize takes blocks of every size of number, with odd ones among them.
func TestQuantize(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	odd := []float32{nan, inf, -inf, -nan, math.Float32frombits(0xff800001), float32(math.Copysign(0, -1)), 1e-45, math.MaxFloat32, 0x1p-100, 0x1p-101}
	rng, g := rand.New(rand.NewPCG(11, 12)), newGrounds(t, 32<<10)
	for n := range 400 {
		x := make([]float32, 32*(1+n%5))
		size := float32(math.Ldexp(1, n-230))
		for i := range x {
			x[i] = size * float32(rng.NormFloat64())
		}
		if n%3 == 0 {
			x[rng.IntN(len(x))] = odd[n/3%len(odd)]
			x[rng.IntN(len(x))] = odd[rng.IntN(len(odd))]
		}
		checkQuantize(t, x, g, places[n%len(places)], n%3*32, n%4*8)
	}
}

// TestQuantizeEdges takes ties, the smallest block and blocks that are too small.
func TestQuantizeEdges(t *testing.T) {
	g := newGrounds(t, 32<<10)
	for _, peak := range []float32{127, -127, 0x1p-100, math.Nextafter32(0x1p-100, 0), math.Nextafter32(0x1p-100, 1), 0, 1e-45, math.MaxFloat32, -math.MaxFloat32} {
		for at := range 32 {
			x := make([]float32, 32)
			for i := range x {
				x[i] = peak / 254 * float32(2*i-31)
			}
			x[at] = peak
			checkQuantize(t, x, g, places[at%len(places)], 0, 0)
		}
	}
}

// TestQuantizeNothing asks for no block.
func TestQuantizeNothing(t *testing.T) {
	for _, z := range quantizers {
		if !z.has {
			t.Skipf("this CPU lacks %s", z.name)
		}
		q, meta, x := [32]int8{5}, [8]byte{6}, [32]float32{7}
		z.run(&q[0], &meta[0], &x[0], 0, 32, 8)
		if q[0] != 5 || meta[0] != 6 {
			t.Errorf("%s of no block wrote %v %v", z.name, q, meta)
		}
	}
}
