package kernel

import (
	"fmt"
	"os"
	"strings"
)

// level is one form of all functions that have several.
type level struct {
	name  string
	group int // most quantised rows that are multiplied together
	batch int // most float rows that are multiplied together

	quantise       func(q []int8, meta []Meta, x []float32, qStride, metaStride int)
	q4, q8         quantProduct
	f32, f16, bf16 floatProduct

	dot         func(a, b []float32) float32
	axpy        func(dst []float32, a float32, x []float32)
	add         func(dst, x []float32)
	scale       func(x []float32, by float32)
	normScale   func(dst, x, weight []float32, by float32)
	softmax     func(x []float32)
	softCap     func(x []float32, limit float32)
	silu        func(x []float32)
	glu         func(dst, value, gate []float32)
	geluTanhMul func(gate, up []float32)
	clamp       func(x []float32, lo, hi float32)
	rotate      func(x, cos, sin []float32)
	scores      func(dst []float32, stride int, q Heads, keys Vectors, n int)
	blend       func(dst Heads, weights []float32, stride int, values Vectors, n int)
	narrow      func(dst []uint16, x []float32)

	integerPeak, floatPeak Peak
	read                   func(data []byte, ahead int)
}

var portable = level{
	name: "portable", group: 4, batch: 4,
	quantise: quantisePortable, q4: q4Portable, q8: q8Portable,
	f32: f32Portable, f16: f16Portable, bf16: bf16Portable,
	dot: dotPortable, axpy: axpyPortable, add: addPortable, scale: scalePortable, normScale: normScalePortable,
	softmax: softmaxPortable, softCap: softCapPortable, silu: siluPortable, glu: gluPortable,
	geluTanhMul: geluTanhMulPortable, clamp: clampPortable, rotate: rotatePortable,
	scores: scoresPortable, blend: blendPortable, narrow: narrowPortable,
	integerPeak: integerPeakPortable, floatPeak: floatPeakPortable, read: readPortable,
}

// use is the level in force. It is set before anything is computed.
var use = choose(os.Getenv("SOTTO_KERNEL"), levels())

// levels returns what this processor can do, the fastest first.
func levels() []level { return append(faster(), portable) }

// choose returns the wanted level, or the fastest when none is named or the
// named one is not to be had.
func choose(want string, from []level) level {
	for _, l := range from {
		if l.name == want {
			return l
		}
	}
	return from[0]
}

// Level returns the name of the form in force: portable, avx2 or avx512.
func Level() string { return use.name }

// Levels returns the names of all forms that this processor can use, the
// fastest first.
func Levels() []string {
	var names []string
	for _, l := range levels() {
		names = append(names, l.name)
	}
	return names
}

// Force puts a form in force and returns a function that puts the present one
// back. Nothing may be computing meanwhile.
func Force(name string) (back func(), err error) {
	l := choose(name, levels())
	if l.name != name {
		return nil, fmt.Errorf("kernel: no form %q on this processor, which can use %s", name, strings.Join(Levels(), ", "))
	}
	old := use
	use = l
	return func() { use = old }, nil
}

// CheckEnvironment says what is wrong with SOTTO_KERNEL, if anything.
func CheckEnvironment() error {
	want := os.Getenv("SOTTO_KERNEL")
	if want == "" || want == use.name {
		return nil
	}
	return fmt.Errorf("SOTTO_KERNEL is %q; this processor can use %s", want, strings.Join(Levels(), ", "))
}
