package tensor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// asBF16 rounds to bfloat16.
func asBF16(v float32) float32 {
	return float32(math.Copysign(float64(roundTo(abs(v), 8)), float64(v)))
}

func asHalf(v float32) float32 { return toHalf(v) }

func asFloat32(v float32) float32 { return v }

// codeSets are the codes that a block may use.
var codeSets = [][]int{
	{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7},
	{-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7},
	{0, 1, 2, 3, 4, 5, 6, 7}, {-8, -7, -6, -5}, {-8, 7}, {-8, 0}, {-8, -4, 4}, {-7, 7}, {7, 5, 3}, {-6, 5, 3}, {-6, 3, 0},
	{-5, -3, 2}, {-4, -3, -1, 0, 2, 3}, {-3, 3, 2}, {2, -2, 1}, {1, -1, 0}, {7}, {-7, 0}, {5}, {-8}, {-1}, {3}, {6, -6, 0},
}

// subsets adds all pairs and random sets.
func subsets(rng *rand.Rand) [][]int {
	sets := codeSets
	for a := -8; a < 8; a++ {
		for b := a + 1; b < 8; b++ {
			sets = append(sets, []int{a, b})
		}
	}
	for range 200 {
		var set []int
		for range 1 + rng.IntN(6) {
			set = append(set, rng.IntN(16)-8)
		}
		sets = append(sets, set)
	}
	return sets
}

// TestAGridIsFoundAgain writes scale · code as a checkpoint stores it and wants
// the same stored values back from the quantised block.
func TestAGridIsFoundAgain(t *testing.T) {
	cases := []struct {
		name          string
		scale, stored func(float32) float32
		low, high     float64 // of the scale's exponent: bfloat16 in subnormal halves is cut
	}{
		{"bfloat16 scales in bfloat16", asBF16, asBF16, -14, 15.9},
		{"half scales in bfloat16", asHalf, asBF16, -24, 15.9},
		{"half scales in half", asHalf, asHalf, -11, 12},
		{"half scales in float32", asHalf, asFloat32, -24, 15.9},
		{"bfloat16 scales in float32", asBF16, asFloat32, -14, 15.9},
	}
	for _, c := range cases {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, set := range subsets(rng) {
			for range 30 {
				s := c.scale(float32(math.Exp2(c.low + rng.Float64()*(c.high-c.low))))
				if rng.IntN(4) == 0 {
					s = -s
				}
				x := onGrid(rng, s, set, c.stored)
				if err := wantStored(x, c.stored); err != nil {
					t.Fatalf("%s: scale %v, codes %v: %v", c.name, s, set, err)
				}
			}
		}
	}
}

// onGrid returns a block of scale · code.
func onGrid(rng *rand.Rand, scale float32, set []int, stored func(float32) float32) []float32 {
	x := make([]float32, 32)
	for i := range x {
		x[i] = stored(scale * float32(set[rng.IntN(len(set))]))
	}
	return x
}

// wantStored quantises a block and wants its values back once they are stored.
func wantStored(x []float32, stored func(float32) float32) error {
	data, y := make([]byte, 18), make([]float32, 32)
	if n, err := QuantizeGrid(data, x); err != nil || n != 1 && extreme((*[32]float32)(x)) != 0 {
		return fmt.Errorf("%d blocks on a grid, %v", n, err)
	}
	Decode(y, Q4_0, data)
	for i := range x {
		if stored(y[i]) != x[i] {
			return fmt.Errorf("[%d] = %v, stored %v, want %v", i, y[i], stored(y[i]), x[i])
		}
	}
	return nil
}

// A block that uses a code of one bit pins its bfloat16 scale down.
func TestTheScaleItselfIsFoundAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		want := asBF16(float32(math.Exp2(rng.Float64()*12 - 12)))
		x := onGrid(rng, want, codeSets[1], asBF16)
		x[0], x[1], x[2] = asBF16(7*want), asBF16(4*want), asBF16(-5*want)
		data := make([]byte, 18)
		if _, err := QuantizeGrid(data, x); err != nil || half(data) != want {
			t.Fatalf("scale %v, %v, want %v", half(data), err, want)
		}
	}
}

// A scale of float32 is in no half. What is left is its rounding to a half, a
// 2048th, and that of the stored value.
func TestAScaleOfManyBitsIsRoundedAlone(t *testing.T) {
	for name, c := range map[string]struct {
		stored func(float32) float32
		most   float64
	}{"bfloat16": {asBF16, 1.0/2048 + 1.0/256}, "float32": {asFloat32, 1.0/2048 + 1e-6}} {
		rng := rand.New(rand.NewPCG(9, 10))
		for range 3000 {
			x := onGrid(rng, float32(math.Exp2(rng.Float64()*12-12)), codeSets[rng.IntN(len(codeSets))], c.stored)
			data, y := make([]byte, 18), make([]float32, 32)
			if n, err := QuantizeGrid(data, x); err != nil || n != 1 && extreme((*[32]float32)(x)) != 0 {
				t.Fatalf("%s: %d blocks on a grid, %v: %v", name, n, err, x)
			}
			Decode(y, Q4_0, data)
			for i := range x {
				if math.Abs(float64(y[i]-x[i])) > c.most*math.Abs(float64(x[i])) {
					t.Fatalf("%s: [%d] = %v, want %v", name, i, y[i], x[i])
				}
			}
		}
	}
}

// The reference's rule alone is off by up to half a step where no value has
// the code -8, which is why the search is there.
func TestTheReferencesRuleMissesGridsWithoutItsCode(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	x := onGrid(rng, 0.0078125, codeSets[1], asBF16)
	x[0] = 7 * 0.0078125
	data, y := make([]byte, 18), make([]float32, 32)
	if err := Quantize(data, Q4_0, x); err != nil {
		t.Fatal(err)
	}
	Decode(y, Q4_0, data)
	worst := 0.0
	for i := range x {
		worst = max(worst, math.Abs(float64(y[i]-x[i])))
	}
	if worst < 0.001 {
		t.Errorf("an error of %v only", worst)
	}
	if err := wantStored(x, asBF16); err != nil {
		t.Error(err)
	}
}

func TestBlocksWithoutAGridFollowTheReference(t *testing.T) {
	x := floats(t, "QUANTISED.Q4_0.f32")
	want, got := make([]byte, 18), make([]byte, 18)
	free := 0
	for ; len(x) > 0; x = x[32:] {
		n, err := QuantizeGrid(got, x[:32])
		if err != nil {
			t.Fatal(err)
		}
		if err := Quantize(want, Q4_0, x[:32]); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			free++
			if string(got) != string(want) {
				t.Fatalf("% x, want % x", got, want)
			}
		}
	}
	if free < 500 {
		t.Errorf("%d blocks without a grid, want nearly all", free)
	}
}

// Weights that were not trained on a grid must not be taken for such.
func TestRandomWeightsHaveNoGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	x := make([]float32, 32*4096)
	for i := range x {
		x[i] = asBF16(float32(rng.NormFloat64()) * 0.02)
	}
	if n, err := QuantizeGrid(make([]byte, 18*4096), x); err != nil || n != 0 {
		t.Errorf("%d of 4096 blocks on a grid, %v", n, err)
	}
}

func TestQuantisersAllocateNothing(t *testing.T) {
	x, dst := make([]float32, 320), make([]byte, 340)
	for i := range x {
		x[i] = float32(i%15-7) / 64
	}
	if n := testing.AllocsPerRun(20, func() {
		QuantizeGrid(dst[:180], x)
		Quantize(dst[:180], Q4_0, x)
		Quantize(dst, Q8_0, x)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
