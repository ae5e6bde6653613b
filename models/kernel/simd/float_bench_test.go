//go:build amd64

package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Benchmarks report GFLOP/s or GB/s of values. Those named Portable are plain
// Go of the form that models/kernel has, on the same shapes.

const benchK, benchN = 1024, 4096 // a feed-forward matrix of the encoder

func benchFlops(b *testing.B, flops int, f func()) {
	f()
	b.ResetTimer()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(flops)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// portableMatMul writes x [n, benchK] · w [benchN, benchK]ᵀ.
func portableMatMul(dst, x, w []float32, n int) {
	for r := range benchN {
		for t := range n {
			dst[t*benchN+r] = portableDot(w[r*benchK:(r+1)*benchK], x[t*benchK:(t+1)*benchK])
		}
	}
}

func portableDot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	return s0 + s1 + (s2 + s3)
}

func portableAxpy(dst []float32, a float32, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += a * v
	}
}

func BenchmarkFloatGemm(b *testing.B) {
	const tokens = 24
	rng := rand.New(rand.NewPCG(1, 1))
	x, dst := someFloats(rng, tokens*benchK, false), make([]float32, tokens*benchN)
	for _, l := range floatLevels {
		for _, f := range l.formats {
			if !l.has {
				continue
			}
			w := storedValues(rng, f, benchN*benchK, false)
			panel := 16 * benchK * f.size
			b.Run(f.name+l.name, func(b *testing.B) {
				benchFlops(b, 2*tokens*benchK*benchN, func() {
					for p := range benchN / 16 {
						for t := 0; t < tokens; t += l.tokens {
							f.gemm(&dst[t*benchN+p*16], benchN, &w[p*panel], &x[t*benchK], benchK, benchK, l.tokens)
						}
					}
				})
			})
		}
	}
	b.Run("Portable", func(b *testing.B) {
		w := someFloats(rng, benchN*benchK, false)
		benchFlops(b, 2*tokens*benchK*benchN, func() { portableMatMul(dst, x, w, tokens) })
	})
}

func BenchmarkFloatGemv(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, dst := someFloats(rng, benchK, false), make([]float32, benchN)
	for _, l := range floatLevels {
		for _, f := range l.formats {
			if !l.has {
				continue
			}
			w := make([][]byte, 8) // more than the caches hold
			for i := range w {
				w[i] = storedValues(rng, f, benchN*benchK, false)
			}
			b.Run(f.name+l.name, func(b *testing.B) {
				b.SetBytes(int64(len(w) * len(w[0])))
				benchFlops(b, 2*len(w)*benchK*benchN, func() {
					for _, w := range w {
						f.gemv(&dst[0], &w[0], benchN/16, &x[0], benchK)
					}
				})
			})
		}
	}
	b.Run("Portable", func(b *testing.B) {
		w := someFloats(rng, benchN*benchK, false)
		b.SetBytes(4 * benchN * benchK)
		benchFlops(b, 2*benchK*benchN, func() { portableMatMul(dst, x, w, 1) })
	})
}

func BenchmarkAttention(b *testing.B) {
	needAVX2(b)
	const heads, dim, n = 4, 256, 512
	rng := rand.New(rand.NewPCG(1, 3))
	q, rows, weights := someFloats(rng, heads*dim, false), someFloats(rng, n*dim, false), someFloats(rng, heads*n, false)
	halves, dst := someHalves(rng, n*dim, false), make([]float32, heads*n)
	const flops = 2 * heads * dim * n
	b.Run("ScoresF16", func(b *testing.B) {
		benchFlops(b, flops, func() { ScoresF16(&dst[0], n, &q[0], dim, &halves[0], dim, dim, n, heads) })
	})
	b.Run("ScoresF32", func(b *testing.B) {
		benchFlops(b, flops, func() { ScoresF32(&dst[0], n, &q[0], dim, &rows[0], dim, dim, n, heads) })
	})
	b.Run("ScoresF32Single", func(b *testing.B) {
		benchFlops(b, flops/heads, func() { ScoresF32(&dst[0], n, &q[0], dim, &rows[0], dim, dim, n, 1) })
	})
	b.Run("ScoresPortable", func(b *testing.B) {
		benchFlops(b, flops, func() {
			for i := range dst {
				h, j := i/n, i%n
				dst[i] = portableDot(q[h*dim:(h+1)*dim], rows[j*dim:(j+1)*dim])
			}
		})
	})
	b.Run("BlendF16", func(b *testing.B) {
		benchFlops(b, flops, func() { BlendF16(&dst[0], dim, &weights[0], n, &halves[0], dim, dim, n, heads) })
	})
	b.Run("BlendF32", func(b *testing.B) {
		benchFlops(b, flops, func() { BlendF32(&dst[0], dim, &weights[0], n, &rows[0], dim, dim, n, heads) })
	})
	b.Run("BlendF32Single", func(b *testing.B) {
		benchFlops(b, flops/heads, func() { BlendF32(&dst[0], dim, &weights[0], n, &rows[0], dim, dim, n, 1) })
	})
	b.Run("BlendPortable", func(b *testing.B) {
		benchFlops(b, flops, func() {
			for i, w := range weights {
				h, j := i/n, i%n
				portableAxpy(dst[h*dim:(h+1)*dim], w, rows[j*dim:(j+1)*dim])
			}
		})
	})
}

func portableSiLU(x []float32) {
	for i, v := range x {
		x[i] = v * float32(1/(1+math.Exp(-float64(v))))
	}
}

func portableSoftCap(x []float32, limit float32) {
	for i, v := range x {
		x[i] = limit * float32(math.Tanh(float64(v/limit)))
	}
}

func portableAdd(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += v
	}
}

func BenchmarkElements(b *testing.B) {
	needAVX2(b)
	const n = 2560
	rng := rand.New(rand.NewPCG(1, 4))
	x, y, h := someFloats(rng, n, false), someFloats(rng, n, false), someHalves(rng, n, false)
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"NarrowF16", func() { NarrowF16(&h[0], &x[0], n) }},
		{"WidenF16", func() { WidenF16(&x[0], &h[0], n) }},
		{"Dot", func() { Dot(&x[0], &y[0], n) }},
		{"DotPortable", func() { portableDot(x, y) }},
		{"SumSquares", func() { SumSquares(&x[0], n) }},
		{"Add", func() { Add(&x[0], &y[0], n) }},
		{"AddPortable", func() { portableAdd(x, y) }},
		{"NormScale", func() { NormScale(&x[0], &y[0], &x[0], 0.5, n) }},
		{"Rotate", func() { Rotate(&x[0], &y[0], &y[n/2], n/2) }},
		{"GLU", func() { GLU(&x[0], &x[0], &y[0], n) }},
		{"GELUTanhMul", func() { GELUTanhMul(&x[0], &y[0], n) }},
		{"Softmax", func() { Softmax(&x[0], n) }},
		{"SiLU", func() { SiLU(&x[0], n) }},
		{"SiLUPortable", func() { portableSiLU(x) }},
		{"SoftCap", func() { SoftCap(&x[0], 30, n) }},
		{"SoftCapPortable", func() { portableSoftCap(x, 30) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				copy(x, y) // in place, again and again, they would fall to subnormals
				c.run()
			}
		})
	}
}
