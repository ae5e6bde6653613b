package kernel

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/models/tensor"
)

// eachLevel runs f with every form that this processor has.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	for _, name := range Levels() {
		t.Run(name, func(t *testing.T) {
			back, err := Force(name)
			if err != nil {
				t.Fatal(err)
			}
			defer back()
			f(t)
		})
	}
}

// packedMatrix draws a matrix and packs it.
func packedMatrix(t testing.TB, rng *rand.Rand, rows, cols int, d tensor.DType) tensor.Matrix {
	t.Helper()
	m, _ := randomMatrix(rng, rows, cols)
	if d == tensor.BF16 { // nothing is rounded to that: it is stored so
		data := make([]byte, 0, 2*rows*cols)
		for i := 2; i < len(m.Data); i += 4 {
			data = append(data, m.Data[i], m.Data[i+1])
		}
		m.DType, m.Data = d, data
	}
	packed, err := tensor.Pack(m, d)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// The bounds: float products differ from exact ones by rounding, integer ones
// by what an input loses when 32 values share a scale of 127 steps, half a per
// cent on average and more where one output has few terms.
func boundOf(d tensor.DType) float64 {
	if d == tensor.Q4_0 || d == tensor.Q8_0 {
		return 0.03
	}
	return 2e-6
}

func TestEveryFormMultipliesEveryTypeAndShape(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, d := range tensor.PanelTypes {
			for _, rows := range []int{1, 15, 16, 17, 33, 64} {
				for _, cols := range []int{32, 96, 160} {
					for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 25, 37} {
						m := packedMatrix(t, rng, rows, cols, d)
						x, got := randomSlice(rng, n*cols), make([]float32, n*rows)
						NewTeam(2).MatMul(x, n, Product{got, Prepare(m)})
						checkProduct(t, m, x, n, got)
					}
				}
			}
		}
	})
}

// checkProduct compares with double precision, by the length of each input's
// outputs.
func checkProduct(t *testing.T, m tensor.Matrix, x []float32, n int, got []float32) {
	t.Helper()
	values := make([]float32, m.Cols)
	difference, size := make([]float64, n), make([]float64, n)
	for r := range m.Rows {
		m.Row(values, r)
		for k := range n {
			want, magnitude := 0.0, 0.0
			for c, v := range values {
				p := float64(v) * float64(x[k*m.Cols+c])
				want += p
				magnitude += p * p
			}
			d := float64(got[k*m.Rows+r]) - want
			difference[k] += d * d
			size[k] += magnitude
		}
	}
	for k := range n {
		if off := math.Sqrt(difference[k] / size[k]); !(off <= boundOf(m.DType)) {
			t.Fatalf("%s [%d, %d], input %d of %d is off by %.2g", m.DType, m.Rows, m.Cols, k, n, off)
		}
	}
}

// The forms of the integer products agree with the portable one to the bit but
// for a tie that its two roundings can break; those of the others too.
func TestEveryFormEqualsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, d := range tensor.PanelTypes {
		for _, scale := range []float32{1, 1e-30, 1e30, 0} {
			const rows, cols, n = 40, 320, 14
			w := Prepare(packedMatrix(t, rng, rows, cols, d))
			x := randomSlice(rng, n*cols)
			Scale(x, scale)
			var want []float32
			for _, name := range slices.Backward(Levels()) {
				back, err := Force(name)
				if err != nil {
					t.Fatal(err)
				}
				got := make([]float32, n*rows)
				NewTeam(1).MatMul(x, n, Product{got, w})
				back()
				if want == nil {
					want = got
				}
				for i := range got {
					if d := math.Abs(float64(got[i] - want[i])); d > 1e-6*math.Abs(float64(want[i])) && d > 1e-6*float64(scale) {
						t.Fatalf("%s, %s, scale %g: output %d is %v, portable %v", name, w.stored.DType, scale, i, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestAnInputsProductDoesNotDependOnItsCompany(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(15, 16))
		for _, d := range tensor.PanelTypes {
			const rows, cols, n = 50, 256, 29
			w := Prepare(packedMatrix(t, rng, rows, cols, d))
			x, all, one := randomSlice(rng, n*cols), make([]float32, n*rows), make([]float32, rows)
			NewTeam(3).MatMul(x, n, Product{all, w})
			for k := range n {
				NewTeam(1).MatMul(x[k*cols:(k+1)*cols], 1, Product{one, w})
				if !slices.Equal(one, all[k*rows:(k+1)*rows]) {
					t.Fatalf("%s: input %d of %d is another alone", d, k, n)
				}
			}
		}
	})
}

func TestSeveralProductsOfOneInput(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(17, 18))
		const cols, n = 128, 9
		x := randomSlice(rng, n*cols)
		var products []Product
		for _, d := range []tensor.DType{tensor.Q4_0, tensor.F16, tensor.Q8_0} {
			rows := 24 + 8*len(products)
			products = append(products, Product{make([]float32, n*rows), Prepare(packedMatrix(t, rng, rows, cols, d))})
		}
		NewTeam(2).MatMul(x, n, products...)
		for i, p := range products {
			alone := make([]float32, len(p.Dst))
			NewTeam(1).MatMul(x, n, Product{alone, p.W})
			if !slices.Equal(alone, p.Dst) {
				t.Errorf("product %d is another alone", i)
			}
		}
	})
}

func TestWhatIsNotANumberStaysSo(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(19, 20))
		for _, d := range tensor.PanelTypes {
			const rows, cols, n = 16, 64, 5
			w := Prepare(packedMatrix(t, rng, rows, cols, d))
			x, got := randomSlice(rng, n*cols), make([]float32, n*rows)
			x[3*cols+40] = float32(math.NaN())
			NewTeam(1).MatMul(x, n, Product{got, w})
			for i, v := range got {
				if bad := v != v; bad != (i/rows == 3) {
					t.Fatalf("%s: output %d of input %d is %v", d, i%rows, i/rows, v)
				}
			}
		}
	})
}

// Element-wise forms equal the portable ones, tails included.
func TestEveryFormOfTheSmallFunctions(t *testing.T) {
	functions := map[string]func(z, a, b []float32){
		"SiLU": func(z, _, _ []float32) { SiLU(z) }, "GLU": func(z, a, b []float32) { GLU(z, a, b) },
		"GELUTanhMul": func(z, a, _ []float32) { GELUTanhMul(z, a) }, "SoftCap": func(z, _, _ []float32) { SoftCap(z, 30) },
		"Softmax": func(z, _, _ []float32) { Softmax(z) }, "Clamp": func(z, _, _ []float32) { Clamp(z, -0.5, 1) },
		"RMSNorm": func(z, a, _ []float32) { RMSNorm(z, z, a, 1e-6) }, "RMSNorm without weight": func(z, _, _ []float32) { RMSNorm(z, z, nil, 1e-6) },
		"Axpy": func(z, a, _ []float32) { Axpy(z, 0.3, a) }, "Add": func(z, a, _ []float32) { Add(z, a) }, "Scale": func(z, _, _ []float32) { Scale(z, 7) },
		"Dot": func(z, a, _ []float32) { z[0] = Dot(z, a) },
		"Rotate": func(z, a, b []float32) {
			half := len(z) / 2
			Rotate(z[:2*half], a[:half], b[:half])
		},
	}
	rng := rand.New(rand.NewPCG(21, 22))
	for name, f := range functions {
		for n := 1; n <= 70; n++ {
			x, a, b := randomSlice(rng, n), randomSlice(rng, n), randomSlice(rng, n)
			if n > 5 {
				x[0], x[1], x[2], x[3] = 80, -80, 0, 1e-40
			}
			var want []float32
			for _, l := range slices.Backward(Levels()) {
				back, err := Force(l)
				if err != nil {
					t.Fatal(err)
				}
				got := slices.Clone(x)
				f(got, a, b)
				back()
				if want == nil {
					want = got
				}
				for i := range got {
					if math.Abs(float64(got[i]-want[i])) > 2e-6*(1+math.Abs(float64(want[i]))) {
						t.Fatalf("%s of %d, %s: element %d is %v, portable %v", name, n, l, i, got[i], want[i])
					}
				}
			}
		}
	}
}

func TestAttentionOfEveryFormAndPrecision(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 24))
		for _, half := range []bool{false, true} {
			for _, dim := range []int{6, 8, 24, 64} {
				for heads := 1; heads <= MaxHeads; heads++ {
					checkAttention(t, rng, half, dim, heads)
				}
			}
		}
	})
}

func checkAttention(t *testing.T, rng *rand.Rand, half bool, dim, heads int) {
	t.Helper()
	const n, between = 19, 5
	stride := dim + between
	rows := NewFloats(n*stride, half)
	rows.Put(0, randomSlice(rng, n*stride))
	q := Heads{randomSlice(rng, heads*dim), heads}
	scores := make([]float32, heads*(n+2))
	Scores(scores, n+2, q, Vectors{rows, stride}, n)
	out := Heads{make([]float32, heads*dim), heads}
	Blend(out, scores, n+2, Vectors{rows, stride}, n)
	for h := range heads {
		for j := range n {
			want := 0.0
			for d := range dim {
				want += float64(q.Values[h*dim+d]) * float64(rows.At(j*stride+d))
			}
			if math.Abs(float64(scores[h*(n+2)+j])-want) > 1e-5*float64(dim) {
				t.Fatalf("half %v, dim %d, heads %d: score %d,%d is %v, want %v", half, dim, heads, h, j, scores[h*(n+2)+j], want)
			}
		}
		for d := range dim {
			want := 0.0
			for j := range n {
				want += float64(scores[h*(n+2)+j]) * float64(rows.At(j*stride+d))
			}
			if math.Abs(float64(out.Values[h*dim+d])-want) > 1e-3 {
				t.Fatalf("half %v, dim %d, heads %d: blend %d,%d is %v, want %v", half, dim, heads, h, d, out.Values[h*dim+d], want)
			}
		}
	}
}

func TestAFormThatIsNotThere(t *testing.T) {
	if _, err := Force("avx1024"); err == nil || !strings.Contains(err.Error(), "portable") {
		t.Errorf("error %v, want one that lists the forms", err)
	}
	t.Setenv("SOTTO_KERNEL", "avx1024")
	if err := CheckEnvironment(); err == nil || !strings.Contains(err.Error(), `"avx1024"`) {
		t.Errorf("error %v", err)
	}
}

func TestPackedMatMulAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	team := NewTeam(2)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- team.Run(ctx) }()
	for _, d := range tensor.PanelTypes {
		w := Prepare(packedMatrix(t, rng, 40, 128, d))
		x, dst := randomSlice(rng, 7*128), make([]float32, 7*40)
		team.MatMul(x, 7, Product{dst, w})
		if n := testing.AllocsPerRun(50, func() { team.MatMul(x, 7, Product{dst, w}) }); n != 0 {
			t.Errorf("%s: %v allocations", d, n)
		}
	}
	stop()
	<-done
}

func FuzzMatMul(f *testing.F) {
	f.Add(uint64(1), uint8(17), uint8(2), uint8(5), uint8(0), float32(1))
	f.Add(uint64(2), uint8(64), uint8(1), uint8(13), uint8(1), float32(1e-20))
	f.Fuzz(func(t *testing.T, seed uint64, rows, blocks, n, kind uint8, scale float32) {
		if rows == 0 || blocks == 0 || blocks > 16 || n == 0 || n > 40 || !(math.Abs(float64(scale)) < 1e20 && math.Abs(float64(scale)) > 1e-20) {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		d := tensor.PanelTypes[int(kind)%len(tensor.PanelTypes)]
		m := packedMatrix(t, rng, int(rows), 32*int(blocks), d)
		x, got := randomSlice(rng, int(n)*m.Cols), make([]float32, int(n)*m.Rows)
		Scale(x, scale)
		NewTeam(2).MatMul(x, int(n), Product{got, Prepare(m)})
		checkProduct(t, m, x, int(n), got)
	})
}

// count is a task that counts what is done of it.
type count struct {
	done []int32
	slow int // every so manieth chunk takes a while
}

func (c *count) Chunk(_, i int) {
	c.done[i]++
	if c.slow > 0 && i%c.slow == 0 {
		time.Sleep(50 * time.Microsecond)
	}
}

func TestATeamDoesEveryChunkOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 6} {
		for _, run := range []bool{false, true} {
			t.Run(fmt.Sprint(workers, run), func(t *testing.T) {
				team := NewTeam(workers)
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				if run {
					go func() { done <- team.Run(ctx) }()
				} else {
					done <- nil
				}
				for round := range 2000 {
					c := &count{done: make([]int32, round%37)}
					if round%100 == 99 {
						c.slow = 5
						time.Sleep(2 * patience) // so that the others sleep
					}
					team.Do(c, len(c.done))
					for i, n := range c.done {
						if n != 1 {
							t.Fatalf("round %d: chunk %d of %d was done %d times", round, i, len(c.done), n)
						}
					}
				}
				stop()
				<-done
			})
		}
	}
}

// A worker takes part: with chunks that wait, two are done at the same time.
func TestAWorkerHelps(t *testing.T) {
	team := NewTeam(2)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- team.Run(ctx) }()
	team.Do(&meeting{make(chan bool)}, 2) // hangs when nobody helps
	stop()
	if err := <-done; err != context.Canceled {
		t.Errorf("Run ended with %v", err)
	}
}

type meeting struct{ other chan bool }

func (m *meeting) Chunk(_, i int) {
	if i == 0 {
		m.other <- true
	} else {
		<-m.other
	}
}
