package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// narrowF16 rounds eight values at a time to halves, and the last few singly.
func narrowF16() {
	TEXT("NarrowF16", NOSPLIT, "func(dst *uint16, x *float32, n int)")
	Pragma("noescape")
	Doc("NarrowF16 writes x [n] to dst [n] as halves, rounded to nearest, ties to even.")
	dst, x, n := param("dst"), param("x"), param("n")
	convert("eight", dst, 2, x, 4, n, 8, func() {
		v, h := YMM(), XMM()
		VMOVUPS(Mem{Base: x}, v)
		VCVTPS2PH(U8(0), v, h)
		VMOVDQU(h, Mem{Base: dst})
	})
	convert("one", dst, 2, x, 4, n, 1, func() {
		v := XMM()
		VMOVSS(Mem{Base: x}, v)
		VCVTPS2PH(U8(0), v, v)
		VPEXTRW(U8(0), v, Mem{Base: dst})
	})
	ret()
}

// widenF16 is narrowF16's opposite.
func widenF16() {
	TEXT("WidenF16", NOSPLIT, "func(dst *float32, x *uint16, n int)")
	Pragma("noescape")
	Doc("WidenF16 writes the halves x [n] to dst [n].")
	dst, x, n := param("dst"), param("x"), param("n")
	convert("eight", dst, 4, x, 2, n, 8, func() {
		v := YMM()
		VCVTPH2PS(Mem{Base: x}, v)
		VMOVUPS(v, Mem{Base: dst})
	})
	convert("one", dst, 4, x, 2, n, 1, func() {
		half, v := GP32(), XMM()
		MOVWLZX(Mem{Base: x}, half)
		VMOVD(half, v)
		VCVTPH2PS(v, v)
		VMOVSS(v, Mem{Base: dst})
	})
	ret()
}

// convert runs body over n values, step at a time, from x to dst, whose
// values have the given sizes in bytes.
func convert(label string, dst GPVirtual, dstSize int, x GPVirtual, xSize int, n GPVirtual, step int, body func()) {
	loop(label, n, step, func() {
		body()
		ADDQ(I32(int32(step*dstSize)), dst)
		ADDQ(I32(int32(step*xSize)), x)
	})
}
