package synthetic

import (
	"bytes"
	"encoding/binary"
	"math"
)

// random is the generator splitmix64: one multiplication chain for 64 bits,
// much faster than any disk.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// unit returns a value in [0, 1).
func (r *random) unit() float64 { return float64(r.next()>>11) / (1 << 53) }

// normal returns a value of the standard normal distribution.
func (r *random) normal() float64 { return quantile((r.unit() + 1.0/(1<<54))) }

// quantile returns where the standard normal distribution function is p.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// between draws evenly from [low, high).
func between(low, high float64) func(r *random) float64 {
	return func(r *random) float64 { return low + (high-low)*r.unit() }
}

// bell draws normal values with the given standard deviation.
func bell(spread float64) func(r *random) float64 {
	return func(r *random) float64 { return spread * r.normal() }
}

// always draws the same value.
func always(x float64) func(r *random) float64 { return func(*random) float64 { return x } }

func appendF32(b *bytes.Buffer, x float64) {
	var word [4]byte
	binary.LittleEndian.PutUint32(word[:], math.Float32bits(float32(x)))
	b.Write(word[:])
}
