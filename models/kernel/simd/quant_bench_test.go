//go:build amd64

package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// benchBlocks makes 2560 columns, the width of the larger model.
const benchBlocks = 80

// coldBytes of distinct weights do not fit any cache.
const coldBytes = 270 << 20

// coldPanels returns as many distinct panels as no cache holds.
func coldPanels(format quantFormat) (c *quantCase) {
	c = newCase(format, coldBytes/(benchBlocks*format.block), benchBlocks, 1)
	for i := 0; i < len(c.w); i += 64 { // every page and line its own
		c.w[i] = byte(i >> 6)
	}
	c.row(0, 0, 1, func(k int) int8 { return int8(k) })
	return c
}

func eachQuantBench(b *testing.B, f func(b *testing.B, l quantLevel, i int)) {
	for i, format := range quantFormats {
		for _, l := range quantLevels {
			b.Run(format.name+l.name, func(b *testing.B) {
				if !l.has {
					b.Skipf("this CPU lacks %s", l.name)
				}
				f(b, l, i)
			})
		}
	}
}

// BenchmarkQuantGemv reads cold weights: bytes per second of weights.
func BenchmarkQuantGemv(b *testing.B) {
	eachQuantBench(b, func(b *testing.B, l quantLevel, i int) {
		c := coldPanels(quantFormats[i])
		dst := make([]float32, 16*c.panels)
		b.SetBytes(int64(len(c.w)))
		for b.Loop() {
			l.gemv[i](&dst[0], &c.w[0], c.panels, ints(c.q), &c.meta[0], c.blocks)
		}
	})
}

// BenchmarkQuantGemm multiplies one panel that stays in the cache, and panels
// that are read once each.
func BenchmarkQuantGemm(b *testing.B) {
	eachQuantBench(b, func(b *testing.B, l quantLevel, i int) {
		for _, m := range []int{1, 2, 3, 4, 8, 12} {
			if m > l.tokens {
				break
			}
			act := newCase(quantFormats[i], 1, benchBlocks, m)
			act.random(rand.New(rand.NewPCG(1, 1)), plainHalves, plainScales)
			dst := make([]float32, 16*m)
			one := func(w *byte) { l.gemm[i](&dst[0], 16, w, ints(act.q), &act.meta[0], m, m, benchBlocks) }
			b.Run(fmt.Sprintf("hot/m=%d", m), func(b *testing.B) {
				for b.Loop() {
					one(&act.w[0])
				}
				report(b, m, 1)
			})
			b.Run(fmt.Sprintf("cold/m=%d", m), func(b *testing.B) {
				c := coldPanels(quantFormats[i])
				for b.Loop() {
					for p := range c.panels {
						one(&c.block(p, 0)[0])
					}
				}
				report(b, m, c.panels)
			})
		}
	})
}

// report gives the rate of 2·m·16·K operations a panel.
func report(b *testing.B, m, panels int) {
	ops := 2 * float64(m) * 16 * 32 * benchBlocks * float64(panels) * float64(b.N)
	b.ReportMetric(ops/b.Elapsed().Seconds()/1e9, "GOP/s")
}

// BenchmarkQuantize is the time of one row of activations.
func BenchmarkQuantize(b *testing.B) {
	x, q, meta := make([]float32, 32*benchBlocks), make([]int8, 32*benchBlocks), make([]byte, 8*benchBlocks)
	for i := range x {
		x[i] = float32(i % 97)
	}
	b.SetBytes(int64(4 * len(x)))
	for b.Loop() {
		QuantizeAVX2(&q[0], &meta[0], &x[0], benchBlocks, 32, 8)
	}
}
