//go:build amd64

package simd

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

func floats(b []byte) *float32 { return (*float32)(unsafe.Pointer(&b[0])) }
func ints(b []byte) *int8      { return (*int8)(unsafe.Pointer(&b[0])) }

// TestQuantWild mixes every kind of scale: zero, subnormal, largest, negative,
// Inf and NaN. Gemv, one row and many rows must agree to the bit, NaNs too.
func TestQuantWild(t *testing.T) {
	eachQuant(t, func(t *testing.T, l quantLevel, i int) {
		rng, g := rand.New(rand.NewPCG(9, 10)), newGrounds(t, 32<<10)
		for n := range 60 {
			c := newCase(quantFormats[i], 1, 1+n%4, l.tokens)
			finite := 4 * (n % 2) // every other case only with finite scales
			c.random(rng, wildHalves[:len(wildHalves)-finite-n%2], wildScales[:len(wildScales)-3*(n%2)])
			c.answer()
			c.gemm(t, g, places[n%len(places)], l.gemm[i], 0, l.tokens, 16)
			c.alone(t, l, i)
		}
	})
}

// alone compares each row of the group with itself computed alone.
func (c *quantCase) alone(t *testing.T, l quantLevel, i int) {
	t.Helper()
	all := make([][16]uint32, c.group)
	l.gemm[i]((*float32)(unsafe.Pointer(&all[0])), 16, &c.w[0], ints(c.q), &c.meta[0], c.group, c.group, c.blocks)
	for row := range all {
		var one, single [16]uint32
		l.gemm[i]((*float32)(unsafe.Pointer(&one)), 16, &c.w[0], ints(c.q[row*32:]), &c.meta[row*8], c.group, 1, c.blocks)
		alone := newCase(c.format, 1, c.blocks, 1)
		for b := range c.blocks {
			copy(alone.q[b*32:][:32], c.q[(b*c.group+row)*32:])
			copy(alone.meta[b*8:][:8], c.meta[(b*c.group+row)*8:])
		}
		l.gemv[i]((*float32)(unsafe.Pointer(&single)), &c.w[0], 1, ints(alone.q), &alone.meta[0], c.blocks)
		if one != all[row] || single != all[row] {
			t.Fatalf("row %d of %d: %x together, %x alone, %x as a vector", row, c.group, all[row], one, single)
		}
	}
}

// TestQuantCodes multiplies every code of a weight with every code of an
// activation: each column has one x and 16 weights, a row each.
func TestQuantCodes(t *testing.T) {
	eachQuant(t, func(t *testing.T, l quantLevel, i int) {
		format := quantFormats[i]
		low, codes := -8, 16
		if format.name == "Q8" {
			low, codes = -128, 256
		}
		c := newCase(format, 1, (codes/16*255+31)/32, 1)
		for b := range c.blocks {
			c.row(b, 0, 1, func(k int) int8 { return int8((32*b+k)%255 - 127) })
			for r := range 16 {
				format.setScale(c.block(0, b), r, 0x3c00)
				for k := range 32 {
					format.setCode(c.block(0, b), r, k, low+((32*b+k)/255*16+r)%codes)
				}
			}
		}
		c.answer()
		c.gemv(t, newGrounds(t, len(c.w)), places[0], l.gemv[i])
	})
}

// TestQuantBounds drives the integer sums to both ends of their range, lane by
// lane: the largest weight against the largest activation in some columns.
func TestQuantBounds(t *testing.T) {
	eachQuant(t, func(t *testing.T, l quantLevel, i int) {
		format, g := quantFormats[i], newGrounds(t, 32<<10)
		ends := map[string][]int{"Q4": {-8, 7, 0}, "Q8": {-128, 127, -127}}[format.name]
		for _, period := range []int{1, 2, 4, 8, 64} {
			for _, x := range []int8{-127, 127} {
				c := newCase(format, 1, 2, l.tokens)
				for b := range c.blocks {
					for row := range c.group {
						c.row(b, row, 1, func(k int) int8 { return x * int8(1-2*(k/period%2)) })
					}
					for r := range 16 {
						format.setScale(c.block(0, b), r, 0x3c00)
						for k := range 32 {
							format.setCode(c.block(0, b), r, k, ends[(r>>(k/period%2)+r/8)%len(ends)])
						}
					}
				}
				c.answer()
				c.gemm(t, g, places[1], l.gemm[i], 0, l.tokens, 16)
			}
		}
	})
}

// FuzzQuant holds the kernels against the judge on any bytes.
func FuzzQuant(f *testing.F) {
	f.Add(uint64(1), uint8(2), uint8(3), []byte{0, 128, 255, 0x7c})
	f.Fuzz(func(t *testing.T, seed uint64, blocks, group uint8, data []byte) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for _, l := range quantLevels {
			for i := range quantFormats {
				if !l.has {
					continue
				}
				c := newCase(quantFormats[i], 1, 1+int(blocks%5), 1+int(group)%l.tokens)
				c.random(rng, wildHalves, wildScales)
				copy(c.w, data)
				copy(c.w[len(c.w)-min(len(data), 32):], data)
				c.answer()
				c.gemm(t, newGrounds(t, 32<<10), places[rng.IntN(len(places))], l.gemm[i], 0, c.group, 16)
				c.alone(t, l, i)
			}
		}
	})
}
