package gemma4test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// source draws weights in a fixed order from one seeded generator.
type source struct{ rng *rand.Rand }

func newSource(seed uint64) *source { return &source{rand.New(rand.NewPCG(seed, 0x736f74746f))} }

// vector returns n normal values with the given spread.
func (s *source) vector(n int, spread float64) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(s.rng.NormFloat64() * spread)
	}
	return v
}

// norm returns n values in [0.5, 1.5).
func (s *source) norm(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(0.5 + s.rng.Float64())
	}
	return v
}

// positive returns softplus of n normal values.
func (s *source) positive(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(math.Log1p(math.Exp(0.5 * s.rng.NormFloat64())))
	}
	return v
}

// matrix returns an F32 matrix [rows, cols] that keeps the length of a vector
// on average.
func (s *source) matrix(rows, cols int) tensor.Matrix {
	data := make([]byte, 0, rows*cols*4)
	spread := 1 / math.Sqrt(float64(cols))
	for range rows * cols {
		bits := math.Float32bits(float32(s.rng.NormFloat64() * spread))
		data = binary.LittleEndian.AppendUint32(data, bits)
	}
	return tensor.Matrix{Rows: rows, Cols: cols, DType: tensor.F32, Data: data}
}

// clipped returns a linear layer with bounds of its own, or without bounds.
func (s *source) clipped(rows, cols int, clip bool) gemma4.ClippedLinear {
	inf := float32(math.Inf(1))
	bounds := gemma4.Clip{InMin: -inf, InMax: inf, OutMin: -inf, OutMax: inf}
	if clip {
		bounds = gemma4.Clip{InMin: -s.bound(), InMax: s.bound(), OutMin: -s.bound(), OutMax: s.bound()}
	}
	return gemma4.ClippedLinear{Weight: s.matrix(rows, cols), Clip: bounds}
}

// bound returns a value in [1, 3): a few of a thousand normal values exceed it.
func (s *source) bound() float32 { return float32(1 + 2*s.rng.Float64()) }
