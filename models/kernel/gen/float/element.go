package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lanes is a step of an element-wise function: eight values, or the last few
// under a mask.
type lanes struct{ mask VecVirtual }

func (l lanes) load(p GPVirtual) VecVirtual {
	v := YMM()
	loadPart(Mem{Base: p}, l.mask, v)
	return v
}

func (l lanes) store(v VecVirtual, p GPVirtual) { storePart(v, l.mask, Mem{Base: p}) }

// zeroRest clears the lanes outside the mask.
func (l lanes) zeroRest(v VecVirtual) {
	if l.mask != nil {
		VANDPS(l.mask, v, v)
	}
}

// eachLane runs body over n values of the operands, eight at a time, then over
// the rest. It uses up n and the pointers.
func eachLane(n GPVirtual, operands []GPVirtual, body func(l lanes)) {
	id := itoa(laneLoops)
	laneLoops++
	loop("eight"+id, n, 8, func() {
		body(lanes{})
		for _, p := range operands {
			ADDQ(I32(32), p)
		}
	})
	tail("tail"+id, n, func(mask VecVirtual) { body(lanes{mask}) })
}

// laneLoops numbers the loops, for labels of their own.
var laneLoops int

// spread loads a scalar parameter into every lane.
func spread(name string) VecVirtual {
	v, s := YMM(), XMM()
	Load(Param(name), s)
	VBROADCASTSS(s, v)
	return v
}

// elementwise starts a function without a result; the documentation follows
// its name.
func elementwise(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + " " + doc)
}

// elements writes the element-wise functions.
func elements() {
	arithmetic()
	normScale()
	clamp()
	rotate()
	activations()
	softmax()
}

// arithmetic writes sums and products.
func arithmetic() {
	elementwise("Add", "func(dst, x *float32, n int)", "adds x [n] to dst [n].")
	pairwise(func(dst, x VecVirtual) { VADDPS(x, dst, dst) })
	elementwise("Mul", "func(dst, x *float32, n int)", "multiplies dst [n] by x [n].")
	pairwise(func(dst, x VecVirtual) { VMULPS(x, dst, dst) })

	elementwise("Axpy", "func(dst, x *float32, a float32, n int)", "adds a·x [n] to dst [n], each sum rounded once.")
	a := spread("a")
	pairwise(func(dst, x VecVirtual) { VFMADD231PS(x, a, dst) })

	elementwise("Scale", "func(dst *float32, by float32, n int)", "multiplies dst [n] by a number.")
	by := spread("by")
	replace("dst", func(v VecVirtual) VecVirtual { VMULPS(by, v, v); return v })
}

// pairwise changes dst by x, element by element.
func pairwise(op func(dst, x VecVirtual)) {
	dst, x := param("dst"), param("x")
	eachLane(param("n"), []GPVirtual{dst, x}, func(l lanes) {
		v := l.load(dst)
		op(v, l.load(x))
		l.store(v, dst)
	})
	ret()
}

// replace puts op of each value in its place.
func replace(name string, op func(v VecVirtual) VecVirtual) {
	x := param(name)
	eachLane(param("n"), []GPVirtual{x}, func(l lanes) { l.store(op(l.load(x)), x) })
	ret()
}

func normScale() {
	elementwise("NormScale", "func(dst, x, weight *float32, scale float32, n int)",
		"writes x [n] · scale · weight [n] to dst [n], which may be x. A nil weight is all ones.")
	dst, x, weight, n, scale := param("dst"), param("x"), param("weight"), param("n"), spread("scale")
	TESTQ(weight, weight)
	JZ(LabelRef("plain"))
	eachLane(n, []GPVirtual{dst, x, weight}, func(l lanes) {
		v := l.load(x)
		VMULPS(scale, v, v)
		VMULPS(l.load(weight), v, v)
		l.store(v, dst)
	})
	ret()
	Label("plain")
	eachLane(n, []GPVirtual{dst, x}, func(l lanes) {
		v := l.load(x)
		VMULPS(scale, v, v)
		l.store(v, dst)
	})
	ret()
}

func clamp() {
	elementwise("Clamp", "func(x *float32, lo, hi float32, n int)",
		"limits each of x [n] to [lo, hi], which must be numbers. NaN stays.")
	lo, hi := spread("lo"), spread("hi")
	replace("x", func(v VecVirtual) VecVirtual { return within(v, lo, hi) })
}

// within limits v. The second source of VMAXPS and VMINPS is what they return
// for NaN, and that is v.
func within(v, lo, hi VecVirtual) VecVirtual {
	VMAXPS(v, lo, v)
	VMINPS(v, hi, v)
	return v
}

// rotate rounds products and sums singly, as plain Go does.
func rotate() {
	elementwise("Rotate", "func(x, cos, sin *float32, half int)",
		"turns the pairs (i, i+half) of x [2·half] by the angles whose cosines and sines [half] are given.")
	a, cos, sin, n := param("x"), param("cos"), param("sin"), param("half")
	b := GP64()
	LEAQ(Mem{Base: a, Index: n, Scale: 4}, b)
	eachLane(n, []GPVirtual{a, b, cos, sin}, func(l lanes) {
		va, vb, c, s := l.load(a), l.load(b), l.load(cos), l.load(sin)
		ac, bs := YMM(), YMM()
		VMULPS(c, va, ac)
		VMULPS(s, vb, bs)
		VSUBPS(bs, ac, ac)
		l.store(ac, a)
		VMULPS(c, vb, vb)
		VMULPS(s, va, va)
		VADDPS(va, vb, vb)
		l.store(vb, b)
	})
	ret()
}
