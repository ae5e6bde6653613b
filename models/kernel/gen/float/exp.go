package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// expTerms are c₀…c₄ of eʳ ≈ 1 + r + r²·(c₀ + c₁r + … + c₄r⁴), the polynomial
// whose largest relative error over |r| ≤ ln2/2 is smallest, 3.1e-9.
var expTerms = []float32{0.499999934321, 0.166665203991, 0.0416683907853, 0.00836874510757, 0.00138145400898}

// ln2 in two parts. The first has zeros in its last 9 bits, so its product
// with a whole number below 512 is exact.
const (
	ln2High = 0.693145751953125
	ln2Low  = math.Ln2 - ln2High
)

// expLow and expHigh limit an exponent: at the first e to its power is 0 here,
// at the second +Inf.
const expLow, expHigh = -88, 89

// constant is eight lanes of v in memory, once for the whole file.
func constant(v float32) Mem {
	bits := math.Float32bits(v)
	if m, ok := constants[bits]; ok {
		return m
	}
	m := GLOBL("floatConstant"+itoa(len(constants)), RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(bits))
	}
	constants[bits] = m
	return m
}

var constants = map[uint32]Mem{}

// whole is eight lanes of an integer in memory.
func whole(v uint32) Mem { return constant(math.Float32frombits(v)) }

// lanesOf loads a constant into a register.
func lanesOf(v float32) VecVirtual {
	r := YMM()
	VMOVUPS(constant(v), r)
	return r
}

// exponential splits e to the power v into 2ⁿ·(1+q) and returns q and n, a
// whole number in float32. v must be within [expLow, expHigh] or NaN; NaN makes
// q NaN. v is used up.
func exponential(v VecVirtual) (q, n VecVirtual) {
	n = YMM()
	VMULPS(constant(math.Log2E), v, n)
	VROUNDPS(U8(8), n, n) // nearest, ties to even
	VFNMADD231PS(constant(ln2High), n, v)
	VFNMADD231PS(constant(ln2Low), n, v)
	p, square := lanesOf(expTerms[4]), YMM()
	for i := 3; i >= 0; i-- {
		VFMADD213PS(constant(expTerms[i]), v, p)
	}
	VMULPS(v, v, square)
	VFMADD213PS(v, square, p)
	return p, n
}

// powerOfTwo returns 2ⁿ for whole n from -126 to 127, 0 for -127, +Inf for 128.
func powerOfTwo(n VecVirtual) VecVirtual {
	VCVTPS2DQ(n, n)
	VPADDD(whole(127), n, n)
	VPSLLD(U8(23), n, n)
	return n
}

// exp returns e to the power v, to about one unit of the last place: 0 below
// -87.7, +Inf above 88.4, NaN for NaN. v is used up.
func exp(v VecVirtual) VecVirtual {
	q, n := exponential(within(v, lanesOf(expLow), lanesOf(expHigh)))
	VADDPS(constant(1), q, q)
	VMULPS(powerOfTwo(n), q, q)
	return q
}

// sigmoid returns 1/(1+e⁻ᵛ). v is used up.
func sigmoid(v VecVirtual) VecVirtual {
	VXORPS(whole(1<<31), v, v)
	e, one := exp(v), lanesOf(1)
	VADDPS(one, e, e)
	VDIVPS(e, one, one)
	return one
}

// tanhLimit is where tanh is 1 in float32.
const tanhLimit = 10

// tanh returns E/(E+2) with E = e²ᵛ-1, which keeps small values exact: E is
// 2ⁿ·q + (2ⁿ-1). v is used up.
func tanh(v VecVirtual) VecVirtual {
	v = within(v, lanesOf(-tanhLimit), lanesOf(tanhLimit))
	VADDPS(v, v, v)
	q, n := exponential(v)
	power, less := powerOfTwo(n), YMM()
	VSUBPS(constant(1), power, less)
	VFMADD213PS(less, power, q)
	VADDPS(constant(2), q, less)
	VDIVPS(less, q, q)
	return q
}
