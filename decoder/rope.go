package decoder

import (
	"math"

	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// rope holds the angles per position of one layer type, [head size / 2]. Pairs
// that do not turn have frequency 0.
type rope struct{ frequencies []float32 }

// newRope computes θ^(-2i/d) for the first PartialRotary·d/2 pairs, rounding to
// float32 where the reference does. The exponent's denominator is the whole
// head size however few pairs turn.
func newRope(cfg *gemma4.TextConfig, kind gemma4.LayerType) rope {
	d := cfg.HeadDim[kind]
	f := make([]float32, d/2)
	turning := int(math.Floor(cfg.PartialRotary[kind] * float64(d) / 2))
	for i := range min(turning, len(f)) {
		exponent := float32(2*i) / float32(d)
		f[i] = 1 / float32(math.Pow(cfg.RopeTheta[kind], float64(exponent)))
	}
	return rope{f}
}

// angles writes cos and sin of pos·frequency.
func (r rope) angles(cos, sin []float32, pos int) {
	for i, f := range r.frequencies {
		s, c := math.Sincos(float64(float32(pos) * f))
		cos[i], sin[i] = float32(c), float32(s)
	}
}

// turn rotates every head of a row in place.
func turn(row, cos, sin []float32) {
	for dim := 2 * len(cos); len(row) > 0; row = row[dim:] {
		kernel.Rotate(row[:dim], cos, sin)
	}
}
