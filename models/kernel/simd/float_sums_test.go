//go:build amd64

package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSumsOfAnyLength(t *testing.T) {
	needAVX2(t)
	rng := rand.New(rand.NewPCG(41, 42))
	lengths := []int{1000, 4096}
	for n := 1; n <= 70; n++ {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		ra, rb := newFloatRoom(t, 4*n), newFloatRoom(t, 4*n)
		a, b := lend[float32](ra, n), lend[float32](rb, n)
		copy(a, someFloats(rng, n, false))
		copy(b, someFloats(rng, n, false))
		checkSum(t, Dot(&a[0], &b[0], n), a, b)
		checkSum(t, SumSquares(&a[0], n), a, a)
		if Dot(&a[0], &b[0], n) != Dot(&a[0], &b[0], n) {
			t.Fatalf("n=%d: two runs differ", n)
		}
	}
}

// checkSum compares a sum of products with float64.
func checkSum(t testing.TB, got float32, a, b []float32) {
	t.Helper()
	want, size := 0.0, 0.0
	for i := range a {
		p := float64(a[i]) * float64(b[i])
		want, size = want+p, size+math.Abs(p)
	}
	if err := math.Abs(float64(got) - want); !(err <= 1e-6*size) {
		t.Fatalf("the sum of %d products is %g, want %g", len(a), got, want)
	}
}

func TestSumsPassOnWhatIsNotFinite(t *testing.T) {
	needAVX2(t)
	for n := 1; n <= 70; n++ {
		for at := range n {
			x := make([]float32, n)
			x[at] = float32(math.NaN())
			if s := SumSquares(&x[0], n); s == s {
				t.Fatalf("n=%d: NaN at %d was lost", n, at)
			}
			x[at] = float32(math.Inf(-1))
			if s := SumSquares(&x[0], n); !math.IsInf(float64(s), 1) {
				t.Fatalf("n=%d: infinity at %d became %v", n, at, s)
			}
		}
	}
}
