package kernel

import "math"

// RMSNorm writes x · (mean(x²) + eps)^(-1/2) · weight. A nil weight is all
// ones; dst may be x.
func RMSNorm(dst, x, weight []float32, eps float32) {
	check(len(dst) == len(x) && (weight == nil || len(weight) == len(x)), "RMSNorm of %d values into %d with %d weights", len(x), len(dst), len(weight))
	scale := float32(1 / math.Sqrt(float64(Dot(x, x)/float32(len(x))+eps)))
	if weight == nil {
		for i, v := range x {
			dst[i] = v * scale
		}
		return
	}
	for i, v := range x {
		dst[i] = v * scale * weight[i]
	}
}

// LayerNorm writes (x − mean(x)) · (var(x) + eps)^(-1/2) · weight with the
// biased variance and no bias; dst may be x.
func LayerNorm(dst, x, weight []float32, eps float32) {
	check(len(dst) == len(x) && len(weight) == len(x), "LayerNorm of %d values into %d with %d weights", len(x), len(dst), len(weight))
	var sum float32
	for _, v := range x {
		sum += v
	}
	mean := sum / float32(len(x))
	var squares float32
	for _, v := range x {
		squares += (v - mean) * (v - mean)
	}
	scale := float32(1 / math.Sqrt(float64(squares/float32(len(x))+eps)))
	for i, v := range x {
		dst[i] = (v - mean) * scale * weight[i]
	}
}

// Softmax replaces x by exp(x − max x), divided by its sum.
func Softmax(x []float32) {
	check(len(x) > 0, "Softmax of nothing")
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float32
	for i, v := range x {
		e := float32(math.Exp(float64(v - top)))
		x[i] = e
		sum += e
	}
	scale := 1 / sum
	for i := range x {
		x[i] *= scale
	}
}
