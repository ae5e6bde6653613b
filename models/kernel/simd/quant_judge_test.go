//go:build amd64

package simd

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/x448/float16"
)

// quantFormat is a panel format as the judge reads it.
type quantFormat struct {
	name  string
	block int // bytes of 16 rows x 32 columns
	// code is the signed weight of row r, column k of a block.
	code func(block []byte, r, k int) int
}

var quantFormats = []quantFormat{
	{"Q4", 288, func(b []byte, r, k int) int { return int(b[64*(k/8)+4*r+k%4]>>(k%8/4*4)&15) - 8 }},
	{"Q8", 544, func(b []byte, r, k int) int { return int(int8(b[64*(k/4)+4*r+k%4])) }},
}

// setCode writes the weight of row r, column k.
func (f quantFormat) setCode(b []byte, r, k, code int) {
	if f.name == "Q8" {
		b[64*(k/4)+4*r+k%4] = byte(int8(code))
		return
	}
	p, shift := &b[64*(k/8)+4*r+k%4], k%8/4*4
	*p = *p&^(15<<shift) | byte(code+8)<<shift
}

func (f quantFormat) setScale(b []byte, r int, half uint16) {
	binary.LittleEndian.PutUint16(b[f.block-32+2*r:], half)
}

func (f quantFormat) scale(b []byte, r int) float32 {
	return float16.Frombits(binary.LittleEndian.Uint16(b[f.block-32+2*r:])).Float32()
}

// judge is the definition: the outputs [group][16] of one panel and a group.
// w [blocks][f.block], q [blocks][group][32], meta [blocks][group][8].
func (f quantFormat) judge(w, q, meta []byte, group, blocks int) [][16]float32 {
	out := make([][16]float32, group)
	for b := range blocks {
		codes, scales := f.decode(w[b*f.block:][:f.block])
		for t := range out {
			x, m := q[(b*group+t)*32:][:32], meta[(b*group+t)*8:][:8]
			xscale := math.Float32frombits(binary.LittleEndian.Uint32(m[4:]))
			for r := range out[t] {
				scale := float32(scales[r] * xscale)
				out[t][r] = fusedMultiplyAdd(float32(dot32(&codes[r], x)), scale, out[t][r])
			}
		}
	}
	return out
}

// decode returns the signed weights [row][column] and the scales of a block.
func (f quantFormat) decode(block []byte) (codes [16][32]int16, scales [16]float32) {
	for r := range codes {
		scales[r] = f.scale(block, r)
		for k := range codes[r] {
			codes[r][k] = int16(f.code(block, r, k))
		}
	}
	return codes, scales
}

func dot32(w *[32]int16, x []byte) (sum int) {
	for k, v := range x[:32] {
		sum += int(w[k]) * int(int8(v))
	}
	return sum
}

// fusedMultiplyAdd is a·b+c rounded once. The product of two float32 is exact in
// float64; the sum is rounded to odd there, so that the second rounding is right.
func fusedMultiplyAdd(a, b, c float32) float32 {
	p, d := float64(a)*float64(b), float64(c)
	s := p + d
	v := s - p
	rest := (p - (s - v)) + (d - v) // what s misses, exact for finite sums
	if bits := math.Float64bits(s); rest != 0 && bits&1 == 0 && !math.IsInf(s, 0) && !math.IsNaN(rest) {
		if (rest > 0) == (s > 0) {
			s = math.Float64frombits(bits + 1)
		} else {
			s = math.Float64frombits(bits - 1)
		}
	}
	return float32(s)
}

// TestJudgeFMA holds the judge's own multiply-add against exact arithmetic.
func TestJudgeFMA(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		a, b, c := anyFloat(rng), anyFloat(rng), anyFloat(rng)
		if rng.IntN(2) == 0 { // near cancellation
			c = -a * b * (1 + float32(rng.IntN(5)-2)*0x1p-23)
		}
		if c-c != 0 {
			continue
		}
		exact := new(big.Float).SetPrec(2000).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
		exact.Add(exact, big.NewFloat(float64(c)))
		want, _ := exact.Float32()
		if got := fusedMultiplyAdd(a, b, c); got != want {
			t.Fatalf("fma(%g, %g, %g) = %g, want %g", a, b, c, got, want)
		}
	}
}

// anyFloat is a finite float32 of any size, often of a middling one.
func anyFloat(rng *rand.Rand) float32 {
	if rng.IntN(2) == 0 {
		return float32(rng.NormFloat64())
	}
	for {
		if v := math.Float32frombits(rng.Uint32()); v-v == 0 {
			return v
		}
	}
}

// judgeBlock is the definition of the quantiser for 32 floats.
func judgeBlock(x []float32) (q [32]int8, start int32, scale float32) {
	var peak uint32
	for _, v := range x {
		peak = max(peak, math.Float32bits(v)&0x7fffffff)
	}
	amax := math.Float32frombits(peak)
	switch {
	case peak >= 0x7f800000:
		return q, 0, float32(math.NaN())
	case amax < 0x1p-100:
		return q, 0, 0
	}
	inverse := 127 / amax
	for i, v := range x {
		q[i] = int8(math.RoundToEven(float64(v * inverse)))
		start -= 8 * int32(q[i])
	}
	return q, start, amax / 127
}

// sameFloat is equality of values in which every NaN is alike.
func sameFloat(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
