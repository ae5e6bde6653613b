//go:build amd64

package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// checkSoftmax compares Softmax with float64; NaN or +Inf anywhere, or nothing
// above -Inf, makes every value NaN.
func checkSoftmax(t *testing.T, name string, x []float32) {
	t.Helper()
	top, sum := math.Inf(-1), 0.0
	for _, v := range x {
		top = math.Max(top, float64(v))
	}
	for _, v := range x {
		sum += math.Exp(float64(v) - top)
	}
	room := newFloatRoom(t, 4*len(x))
	got := lend[float32](room, len(x))
	copy(got, x)
	Softmax(&got[0], len(x))
	for i, v := range x {
		want := math.Exp(float64(v)-top) / sum
		if !near(got[i], want, 4e-7*(1+want)) {
			t.Fatalf("Softmax %s: value %d, %v, became %v, want %v", name, i, v, got[i], want)
		}
		if math.IsInf(float64(v), -1) && sum == sum && got[i] != 0 {
			t.Fatalf("Softmax %s: a masked value became %v", name, got[i])
		}
	}
	room.quiet(t, got)
}

func TestSoftmaxOfAnyLength(t *testing.T) {
	needAVX2(t)
	rng := rand.New(rand.NewPCG(61, 62))
	for n := 1; n <= 70; n++ {
		x := someFloats(rng, n, false)
		checkSoftmax(t, fmt.Sprint("n=", n), x)
		for i := range x {
			x[i] *= 40
		}
		checkSoftmax(t, fmt.Sprint("wide n=", n), x)
		for i := range x {
			x[i] -= 5000 // zeros in the masked lanes would win
		}
		checkSoftmax(t, fmt.Sprint("low n=", n), x)
	}
	checkSoftmax(t, "of many", someFloats(rng, 5000, false))
}

func TestSoftmaxOfHardValues(t *testing.T) {
	needAVX2(t)
	inf := float32(math.Inf(1))
	nan := float32(math.NaN())
	for n := 1; n <= 20; n++ {
		for at := range n {
			for _, v := range []float32{nan, inf, -inf, 1e30, -1e30, math.MaxFloat32, -math.MaxFloat32, 1e-45, 80, -80, 90, -90} {
				x := make([]float32, n)
				x[at] = v
				checkSoftmax(t, fmt.Sprint(v, " at ", at, " of ", n), x)
			}
		}
		x := make([]float32, n)
		for i := range x {
			x[i] = -inf
		}
		checkSoftmax(t, "of nothing but -Inf", x)
		x[n/2] = -7
		checkSoftmax(t, "of all but one -Inf", x)
	}
}
