package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"sotto/models/tensor"
)

var le = binary.LittleEndian

// alone multiplies inputs one by one in portable Go, on one worker.
func alone(t testing.TB, s sample, x []float32) []float32 {
	t.Helper()
	back, err := Force("portable")
	if err != nil {
		t.Fatal(err)
	}
	defer back()
	team, rows, cols := NewTeam(1), s.Rows(), s.Cols()
	out := make([]float32, len(x)/cols*rows)
	for k := range len(x) / cols {
		team.MatMul(x[k*cols:(k+1)*cols], 1, Product{out[k*rows : (k+1)*rows], s.Weights})
	}
	return out
}

// The judge itself: portable products are exact but for the rounding of sums.
func TestThePortableProductIsTheExactOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	for _, d := range tensor.PanelTypes {
		for _, shape := range [][2]int{{1, 32}, {15, 64}, {16, 96}, {17, 32}, {50, 320}} {
			s := newSample(t, rng, d, shape[0], shape[1])
			x := randomSlice(rng, 3*s.Cols())
			got, taken := alone(t, s, x), s.taken(x)
			for i, v := range got {
				k, r := i/s.Rows(), i%s.Rows()
				want, size := s.product(taken[k*s.Cols():(k+1)*s.Cols()], r)
				if diff := math.Abs(float64(v) - want); !(diff <= s.bound(size)) {
					t.Fatalf("%s %v: output %d of input %d is off by %g, at most %g", d, shape, r, k, diff, s.bound(size))
				}
			}
		}
	}
}

// Every level gives the bits that portable Go gives each input alone: whatever
// the company, the number of workers, and rows that do not fill a panel.
func TestMatMulEqualsPortableInAnyCompany(t *testing.T) {
	const most = 70
	eachLevel(t, func(t *testing.T) {
		teams := []*Team{NewTeam(1), running(t, 2), running(t, 3)}
		rng := rand.New(rand.NewPCG(22, 1))
		for _, d := range tensor.PanelTypes {
			for _, rows := range []int{1, 16, 41, 99} {
				s := newSample(t, rng, d, rows, 64)
				x := randomSlice(rng, most*64)
				want, got := alone(t, s, x), make([]float32, most*rows)
				for n := 1; n <= most; n++ {
					clear(got)
					teams[n%3].MatMul(x, n, Product{got, s.Weights})
					if !sameBits(got[:n*rows], want[:n*rows]) {
						t.Fatalf("%s [%d, 64]: %d inputs on %d workers give other bits", d, rows, n, teams[n%3].Workers())
					}
				}
			}
		}
	})
}

// All workers there can be, on matrices with more chunks than workers.
func TestTeamsOfAnySizeGiveTheSameBits(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 1))
		var all []sample
		for _, d := range tensor.PanelTypes {
			all = append(all, newSample(t, rng, d, 1000, 96))
		}
		x := randomSlice(rng, 7*96)
		for workers := 1; workers <= 6; workers++ {
			t.Run(fmt.Sprint(workers), func(t *testing.T) {
				team := running(t, workers)
				for _, s := range all {
					want, got := alone(t, s, x), make([]float32, 7*1000)
					for _, n := range []int{7, 1} {
						if team.MatMul(x, n, Product{got, s.Weights}); !sameBits(got[:n*1000], want[:n*1000]) {
							t.Errorf("%s: %d inputs give other bits", s.stored.DType, n)
						}
					}
				}
			})
		}
	})
}

// Several products at once, of types that quantise their inputs and of types
// that do not, packed and for the reference, give what each gives alone.
func TestProductsTogetherEqualProductsAlone(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(24, 1))
		team := running(t, 3)
		for range 150 {
			cols, n := 32*(1+rng.IntN(4)), 1+rng.IntN(30)
			x := randomSlice(rng, n*cols)
			var products []Product
			var want [][]float32
			for range 1 + rng.IntN(maxProducts) {
				s := newSample(t, rng, tensor.PanelTypes[rng.IntN(5)], 1+rng.IntN(70), cols)
				if rng.IntN(5) == 0 {
					s.Weights = FromFloats(s.values, s.Rows(), cols)
				}
				one := make([]float32, n*s.Rows())
				team.MatMul(x, n, Product{one, s.Weights})
				want = append(want, one)
				products = append(products, Product{make([]float32, n*s.Rows()), s.Weights})
			}
			team.MatMul(x, n, products...)
			for i, p := range products {
				if !sameBits(p.Dst, want[i]) {
					t.Fatalf("product %d of %d, [%d, %d] with %d inputs, differs from itself alone", i, len(products), p.W.Rows(), cols, n)
				}
			}
		}
	})
}

// What is not a number stays that and touches no other input and no other row.
func TestBadInputsStayAmongThemselves(t *testing.T) {
	inf := float32(math.Inf(1))
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(25, 1))
		for _, d := range tensor.PanelTypes {
			s := newSample(t, rng, d, 20, 64)
			x := randomSlice(rng, 9*64)
			x[1*64+5], x[3*64+40], x[6*64] = float32(math.NaN()), inf, -inf
			got, want := make([]float32, 9*20), alone(t, s, x)
			NewTeam(1).MatMul(x, 9, Product{got, s.Weights})
			for i, v := range got {
				bad := map[int]bool{1: true, 3: true, 6: true}[i/20]
				if finite := v-v == 0; finite == bad {
					t.Fatalf("%s: output %d of input %d is %v", d, i%20, i/20, v)
				}
			}
			if !sameBits(got, want) {
				t.Errorf("%s: other bits than portable", d)
			}
		}
	})
}

// Inputs and scales as large and as small as their types hold.
func TestExtremeScales(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(26, 1))
		for _, d := range tensor.PanelTypes {
			for _, weight := range []float32{1e-7, 1, 6e4} {
				for _, input := range []float32{1e-37, 1e-29, 1, 1e29} {
					values, x := randomSlice(rng, 17*64), randomSlice(rng, 3*64)
					Scale(values, weight/8)
					Scale(x, input)
					clear(x[64:96])
					s := packSample(t, storedMatrix(t, d, 17, 64, values))
					got := make([]float32, 3*17)
					if NewTeam(1).MatMul(x, 3, Product{got, s.Weights}); !sameBits(got, alone(t, s, x)) {
						t.Errorf("%s: weights of %g and inputs of %g give other bits than portable", d, weight, input)
					}
				}
			}
		}
	})
}

// One product in integers is off by the rounding of its inputs to 127 steps of a
// block's largest: about 0.5 % of what it is, whatever the weights.
func TestAnIntegerProductIsNearTheFloatOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(27, 1))
	for _, d := range []tensor.DType{tensor.Q4_0, tensor.Q8_0} {
		s := newSample(t, rng, d, 256, 1024)
		x := randomSlice(rng, 8*1024)
		got, want := make([]float32, 8*256), make([]float32, 8*256)
		NewTeam(1).MatMul(x, 8, Product{got, s.Weights})
		MatMul(want, x, 8, FromFloats(s.values, 256, 1024))
		var diff, size float64
		for i, w := range want {
			diff += math.Pow(float64(got[i]-w), 2)
			size += math.Pow(float64(w), 2)
		}
		if e := math.Sqrt(diff / size); e > 0.006 {
			t.Errorf("%s: a relative error of %.4f, want at most 0.006", d, e)
		}
	}
}

func TestTheTeamAllocatesNothing(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(28, 1))
		team := running(t, 2)
		x, dst := randomSlice(rng, 13*64), make([]float32, 13*40)
		for _, d := range tensor.PanelTypes {
			a, b := newSample(t, rng, d, 40, 64), newSample(t, rng, tensor.Q4_0, 24, 64)
			other := make([]float32, 13*24)
			for _, n := range []int{13, 1} {
				do := func() { team.MatMul(x, n, Product{dst, a.Weights}, Product{other, b.Weights}) }
				if do(); allocations(do) != 0 {
					t.Errorf("%s: MatMul of %d inputs allocates", d, n)
				}
			}
		}
		task := new(nothing)
		if allocations(func() { team.Do(task, 30) }) != 0 {
			t.Error("Do allocates")
		}
		q, meta := make([]int8, 64), make([]Meta, 2)
		if allocations(func() { use.quantise(q, meta, x[:64], blockLen, 1) }) != 0 {
			t.Error("quantising allocates")
		}
	})
}

// Shape, type, company, workers and the sizes of weights and inputs, as bytes say.
func FuzzMatMul(f *testing.F) {
	f.Add(uint64(1), uint8(40), uint8(2), uint8(9), uint8(0), int8(0), int8(0))
	f.Add(uint64(2), uint8(16), uint8(1), uint8(1), uint8(1), int8(-30), int8(90))
	f.Add(uint64(3), uint8(1), uint8(3), uint8(70), uint8(4), int8(12), int8(-120))
	f.Fuzz(func(t *testing.T, seed uint64, rows, blocks, n, kind uint8, weight, input int8) {
		rng := rand.New(rand.NewPCG(seed, 29))
		d := tensor.PanelTypes[int(kind)%5]
		r, c, k := 1+int(rows)%100, 32*(1+int(blocks)%5), 1+int(n)%70
		values, x := randomSlice(rng, r*c), randomSlice(rng, k*c)
		for i := range values {
			values[i] = float32(math.Max(-3e4, math.Min(3e4, math.Ldexp(float64(values[i]), int(weight)/4))))
		}
		for i := range x {
			x[i] = float32(math.Ldexp(float64(x[i]), int(input)*3/4-int(seed>>uint(i%32)&7)))
		}
		s := packSample(t, storedMatrix(t, d, r, c, values))
		want, got, taken := alone(t, s, x), make([]float32, k*r), s.taken(x)
		for _, name := range Levels() {
			force(t, name)
			NewTeam(1+int(seed%3)).MatMul(x, k, Product{got, s.Weights})
			for i, v := range got {
				exact, size := s.product(taken[i/r*c:(i/r+1)*c], i%r)
				if size > 1e37 {
					continue // on the way to infinity
				}
				// Where one sum of a million rounds a tie the other way, the
				// forms may differ by what both may be off.
				if diff := math.Abs(float64(v) - float64(want[i])); !(diff <= s.bound(size)) {
					t.Fatalf("%s, %s [%d, %d]: output %d of input %d is %g, portable %g, exact %g", name, d, r, c, i%r, i/r, v, want[i], exact)
				}
				if diff := math.Abs(float64(v) - exact); !(diff <= s.bound(size)+float64(c)*0x1p-149) {
					t.Fatalf("%s, %s [%d, %d]: output %d of input %d is off by %g, at most %g", name, d, r, c, i%r, i/r, diff, s.bound(size))
				}
			}
		}
	})
}

type nothing struct{}

func (*nothing) Chunk(int, int) {}

// allocations returns how many f makes each time. The system's own part of
// sleeping and waking allocates at times; what f does it does in every try.
func allocations(f func()) float64 {
	least := testing.AllocsPerRun(10, f)
	for try := 0; try < 4 && least > 0; try++ {
		least = min(least, testing.AllocsPerRun(10, f))
	}
	return least
}
