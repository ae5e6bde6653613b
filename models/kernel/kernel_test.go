package kernel

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"sotto/models/tensor"
)

func TestMatMulEqualsTripleLoop(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, rows := range []int{1, 2, 3, 4, 5, 7, 8, 13, 64} {
		for _, cols := range []int{1, 3, 4, 5, 31, 32, 33, 160} {
			for _, n := range []int{1, 2, 3, 4, 5, 9} {
				for _, expand := range []bool{false, true} {
					m, values := randomMatrix(rng, rows, cols)
					x := randomSlice(rng, n*cols)
					got := make([]float32, n*rows)
					MatMul(got, x, n, prepare(m, expand))
					for k := range n {
						for r := range rows {
							want, size := 0.0, 0.0
							for c := range cols {
								p := float64(values[r*cols+c]) * float64(x[k*cols+c])
								want += p
								size += math.Abs(p)
							}
							if err := math.Abs(float64(got[k*rows+r]) - want); err > 1e-6*size+1e-12 {
								t.Fatalf("[%d,%d] n=%d expand=%v: output %d,%d is off by %g", rows, cols, n, expand, k, r, err)
							}
						}
					}
				}
			}
		}
	}
}

// An input's product does not depend on which others it is multiplied with.
func TestMatMulOfManyEqualsOneByOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	m, _ := randomMatrix(rng, 24, 96)
	w := Prepare(m)
	const n = 7
	x := randomSlice(rng, n*96)
	all, one := make([]float32, n*24), make([]float32, 24)
	MatMul(all, x, n, w)
	for k := range n {
		MatMul(one, x[k*96:(k+1)*96], 1, w)
		for r := range one {
			if one[r] != all[k*24+r] {
				t.Fatalf("input %d, output %d: %v alone, %v in company", k, r, one[r], all[k*24+r])
			}
		}
	}
}

func TestMatMulAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	m, _ := randomMatrix(rng, 16, 64)
	x, dst := randomSlice(rng, 64), make([]float32, 16)
	for _, expand := range []bool{false, true} {
		w := prepare(m, expand)
		if got := testing.AllocsPerRun(100, func() { MatMul(dst, x, 1, w) }); got > 0 {
			t.Errorf("expand=%v: %v allocations", expand, got)
		}
	}
}

func TestFunctionsAgainstTheirFormulas(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	x, y, w := randomSlice(rng, 37), randomSlice(rng, 37), randomSlice(rng, 37)
	x[0], x[1] = 80, -80 // where exponentials overflow single precision
	mean, square := 0.0, 0.0
	for _, v := range x {
		mean += float64(v) / 37
		square += float64(v) * float64(v) / 37
	}
	variance, total := 0.0, 0.0
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / 37
		total += math.Exp(float64(v) - 80)
	}
	tests := []struct {
		name string
		got  func(z []float32)
		want func(i int, v float64) float64
	}{
		{"RMSNorm", func(z []float32) { RMSNorm(z, z, w, 1e-6) }, func(i int, v float64) float64 { return v / math.Sqrt(square+1e-6) * float64(w[i]) }},
		{"RMSNorm without weight", func(z []float32) { RMSNorm(z, z, nil, 1e-6) }, func(_ int, v float64) float64 { return v / math.Sqrt(square+1e-6) }},
		{"LayerNorm", func(z []float32) { LayerNorm(z, z, w, 1e-6) }, func(i int, v float64) float64 { return (v - mean) / math.Sqrt(variance+1e-6) * float64(w[i]) }},
		{"Softmax", Softmax, func(_ int, v float64) float64 { return math.Exp(v-80) / total }},
		{"SiLU", SiLU, func(_ int, v float64) float64 { return v / (1 + math.Exp(-v)) }},
		{"GLU", func(z []float32) { GLU(z, z, y) }, func(i int, v float64) float64 { return v / (1 + math.Exp(-float64(y[i]))) }},
		{"ReLU", ReLU, func(_ int, v float64) float64 { return math.Max(v, 0) }},
		{"GELUTanhMul", func(z []float32) { GELUTanhMul(z, y) }, func(i int, v float64) float64 {
			return v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v))) * float64(y[i])
		}},
		{"SoftCap", func(z []float32) { SoftCap(z, 30) }, func(_ int, v float64) float64 { return 30 * math.Tanh(v/30) }},
		{"Clamp", func(z []float32) { Clamp(z, -0.5, 0.25) }, func(_ int, v float64) float64 { return math.Min(math.Max(v, -0.5), 0.25) }},
		{"Axpy", func(z []float32) { Axpy(z, -2, y) }, func(i int, v float64) float64 { return v - 2*float64(y[i]) }},
	}
	for _, tt := range tests {
		z := append([]float32(nil), x...)
		tt.got(z)
		for i, v := range x {
			want := tt.want(i, float64(v))
			if math.Abs(float64(z[i])-want) > 2e-6*(1+math.Abs(want)) {
				t.Errorf("%s: element %d is %v, want %v", tt.name, i, z[i], want)
			}
		}
	}
}

func TestRotateTurnsPairs(t *testing.T) {
	x := []float32{1, 0, 0, 2}
	Rotate(x, []float32{0, 1}, []float32{1, 0}) // a quarter turn, then none
	for i, want := range []float32{0, 0, 1, 2} {
		if x[i] != want {
			t.Fatalf("got %v", x)
		}
	}
}

func BenchmarkMatMul(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 9))
	m, _ := randomMatrix(rng, 512, 512)
	for _, tt := range []struct {
		name   string
		n      int
		expand bool
	}{{"one", 1, true}, {"sixteen", 16, true}, {"one stored", 1, false}} {
		b.Run(tt.name, func(b *testing.B) {
			w := prepare(m, tt.expand)
			x, dst := randomSlice(rng, tt.n*512), make([]float32, tt.n*512)
			b.SetBytes(int64(4 * 512 * 512))
			for b.Loop() {
				MatMul(dst, x, tt.n, w)
			}
		})
	}
}

func randomSlice(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func randomMatrix(rng *rand.Rand, rows, cols int) (tensor.Matrix, []float32) {
	values := randomSlice(rng, rows*cols)
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return tensor.Matrix{Rows: rows, Cols: cols, DType: tensor.F32, Data: data}, values
}

func prepare(m tensor.Matrix, expand bool) *Weights {
	w := Prepare(m)
	if !expand {
		w.expanded = nil
	}
	return w
}
