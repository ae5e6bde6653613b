//go:build amd64

package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// An elementCase is an element-wise function of some operands, the first of
// which it writes.
type elementCase struct {
	name     string
	operands int
	call     func(p []*float32, n int)
	want     func(v []float32) float64 // for one element
	slack    func(v []float32, want float64) float64
}

// exact allows no error.
func exact([]float32, float64) float64 { return 0 }

// close is the error allowed for what an exponential is in.
func close(_ []float32, want float64) float64 { return 4e-7 * (1 + math.Abs(want)) }

// Numbers that the cases below use.
const aNumber, limitLow, limitHigh, capAt = float32(-1.7), float32(-1.5), float32(2.25), float32(30)

var elementCases = []elementCase{
	{"Add", 2, func(p []*float32, n int) { Add(p[0], p[1], n) },
		func(v []float32) float64 { return float64(v[0] + v[1]) }, exact},
	{"Mul", 2, func(p []*float32, n int) { Mul(p[0], p[1], n) },
		func(v []float32) float64 { return float64(v[0] * v[1]) }, exact},
	{"Axpy", 2, func(p []*float32, n int) { Axpy(p[0], p[1], aNumber, n) },
		func(v []float32) float64 { return float64(judgeFMA(aNumber, v[1], v[0])) }, exact},
	{"Scale", 1, func(p []*float32, n int) { Scale(p[0], aNumber, n) },
		func(v []float32) float64 { return float64(v[0] * aNumber) }, exact},
	{"NormScale", 3, func(p []*float32, n int) { NormScale(p[0], p[1], p[2], aNumber, n) },
		func(v []float32) float64 { return float64(v[1] * aNumber * v[2]) }, exact},
	{"NormScaleInPlace", 2, func(p []*float32, n int) { NormScale(p[0], p[0], p[1], aNumber, n) },
		func(v []float32) float64 { return float64(v[0] * aNumber * v[1]) }, exact},
	{"NormScaleWithoutWeight", 2, func(p []*float32, n int) { NormScale(p[0], p[1], nil, aNumber, n) },
		func(v []float32) float64 { return float64(v[1] * aNumber) }, exact},
	{"Clamp", 1, func(p []*float32, n int) { Clamp(p[0], limitLow, limitHigh, n) },
		func(v []float32) float64 { return float64(min(max(v[0], limitLow), limitHigh)) }, exact},
	{"ClampBelow", 1, func(p []*float32, n int) { Clamp(p[0], 0, float32(math.Inf(1)), n) },
		func(v []float32) float64 { return float64(max(v[0], 0)) }, exact},
	{"SiLU", 1, func(p []*float32, n int) { SiLU(p[0], n) },
		func(v []float32) float64 { return gated(v[0], v[0]) }, close},
	{"GLU", 3, func(p []*float32, n int) { GLU(p[0], p[1], p[2], n) },
		func(v []float32) float64 { return gated(v[1], v[2]) }, gluSlack},
	{"GLUInPlace", 2, func(p []*float32, n int) { GLU(p[0], p[0], p[1], n) },
		func(v []float32) float64 { return gated(v[0], v[1]) }, func(v []float32, want float64) float64 { return gluSlack([]float32{0, v[0]}, want) }},
	{"GELUTanhMul", 2, func(p []*float32, n int) { GELUTanhMul(p[0], p[1], n) },
		func(v []float32) float64 {
			if math.IsInf(float64(v[1]), 0) { // 0·Inf where gelu is 0 in float32
				return float64(float32(gelu(v[0]))) * float64(v[1])
			}
			return gelu(v[0]) * float64(v[1])
		},
		func(v []float32, want float64) float64 { // the error of gelu, times up
			return close(nil, gelu(v[0])) * max(1, math.Abs(float64(v[1])))
		}},
	{"SoftCap", 1, func(p []*float32, n int) { SoftCap(p[0], capAt, n) },
		func(v []float32) float64 { return float64(capAt) * math.Tanh(float64(v[0])/float64(capAt)) }, close},
}

// gluSlack allows for the sigmoid being 0 where it is below the normal floats.
func gluSlack(v []float32, want float64) float64 {
	return close(nil, want) + 0x1p-126*math.Abs(float64(v[1]))
}

// gated is value·sigmoid(gate). A sigmoid below 2^-127.5 is 0, so that infinity
// times it is NaN.
func gated(value, gate float32) float64 {
	s := 1 / (1 + math.Exp(-float64(gate)))
	if math.IsInf(float64(value), 0) && s < 0x1.6a09e6p-128 {
		s = 0
	}
	return float64(value) * s
}

// gelu is gelu(z), with (1 + tanh(u))/2 = sigmoid(2u), which loses nothing for
// negative z.
func gelu(z float32) float64 {
	v := float64(z)
	u := math.Sqrt(2/math.Pi) * (v + 0.044715*v*v*v)
	return v / (1 + math.Exp(-2*u))
}

// check runs the case on operands that end at a fence and compares.
func (c elementCase) check(t *testing.T, operands [][]float32) {
	t.Helper()
	n := len(operands[0])
	rooms, lent, p := make([]*floatRoom, c.operands), make([][]float32, c.operands), make([]*float32, c.operands)
	for i, v := range operands[:c.operands] {
		rooms[i] = newFloatRoom(t, 4*n)
		lent[i] = lend[float32](rooms[i], n)
		copy(lent[i], v)
		p[i] = &lent[i][0]
	}
	c.call(p, n)
	element := make([]float32, c.operands)
	for i, got := range lent[0] {
		for o := range element {
			element[o] = operands[o][i]
		}
		want := c.want(element)
		if !near(got, want, c.slack(element, want)) {
			t.Fatalf("%s: element %d of %d, of %v, is %v, want %v", c.name, i, n, element, got, want)
		}
	}
	for i, r := range rooms {
		r.quiet(t, lent[i])
		if i > 0 {
			sameFloats(t, lent[i], operands[i])
		}
	}
}

// near reports whether got is want as float32, or within slack of it.
func near(got float32, want, slack float64) bool {
	w := float32(want)
	return got == w || got != got && w != w || math.Abs(float64(got)-want) <= slack
}

func eachElementCase(t *testing.T, f func(t *testing.T, c elementCase)) {
	needAVX2(t)
	for _, c := range elementCases {
		t.Run(c.name, func(t *testing.T) { f(t, c) })
	}
}

func TestElementsOfAnyLength(t *testing.T) {
	eachElementCase(t, func(t *testing.T, c elementCase) {
		rng := rand.New(rand.NewPCG(51, 52))
		for n := 1; n <= 70; n++ {
			for _, hard := range []bool{false, true} {
				c.check(t, [][]float32{someFloats(rng, n, hard), someFloats(rng, n, hard), someFloats(rng, n, hard)})
			}
		}
	})
}

// Every hard value meets every other.
func TestElementsOfHardValues(t *testing.T) {
	eachElementCase(t, func(t *testing.T, c elementCase) {
		var a, b, d []float32
		for _, x := range hardFloats {
			for _, y := range hardFloats {
				a, b, d = append(a, x), append(b, y), append(d, x)
			}
		}
		c.check(t, [][]float32{a, b, d})
		c.check(t, [][]float32{d, d, b})
	})
}

// Bit patterns an odd step apart cover every exponent, and a fine comb the
// values that layers see.
func TestElementsOverTheWholeRange(t *testing.T) {
	eachElementCase(t, func(t *testing.T, c elementCase) {
		const n = 1 << 13
		all, comb, ones := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range all {
			all[i] = math.Float32frombits(uint32(i) * (1<<32/n + 1))
			comb[i] = (float32(i) - n/2) / (n / 2) * 100
			ones[i] = 1
		}
		c.check(t, [][]float32{all, ones, all})
		c.check(t, [][]float32{comb, ones, comb})
	})
}

func TestSoftCapOfOtherLimits(t *testing.T) {
	needAVX2(t)
	for _, limit := range []float32{1e-3, 0.5, 50, 1e30} {
		for _, v := range append([]float32{1, -2, 0.3, 49, -51}, hardFloats...) {
			got, want := v, float64(limit)*math.Tanh(float64(v)/float64(limit))
			SoftCap(&got, limit, 1)
			if !near(got, want, close(nil, want)) {
				t.Fatalf("SoftCap of %v at %v is %v, want %v", v, limit, got, want)
			}
		}
	}
}

func TestRotateOfAnyLength(t *testing.T) {
	needAVX2(t)
	rng := rand.New(rand.NewPCG(53, 54))
	for half := 1; half <= 70; half++ {
		checkRotate(t, someFloats(rng, 2*half, half%3 == 0), someFloats(rng, half, false), someFloats(rng, half, false))
	}
}

func checkRotate(t *testing.T, x, cos, sin []float32) {
	t.Helper()
	half := len(cos)
	want := make([]float32, 2*half)
	for i, c := range cos {
		a, b, s := x[i], x[i+half], sin[i]
		want[i], want[i+half] = float32(a*c)-float32(b*s), float32(b*c)+float32(a*s)
	}
	rx, rc, rs := newFloatRoom(t, 8*half), newFloatRoom(t, 4*half), newFloatRoom(t, 4*half)
	got, c, s := lend[float32](rx, 2*half), lend[float32](rc, half), lend[float32](rs, half)
	copy(got, x)
	copy(c, cos)
	copy(s, sin)
	Rotate(&got[0], &c[0], &s[0], half)
	sameFloats(t, got, want)
	rx.quiet(t, got)
}

func FuzzElements(f *testing.F) {
	f.Add([]byte{0, 0, 128, 127, 0, 0, 192, 255, 1, 0, 0, 0}, uint8(13))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		needAVX2(t)
		n := 1 + int(size)%40
		v := patterns[float32](data, 3*n)
		for _, c := range elementCases {
			c.check(t, [][]float32{v[:n], v[n : 2*n], v[2*n:]})
		}
		checkRotate(t, v[:2*n], v[n:2*n], v[2*n:])
		checkSoftmax(t, fmt.Sprint("of patterns, n=", n), v[:n])
	})
}
