package kernel

import "math"

// RMSNorm writes x · (mean(x²) + eps)^(-1/2) · weight. A nil weight is all
// ones; dst may be x.
func RMSNorm(dst, x, weight []float32, eps float32) {
	check(len(dst) == len(x) && (weight == nil || len(weight) == len(x)), "RMSNorm of %d values into %d with %d weights", len(x), len(dst), len(weight))
	scale := float32(1 / math.Sqrt(float64(Dot(x, x)/float32(len(x))+eps)))
	use.normScale(dst, x, weight, scale)
}

func normScalePortable(dst, x, weight []float32, by float32) {
	if weight == nil {
		for i, v := range x {
			dst[i] = v * by
		}
		return
	}
	for i, v := range x {
		dst[i] = v * by * weight[i]
	}
}

// LayerNorm writes (x − mean(x)) · (var(x) + eps)^(-1/2) · weight with the
// biased variance and no bias; dst may be x.
func LayerNorm(dst, x, weight []float32, eps float32) {
	check(len(dst) == len(x) && len(weight) == len(x), "LayerNorm of %d values into %d with %d weights", len(x), len(dst), len(weight))
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := float32(sum / float64(len(x)))
	var squares float64
	for _, v := range x {
		squares += float64(v-mean) * float64(v-mean)
	}
	scale := float32(1 / math.Sqrt(squares/float64(len(x))+float64(eps)))
	for i, v := range x {
		dst[i] = (v - mean) * scale * weight[i]
	}
}

// Softmax replaces x by exp(x − max x), divided by its sum.
func Softmax(x []float32) {
	check(len(x) > 0, "Softmax of nothing")
	use.softmax(x)
}

func softmaxPortable(x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for i, v := range x {
		e := math.Exp(float64(v - top))
		x[i] = float32(e)
		sum += e
	}
	scale := float32(1 / sum)
	for i := range x {
		x[i] *= scale
	}
}
