package kernel

// Dot returns Σ a·b.
func Dot(a, b []float32) float32 {
	check(len(a) == len(b), "Dot of %d and %d values", len(a), len(b))
	return use.dot(a, b)
}

// Axpy adds a·x to dst.
func Axpy(dst []float32, a float32, x []float32) {
	check(len(dst) == len(x), "Axpy of %d values into %d", len(x), len(dst))
	use.axpy(dst, a, x)
}

// Add adds x to dst.
func Add(dst, x []float32) {
	check(len(dst) == len(x), "Add of %d values to %d", len(x), len(dst))
	use.add(dst, x)
}

// Scale multiplies x by a number.
func Scale(x []float32, by float32) { use.scale(x, by) }

// MulAdd adds a·b, element by element, to dst.
func MulAdd(dst, a, b []float32) {
	check(len(dst) == len(a) && len(a) == len(b), "MulAdd of %d and %d values to %d", len(a), len(b), len(dst))
	for i, v := range a {
		dst[i] += v * b[i]
	}
}

func dotPortable(a, b []float32) float32 {
	var s float64
	b = b[:len(a)]
	for i, v := range a {
		s += float64(v) * float64(b[i])
	}
	return float32(s)
}

func axpyPortable(dst []float32, a float32, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += a * v
	}
}

func addPortable(dst, x []float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += v
	}
}

func scalePortable(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}
