package kernel

import "math"

// SiLU replaces each x by x·sigmoid(x).
func SiLU(x []float32) { use.silu(x) }

// GLU writes value · sigmoid(gate).
func GLU(dst, value, gate []float32) {
	check(len(dst) == len(value) && len(value) == len(gate), "GLU of %d and %d values into %d", len(value), len(gate), len(dst))
	use.glu(dst, value, gate)
}

// ReLU replaces negative values by zero.
func ReLU(x []float32) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

// GELUTanhMul replaces gate by gelu(gate)·up, with the tanh form
// gelu(z) = z/2 · (1 + tanh(√(2/π)·(z + 0.044715·z³))).
func GELUTanhMul(gate, up []float32) {
	check(len(gate) == len(up), "GELUTanhMul of %d and %d values", len(gate), len(up))
	use.geluTanhMul(gate, up)
}

// SoftCap replaces each x by limit·tanh(x/limit).
func SoftCap(x []float32, limit float32) { use.softCap(x, limit) }

// Clamp limits each x to [lo, hi].
func Clamp(x []float32, lo, hi float32) { use.clamp(x, lo, hi) }

// Rotate turns the pairs (i, i+len/2) of one head by the angles whose cosines
// and sines are given, len/2 each (rotary position embedding, rotate-half form).
func Rotate(x, cos, sin []float32) {
	check(len(cos) == len(x)/2 && len(sin) == len(x)/2, "Rotate of %d values by %d angles", len(x), len(cos))
	use.rotate(x, cos, sin)
}

func siluPortable(x []float32) {
	for i, v := range x {
		x[i] = v * sigmoid(v)
	}
}

func gluPortable(dst, value, gate []float32) {
	for i, v := range value {
		dst[i] = v * sigmoid(gate[i])
	}
}

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

func geluTanhMulPortable(gate, up []float32) {
	const root = 0.7978845608028654 // √(2/π)
	for i, z := range gate {
		gate[i] = 0.5 * z * (1 + tanh(root*(z+0.044715*z*z*z))) * up[i]
	}
}

func softCapPortable(x []float32, limit float32) {
	for i, v := range x {
		x[i] = limit * tanh(v/limit)
	}
}

func tanh(x float32) float32 { return float32(math.Tanh(float64(x))) }

func clampPortable(x []float32, lo, hi float32) {
	for i, v := range x {
		x[i] = min(max(v, lo), hi)
	}
}

func rotatePortable(x, cos, sin []float32) {
	half := len(x) / 2
	for i, c := range cos {
		a, b, s := x[i], x[i+half], sin[i]
		x[i] = a*c - b*s
		x[i+half] = b*c + a*s
	}
}
