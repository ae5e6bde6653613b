//go:build amd64

package simd

import (
	"math/rand/v2"
	"testing"
)

// An attentionCase holds the operands of Scores and Blend: rows [n, dim] in
// both formats, a stride apart.
type attentionCase struct {
	dim, n, heads, stride   int
	wide, narrow, left, dst *floatRoom
}

func newAttentionCase(t testing.TB, dim, n, heads, gap int) *attentionCase {
	stride := dim + gap
	return &attentionCase{dim, n, heads, stride, newFloatRoom(t, 4*n*stride), newFloatRoom(t, 2*n*stride),
		newFloatRoom(t, 4*heads*(dim+n+9)), newFloatRoom(t, 4*heads*(dim+n+9))}
}

// store lends rows [n, dim] as float32 and as halves.
func (c *attentionCase) store(halves []uint16) (wide []float32, narrow []uint16) {
	size := (c.n-1)*c.stride + c.dim
	wide, narrow = lend[float32](c.wide, size), lend[uint16](c.narrow, size)
	for i, h := range halves {
		at := i/c.dim*c.stride + i%c.dim
		narrow[at], wide[at] = h, judgeWiden(h)
	}
	return wide, narrow
}

// lendRows copies rows [heads, width] into the room, stride apart.
func lendRows(r *floatRoom, rows []float32, width, stride int) []float32 {
	n := len(rows) / width
	out := lend[float32](r, (n-1)*stride+width)
	for i := range n {
		copy(out[i*stride:], rows[i*width:(i+1)*width])
	}
	return out
}

// scores compares Scores of both formats with the judge: eight lanes, each a
// chain of fused sums in order.
func (c *attentionCase) scores(t *testing.T, q []float32, keys []uint16) {
	t.Helper()
	want := make([]float32, c.heads*c.n)
	for i := range want {
		h, j := i/c.n, i%c.n
		var l [8]float32
		for d := range c.dim {
			l[d%8] = judgeFMA(q[h*c.dim+d], judgeWiden(keys[j*c.dim+d]), l[d%8])
		}
		want[i] = ((l[0] + l[1]) + (l[2] + l[3])) + ((l[4] + l[5]) + (l[6] + l[7]))
	}
	wide, narrow := c.store(keys)
	qStride, dstStride := c.dim+5, c.n+3
	left := lendRows(c.left, q, c.dim, qStride)
	dst := lend[float32](c.dst, (c.heads-1)*dstStride+c.n)
	c.dst.reset()
	ScoresF32(&dst[0], dstStride, &left[0], qStride, &wide[0], c.stride, c.dim, c.n, c.heads)
	sameRows(t, c.dst, dst, want, c.n, dstStride)
	c.dst.reset()
	ScoresF16(&dst[0], dstStride, &left[0], qStride, &narrow[0], c.stride, c.dim, c.n, c.heads)
	sameRows(t, c.dst, dst, want, c.n, dstStride)
}

// blend compares Blend of both formats with the judge: one fused sum per
// output, in order of the values.
func (c *attentionCase) blend(t *testing.T, start, weights []float32, values []uint16) {
	t.Helper()
	want := make([]float32, c.heads*c.dim)
	for i := range want {
		h, d := i/c.dim, i%c.dim
		want[i] = start[i]
		for j := range c.n {
			want[i] = judgeFMA(weights[h*c.n+j], judgeWiden(values[j*c.dim+d]), want[i])
		}
	}
	wide, narrow := c.store(values)
	wStride, dstStride := c.n+3, c.dim+5
	left := lendRows(c.left, weights, c.n, wStride)
	c.dst.reset()
	dst := lendRows(c.dst, start, c.dim, dstStride)
	BlendF32(&dst[0], dstStride, &left[0], wStride, &wide[0], c.stride, c.dim, c.n, c.heads)
	sameRows(t, c.dst, dst, want, c.dim, dstStride)
	dst = lendRows(c.dst, start, c.dim, dstStride)
	BlendF16(&dst[0], dstStride, &left[0], wStride, &narrow[0], c.stride, c.dim, c.n, c.heads)
	sameRows(t, c.dst, dst, want, c.dim, dstStride)
}

// someHalves returns n halves; with hard, a third of them are any bits.
func someHalves(rng *rand.Rand, n int, hard bool) []uint16 {
	v := make([]uint16, n)
	for i := range v {
		v[i] = judgeNarrow(float32(rng.NormFloat64()))
		if hard && rng.IntN(3) == 0 {
			v[i] = uint16(rng.Uint32())
		}
	}
	return v
}

func TestScoresAndBlendEqualTheJudge(t *testing.T) {
	needAVX2(t)
	rng := rand.New(rand.NewPCG(21, 22))
	for heads := 1; heads <= 4; heads++ {
		for _, dim := range []int{8, 16, 24, 32, 40, 64, 72} {
			for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 11, 17} {
				c := newAttentionCase(t, dim, n, heads, 8*(n%2)+n%3)
				hard := n == 9
				c.scores(t, someFloats(rng, heads*dim, hard), someHalves(rng, n*dim, hard))
				c.blend(t, someFloats(rng, heads*dim, false), someFloats(rng, heads*n, hard), someHalves(rng, n*dim, hard))
			}
		}
	}
}

// Blend goes over many values in blocks of 64.
func TestScoresAndBlendOfManyRows(t *testing.T) {
	needAVX2(t)
	rng := rand.New(rand.NewPCG(23, 24))
	for _, n := range []int{63, 64, 65, 128, 130} {
		for heads := 1; heads <= 4; heads++ {
			c := newAttentionCase(t, 40, n, heads, 24)
			c.scores(t, someFloats(rng, heads*40, false), someHalves(rng, n*40, false))
			c.blend(t, make([]float32, heads*40), someFloats(rng, heads*n, false), someHalves(rng, n*40, false))
		}
	}
	c := newAttentionCase(t, 256, 77, 4, 256)
	c.scores(t, someFloats(rng, 4*256, false), someHalves(rng, 77*256, false))
	c.blend(t, make([]float32, 4*256), someFloats(rng, 4*77, false), someHalves(rng, 77*256, false))
}

func FuzzScoresAndBlend(f *testing.F) {
	f.Add([]byte{0, 60, 0, 124}, uint8(1), uint8(4), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, dim, n, heads uint8) {
		needAVX2(t)
		d, k, h := 8+8*(int(dim)%6), 1+int(n)%12, 1+int(heads)%4
		c := newAttentionCase(t, d, k, h, int(n)%5)
		c.scores(t, patterns[float32](data, h*d), patterns[uint16](data, k*d))
		c.blend(t, patterns[float32](data, h*d), patterns[float32](data, h*k), patterns[uint16](data, k*d))
	})
}
