package tensor

import (
	"math"
	"math/bits"

	"github.com/x448/float16"
)

// QuantizeGrid writes x as Q4_0 blocks into dst and returns how many of them
// lay on a grid. A checkpoint that was trained for Q4_0 is published as values
// scale · code, codes from -8 to 7, rounded to bfloat16. The reference's rule
// takes the largest magnitude for the code -8. It so finds another scale, and
// errors of half a step, wherever a block does not use that code. This one
// looks for scales that explain a block:
//
//   - exact: every product equals its value;
//   - rounded: every product equals its value once it is rounded to the
//     precision that the values have: bfloat16, half or float32. Scales that are
//     bfloat16 come first, then the nearest to the least squares;
//   - near: every value is within twice that rounding of one real scale's
//     products, as a scale of more bits than a half leaves them. The scale
//     written is the least squares', rounded to a half.
//
// The largest magnitude is tried as code 8, 7, ... 1; the best kind wins, of
// equals the first. Blocks without a grid are written as Quantize writes them.
// x must be finite, as there.
func QuantizeGrid(dst []byte, x []float32) (onGrid int, err error) {
	checkSizes(dst, Q4_0, x)
	for i := range len(x) / 32 {
		block, to := (*[32]float32)(x[32*i:]), dst[18*i:][:18]
		if g := findGrid(block); g.kind > none {
			g.write(to, block)
			onGrid++
		} else if !quantizeQ4_0(to, block) {
			return onGrid, badBlock(i)
		}
	}
	return onGrid, nil
}

// How well a grid explains its block.
const (
	none = iota
	near
	rounded
	exact
)

// grid is a scale that may explain a block.
type grid struct {
	kind    int
	largest float32 // the value of largest magnitude
	code    int     // the magnitude of its code
	scale   float32 // above 0
	// The least and the largest magnitude that stand behind each code
	// magnitude, and how many do.
	low, high [9]float32
	count     [9]int
}

// findGrid returns the best grid of the block.
func findGrid(x *[32]float32) (best grid) {
	g := grid{largest: extreme(x)}
	if m := abs(g.largest); !(m > 0 && m <= 8*maxHalf) {
		return best
	}
	precision := 0 // counted once it is needed
	for g.code = 8; g.code > 0 && best.kind < exact; g.code-- {
		if !g.assign(x) {
			continue
		}
		if precision == 0 {
			precision = precisionOf(x)
		}
		if g.fit(precision); g.kind > best.kind {
			best = g
		}
	}
	return best
}

const maxHalf, leastNormalHalf = 65504, 1.0 / (1 << 14)

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }

// assign gives every value the nearest code and reports whether all are near
// enough: two roundings to bfloat16 move a quotient by less than a 64th.
func (g *grid) assign(x *[32]float32) bool {
	g.count, g.kind = [9]int{}, none
	inverse := float32(g.code) / abs(g.largest)
	for _, v := range x {
		m := abs(v)
		ratio := m * inverse
		c := int32(ratio + 0.5)
		if abs(ratio-float32(c)) > float32(c)/64 || c == 0 && v != 0 {
			return false
		}
		if c == 8 && math.Signbit(float64(v)) != math.Signbit(float64(g.largest)) {
			return false // there is a code -8, but no code 8
		}
		if g.count[c] == 0 {
			g.low[c], g.high[c] = m, m
		}
		g.low[c], g.high[c] = min(g.low[c], m), max(g.high[c], m)
		g.count[c]++
	}
	return true
}

// fit chooses a scale for the codes that were assigned.
func (g *grid) fit(precision int) {
	if g.scale = toHalf(abs(g.largest) / float32(g.code)); g.explains(24) {
		g.kind = exact
		return
	}
	for _, slack := range []float64{1, 2} {
		low, high := g.bounds(precision, slack)
		if low > high {
			continue
		}
		guess := float32(min(max(g.leastSquares(), low), high))
		if slack == 1 && g.search(guess, precision) {
			g.kind = rounded
		} else if g.scale = toHalf(guess); g.scale >= leastNormalHalf && g.scale <= maxHalf {
			g.kind = near
		}
		return
	}
}

// search tries the scales around guess that a half can hold, those that are
// bfloat16 as well first when the values are.
func (g *grid) search(guess float32, precision int) bool {
	steps := [5]int32{0, 1, -1, 2, -2}
	if precision == 8 {
		at := int32(math.Float32bits(roundTo(guess, 8)))
		for _, step := range steps[:3] {
			s := math.Float32frombits(uint32(at + step<<16))
			if g.scale = toHalf(s); g.scale == s && g.explains(precision) {
				return true
			}
		}
	}
	at := int32(float16.Fromfloat32(guess).Bits())
	for _, step := range steps {
		g.scale = float16.Frombits(uint16(max(0, at+step))).Float32()
		if g.explains(precision) {
			return true
		}
	}
	return false
}

// explains reports whether every product with the scale, rounded to so many
// bits, is the value. A half times a code has at most 14 bits.
func (g *grid) explains(precision int) bool {
	for c := 1; c <= g.code; c++ {
		if g.count[c] > 0 {
			if p := roundTo(g.scale*float32(c), precision); p != g.low[c] || p != g.high[c] {
				return false
			}
		}
	}
	return true
}

// bounds returns the range of real scales whose products are within slack
// roundings of the values; low > high when there is none.
func (g *grid) bounds(precision int, slack float64) (low, high float64) {
	low, high = 0, math.Inf(1)
	for c := 1; c <= g.code; c++ {
		if g.count[c] > 0 {
			low = max(low, (float64(g.high[c])-slack*rounding(g.high[c], precision))/float64(c))
			high = min(high, (float64(g.low[c])+slack*rounding(g.low[c], precision))/float64(c))
		}
	}
	return low, high
}

// leastSquares returns Σ value · code / Σ code².
func (g *grid) leastSquares() float64 {
	dot, norm := 0.0, 0
	for c := 1; c <= g.code; c++ {
		if g.count[c] > 0 {
			dot += float64(g.count[c]*c) * (float64(g.low[c]) + float64(g.high[c])) / 2
			norm += g.count[c] * c * c
		}
	}
	return dot / float64(norm)
}

// write writes the block. The scale is negative only where code -8 stands for
// a positive value.
func (g *grid) write(dst []byte, x *[32]float32) {
	scale, inverse := g.scale, float32(g.code)/abs(g.largest)
	if g.code == 8 && g.largest > 0 {
		scale, inverse = -scale, -inverse
	}
	putHalf(dst, scale)
	for i := range 16 {
		dst[2+i] = nibble(x[i], inverse) | nibble(x[i+16], inverse)<<4
	}
}

// precisionOf returns how many bits hold every value: 8 as in bfloat16, 11 as
// in a half, or 24.
func precisionOf(x *[32]float32) int {
	all := uint32(1 << 23)
	for _, v := range x {
		all |= math.Float32bits(v) & (1<<23 - 1)
	}
	switch n := 24 - bits.TrailingZeros32(all); {
	case n <= 8:
		return 8
	case n <= 11:
		return 11
	}
	return 24
}

// rounding returns the most that rounding to so many bits moves a value of v's size.
func rounding(v float32, precision int) float64 {
	exponent := int(math.Float32bits(v)>>23&0xFF) - 127
	return math.Ldexp(1, exponent-precision)
}

// roundTo rounds a positive value to so many bits, halves to even.
func roundTo(v float32, precision int) float32 {
	drop := 24 - precision
	if drop == 0 {
		return v
	}
	b := math.Float32bits(v)
	b += 1<<(drop-1) - 1 + b>>drop&1
	return math.Float32frombits(b >> drop << drop)
}

func toHalf(v float32) float32 { return float16.Fromfloat32(v).Float32() }
