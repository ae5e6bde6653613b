package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/x448/float16"
)

// elementwise are the functions that have several forms: each changes x and may
// read y and z, all of one length.
var elementwise = map[string]func(x, y, z []float32){
	"Axpy":                   func(x, y, _ []float32) { Axpy(x, -1.7, y) },
	"Add":                    func(x, y, _ []float32) { Add(x, y) },
	"Scale":                  func(x, _, _ []float32) { Scale(x, 0.37) },
	"norm scale":             func(x, y, z []float32) { use.normScale(x, y, z, 1.3) },
	"norm scale alone":       func(x, y, _ []float32) { use.normScale(x, y, nil, 1.3) },
	"norm scale in place":    func(x, y, _ []float32) { use.normScale(x, x, y, 1.3) },
	"SoftCap":                func(x, _, _ []float32) { SoftCap(x, 30) },
	"SoftCap of little":      func(x, _, _ []float32) { SoftCap(x, 0.01) },
	"SiLU":                   func(x, _, _ []float32) { SiLU(x) },
	"GLU":                    func(x, y, z []float32) { GLU(x, y, z) },
	"GLU in place":           func(x, y, _ []float32) { GLU(x, x, y) },
	"GELUTanhMul":            func(x, y, _ []float32) { GELUTanhMul(x, y) },
	"Clamp":                  func(x, _, _ []float32) { Clamp(x, -1.5, 0.5) },
	"Clamp without a bottom": func(x, _, _ []float32) { Clamp(x, float32(math.Inf(-1)), 0.5) },
	"Rotate":                 func(x, y, z []float32) { n := len(x) / 2; Rotate(x[:2*n], y[:n], z[:n]) },
}

// ordinary are normal values of several sizes, as layers see them.
func ordinary(rng *rand.Rand, n int) []float32 {
	x := randomSlice(rng, n)
	for i := range x {
		x[i] *= float32(math.Exp2(float64(rng.IntN(16) - 8)))
	}
	return x
}

// extremes are where forms go apart: the ends of exponentials, of halves and of
// float32, and what is not finite.
var extremes = []float32{0, float32(math.Copysign(0, -1)), 1e-45, -1e-40, 1e-38, 88, -88, 89, -103, 104, 65519, -65520, 1e30, -1e30,
	math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}

func TestElementwiseFunctionsEqualPortable(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for name, f := range elementwise {
			rng := rand.New(rand.NewPCG(41, 1))
			for n := range 75 {
				compareForms(t, name, f, ordinary(rng, n), ordinary(rng, n), ordinary(rng, n))
			}
		}
	})
}

// Each extreme meets each, in the middle of ordinary values.
func TestElementwiseFunctionsOfExtremesEqualPortable(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for name, f := range elementwise {
			var x, y, z []float32
			for _, a := range extremes {
				for _, b := range extremes {
					x, y, z = append(x, a), append(y, b), append(z, 0.5)
				}
			}
			compareForms(t, name, f, x, y, z)
			compareForms(t, name, f, z, y, x)
		}
	})
}

// compareForms runs f in the form in force and in portable Go.
func compareForms(t *testing.T, name string, f func(x, y, z []float32), x, y, z []float32) {
	t.Helper()
	clone := func(x []float32) []float32 { return append([]float32(nil), x...) }
	got, gy, gz := clone(x), clone(y), clone(z)
	f(got, gy, gz)
	back, err := Force("portable")
	if err != nil {
		t.Fatal(err)
	}
	want := clone(x)
	f(want, clone(y), clone(z))
	back()
	if !sameBits(gy, y) || !sameBits(gz, z) {
		t.Fatalf("%s wrote to what it reads", name)
	}
	for i, w := range want {
		if g := got[i]; !alike(g, w, x[i], y[i]) {
			t.Fatalf("%s of %d: [%d] = %v, portable %v, of %v, %v, %v", name, len(x), i, g, w, x[i], y[i], z[i])
		}
	}
}

// alike allows a few roundings of the result and of the product of what it was
// made from. Where one is not finite, so is the other, or close to the end: an
// exponential may be 0 in the one and just above it in the other, and a product
// that is rounded with its sum does not overflow alone.
func alike(a, b, x, y float32) bool {
	if a == b || b-b != 0 || a-a != 0 {
		return a == b || a-a != 0 && (a != a || b != b) || min(abs(a), abs(b)) > 1e38
	}
	return abs(a-b) <= 2e-6*abs(b)+4e-7 || abs(a-b) <= 4e-7*abs(x)*abs(y)
}

func abs(x float32) float64 { return math.Abs(float64(x)) }

func TestDotEqualsPortable(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(42, 1))
		for n := range 200 {
			a, b := ordinary(rng, n), ordinary(rng, n)
			size := 0.0
			for i := range a {
				size += math.Abs(float64(a[i]) * float64(b[i]))
			}
			if got, want := Dot(a, b), dotPortable(a, b); math.Abs(float64(got-want)) > float64(n+1)*0x1p-24*size {
				t.Fatalf("%d values: %v, want %v", n, got, want)
			}
		}
	})
}

func TestSoftmaxEqualsPortable(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(43, 1))
		for n := 1; n < 140; n++ {
			x := ordinary(rng, n)
			if n%5 == 0 {
				x[rng.IntN(n)] = float32(math.Inf(-1))
				x[rng.IntN(n)] = 1e30
			}
			want, total := append([]float32(nil), x...), 0.0
			softmaxPortable(want)
			Softmax(x)
			for i, v := range x {
				total += float64(v)
				if !alike(v, want[i], 0, 0) {
					t.Fatalf("[%d] of %d is %v, want %v", i, n, v, want[i])
				}
			}
			if math.Abs(total-1) > 1e-5 {
				t.Fatalf("%d values add up to %v", n, total)
			}
		}
	})
}

// RMSNorm keeps its meaning where squares reach the ends of float32.
func TestRMSNormOfSmallAndLarge(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(44, 1))
		for _, by := range []float32{1e-15, 1e-3, 1, 1e3, 1e15} {
			x := randomSlice(rng, 100)
			Scale(x, by)
			square := 0.0
			for _, v := range x {
				square += float64(v) * float64(v) / 100
			}
			got := make([]float32, 100)
			RMSNorm(got, x, nil, 1e-6)
			for i, v := range x {
				if want := float64(v) / math.Sqrt(square+1e-6); math.Abs(float64(got[i])-want) > 2e-6*math.Abs(want) {
					t.Fatalf("values of %g: %v, want %v", by, got[i], want)
				}
			}
		}
	})
}

// rows are n vectors of dim numbers, one every stride, in one precision, and the
// numbers that they stand for.
func rows(rng *rand.Rand, n, dim, stride int, half bool) (Vectors, [][]float64) {
	v := Vectors{NewFloats((n-1)*stride+dim, half), stride}
	values := make([][]float64, n)
	for j := range values {
		x := randomSlice(rng, dim)
		v.Put(j*stride, x)
		for d := range x {
			values[j] = append(values[j], float64(v.At(j*stride+d)))
		}
	}
	return v, values
}

// Scores and Blend in both precisions, with gaps between the vectors, widths
// that no register divides, and strides of their own.
func TestScoresAndBlend(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(45, 1))
		for _, dim := range []int{1, 2, 6, 7, 8, 9, 15, 16, 24, 31, 64, 100} {
			for _, n := range []int{1, 2, 3, 5, 8, 13, 65} {
				for heads := 1; heads <= MaxHeads; heads++ {
					for _, half := range []bool{false, true} {
						checkAttention(t, rng, dim, n, heads, dim+rng.IntN(10), half)
					}
				}
			}
		}
	})
}

func checkAttention(t *testing.T, rng *rand.Rand, dim, n, heads, stride int, half bool) {
	t.Helper()
	what := fmt.Sprintf("%d heads of %d with %d vectors every %d, half %v", heads, dim, n, stride, half)
	vectors, values := rows(rng, n, dim, stride, half)
	q, out := Heads{randomSlice(rng, heads*dim), heads}, Heads{randomSlice(rng, heads*dim), heads}
	begun := append([]float32(nil), out.Values...)
	gap := n + rng.IntN(3)
	scores := make([]float32, heads*gap)
	Scores(scores, gap, q, vectors, n)
	Blend(out, scores, gap, vectors, n)
	blend := make([]float64, heads*dim)
	for i := range blend {
		blend[i] = float64(begun[i])
	}
	for h := range heads {
		for j, v := range values {
			want := 0.0
			for d := range v {
				want += float64(q.Values[h*dim+d]) * v[d]
				blend[h*dim+d] += float64(scores[h*gap+j]) * v[d]
			}
			if got := scores[h*gap+j]; math.Abs(float64(got)-want) > 1e-6*float64(dim+4) {
				t.Fatalf("%s: score [%d, %d] is %v, want %v", what, h, j, got, want)
			}
		}
		for j := n; j < gap; j++ {
			if scores[h*gap+j] != 0 {
				t.Fatalf("%s: wrote behind the scores of head %d", what, h)
			}
		}
	}
	for i, want := range blend {
		if math.Abs(float64(out.Values[i])-want) > 1e-5*math.Sqrt(float64(n*dim))*(1+math.Abs(want)) {
			t.Fatalf("%s: blend [%d] is %v, want %v", what, i, out.Values[i], want)
		}
	}
}

// A stream's keys may lie in two runs: the split changes no bit.
func TestScoresAndBlendInTwoRuns(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(46, 1))
		for _, half := range []bool{false, true} {
			const n, dim, heads = 150, 40, 3
			v, _ := rows(rng, n, dim, dim, half)
			q, weights := Heads{randomSlice(rng, heads*dim), heads}, randomSlice(rng, heads*n)
			scores, blend := make([]float32, heads*n), Heads{make([]float32, heads*dim), heads}
			Scores(scores, n, q, v, n)
			Blend(blend, weights, n, v, n)
			for _, split := range []int{0, 1, 37, 64, 149, 150} {
				rest := Vectors{v.Slice(split*dim, n*dim), dim}
				s, b := make([]float32, heads*n), Heads{make([]float32, heads*dim), heads}
				Scores(s, n, q, v, split)
				Scores(s[split:], n, q, rest, n-split)
				Blend(b, weights, n, v, split)
				Blend(b, weights[split:], n, rest, n-split)
				if !sameBits(s, scores) || !sameBits(b.Values, blend.Values) {
					t.Errorf("half %v, split at %d: other bits than in one run", half, split)
				}
			}
		}
	})
}

func TestFloatsOfBothPrecisions(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(47, 1))
		for n := range 40 {
			x := append(randomSlice(rng, n), extremes...)
			single, half := NewFloats(len(x)+9, false), NewFloats(len(x)+9, true)
			if single.Bytes() != 4*single.Len() || half.Bytes() != 2*half.Len() || half.Len() != len(x)+9 {
				t.Fatalf("%d numbers take %d and %d bytes", len(x)+9, single.Bytes(), half.Bytes())
			}
			single.Put(5, x)
			half.Put(5, x)
			copied := NewFloats(half.Len(), true)
			copied.CopyFrom(half)
			for i, v := range x {
				h := float16.Fromfloat32(v).Float32()
				if !sameBits([]float32{single.At(5 + i), half.At(5 + i), copied.Slice(5, 6+i).At(i)}, []float32{v, h, h}) {
					t.Fatalf("%v is kept as %v and %v, want %v", v, single.At(5+i), half.At(5+i), h)
				}
			}
			for _, i := range []int{0, 4, len(x) + 5, len(x) + 8} {
				if single.At(i) != 0 || half.At(i) != 0 {
					t.Fatalf("a number beside the %d put was written", len(x))
				}
			}
		}
		NewFloats(3, true).Put(3, nil)
	})
}
