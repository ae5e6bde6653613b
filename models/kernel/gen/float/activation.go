package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// activations writes the functions between the layers' matrices.
func activations() {
	elementwise("SiLU", "func(x *float32, n int)", "replaces each of x [n] by x·sigmoid(x).")
	replace("x", func(v VecVirtual) VecVirtual {
		s := sigmoid(copyOf(v))
		VMULPS(v, s, s)
		return s
	})
	glu()
	geluTanhMul()
	softCap()
}

func copyOf(v VecVirtual) VecVirtual {
	c := YMM()
	VMOVAPS(v, c)
	return c
}

func glu() {
	elementwise("GLU", "func(dst, value, gate *float32, n int)",
		"writes value [n] · sigmoid(gate [n]) to dst [n], which may be either.")
	dst, value, gate := param("dst"), param("value"), param("gate")
	eachLane(param("n"), []GPVirtual{dst, value, gate}, func(l lanes) {
		s := sigmoid(l.load(gate))
		VMULPS(l.load(value), s, s)
		l.store(s, dst)
	})
	ret()
}

// geluTanhMul uses (1+tanh(u))/2 = sigmoid(2u), which does not cancel for
// negative u: gelu(z) = z·sigmoid(z·(a + b·z²)).
func geluTanhMul() {
	elementwise("GELUTanhMul", "func(gate, up *float32, n int)",
		"replaces gate [n] by gelu(gate)·up [n], in the form with tanh.")
	const a, cubic = 2 * 0.7978845608028654, 0.044715 // 2·√(2/π)
	gate, up := param("gate"), param("up")
	eachLane(param("n"), []GPVirtual{gate, up}, func(l lanes) {
		z, square, factor := l.load(gate), YMM(), lanesOf(a)
		VMULPS(z, z, square)
		VFMADD231PS(constant(a*cubic), square, factor)
		VMULPS(z, factor, factor)
		s := sigmoid(factor)
		VMULPS(z, s, s)
		VMULPS(l.load(up), s, s)
		l.store(s, gate)
	})
	ret()
}

func softCap() {
	elementwise("SoftCap", "func(x *float32, limit float32, n int)", "replaces each of x [n] by limit·tanh(x/limit).")
	limit := spread("limit")
	replace("x", func(v VecVirtual) VecVirtual {
		VDIVPS(limit, v, v)
		t := tanh(v)
		VMULPS(limit, t, t)
		return t
	})
}

// softmax goes over x three times: for the largest, for the exponentials and
// their sum, for the division. NaN anywhere makes the sum NaN, and so all of x.
func softmax() {
	elementwise("Softmax", "func(x *float32, n int)", "replaces x [n] by exp(x - max x), divided by its sum.")
	top := lanesOf(float32(math.Inf(-1)))
	overX(func(l lanes, x GPVirtual) {
		v := l.load(x)
		if l.mask != nil {
			VBLENDVPS(l.mask, v, top, v)
		}
		VMAXPS(v, top, top)
	})
	across(top, func(a, b, dst VecVirtual) { VMAXPS(a, b, dst) })

	sum := avx2.zeros(1)[0]
	overX(func(l lanes, x GPVirtual) {
		v := l.load(x)
		VSUBPS(top, v, v)
		e := exp(v)
		l.zeroRest(e)
		VADDPS(e, sum, sum)
		l.store(e, x)
	})
	across(sum, func(a, b, dst VecVirtual) { VADDPS(a, b, dst) })

	scale := lanesOf(1)
	VDIVPS(sum, scale, scale)
	overX(func(l lanes, x GPVirtual) {
		v := l.load(x)
		VMULPS(scale, v, v)
		l.store(v, x)
	})
	ret()
}

// overX runs body over the parameters x [n].
func overX(body func(l lanes, x GPVirtual)) {
	x := param("x")
	eachLane(param("n"), []GPVirtual{x}, func(l lanes) { body(l, x) })
}

// across folds the lanes of v by op and leaves the result in all of them.
func across(v VecVirtual, op func(a, b, dst VecVirtual)) {
	other := YMM()
	VPERM2F128(U8(0x01), v, v, other) // the halves swapped
	op(other, v, v)
	VSHUFPS(U8(0x4e), v, v, other) // pairs swapped
	op(other, v, v)
	VSHUFPS(U8(0xb1), v, v, other) // neighbours swapped
	op(other, v, v)
}
