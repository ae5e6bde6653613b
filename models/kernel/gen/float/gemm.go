package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	panelRows = 16   // outputs of a panel
	unroll    = 4    // values of k per turn of the inner loop
	gemmAhead = 2048 // bytes between a weight and the prefetch beside it
)

// gemm multiplies one panel w [k, 16] by m rows of x [m, k] into dst [m, 16].
// The body exists once for each m; every output has one accumulator, whatever
// m is, so a row's result does not depend on its company.
func gemm(l level, f format) {
	TEXT("Gemm"+f.name+l.name, NOSPLIT, "func(dst *float32, dstStride int, w *byte, x *float32, xStride, k, m int)")
	Pragma("noescape")
	Doc("Gemm"+f.name+l.name+" writes dst [m, 16] = x [m, k] · w [k, 16], one panel, m from 1 to "+itoa(l.tokens)+".",
		"Strides are in values.")
	w, x, xStride, k, m := param("w"), param("x"), stride("xStride", 4), param("k"), param("m")
	dst, dstStride := param("dst"), stride("dstStride", 4)
	for n := l.tokens; n > 1; n-- {
		CMPQ(m, I32(int32(n)))
		JE(LabelRef("m" + itoa(n)))
	}
	for n := 1; n <= l.tokens; n++ {
		Label("m" + itoa(n))
		acc := l.zeros(n * l.vectors)
		tokens := newRows(x, xStride, n)
		step := func(label string, unroll int) {
			loop(label+itoa(n), k, unroll, func() {
				for i := range unroll {
					gemmStep(l, f, acc, w, tokens, i)
				}
				tokens.advance(4 * unroll)
				ADDQ(I32(int32(unroll*panelRows*f.size)), w)
			})
		}
		step("k4_", unroll)
		step("k1_", 1)
		out := newRows(dst, dstStride, n)
		for i, a := range acc {
			VMOVUPS(a, out.at(i/l.vectors, i%l.vectors*l.width))
		}
		ret()
	}
}

// gemmStep adds the products of value i of k to the accumulators
// [tokens, vectors].
func gemmStep(l level, f format, acc []VecVirtual, w GPVirtual, tokens rows, i int) {
	at := i * panelRows * f.size
	if at%64 == 0 {
		PREFETCHT0(Mem{Base: w, Disp: at + gemmAhead})
	}
	weights := make([]VecVirtual, l.vectors)
	for v := range weights {
		weights[v] = l.vector()
		f.load(Mem{Base: w, Disp: at + v*panelRows*f.size/l.vectors}, weights[v])
	}
	for t := range len(acc) / l.vectors {
		if l.width == 64 {
			VFMADD231PS_BCST(tokens.at(t, 4*i), weights[0], acc[t])
			continue
		}
		x := YMM()
		VBROADCASTSS(tokens.at(t, 4*i), x)
		for v, weight := range weights {
			VFMADD231PS(x, weight, acc[t*l.vectors+v])
		}
	}
}

// gemv multiplies panels of w, each [k, 16], by one x [k] into dst
// [panels, 16]. Several panels run side by side: a sum that takes its terms in
// order waits for each addition, and the other panels fill the wait.
func gemv(l level, f format) {
	TEXT("Gemv"+f.name+l.name, NOSPLIT, "func(dst *float32, w *byte, panels int, x *float32, k int)")
	Pragma("noescape")
	Doc("Gemv" + f.name + l.name + " writes dst [panels, 16] = x [k] · w [panels, k, 16].")
	dst, w, panels := param("dst"), param("w"), param("panels")
	panelBytes := stride("k", panelRows*f.size)
	for side := l.panels; side > 0; side /= 2 {
		loop("panels"+itoa(side), panels, side, func() {
			gemvPanels(l, f, dst, newRows(w, panelBytes, side), side)
			for range side {
				ADDQ(panelBytes, w)
			}
			ADDQ(I32(int32(4*panelRows*side)), dst)
		})
	}
	ret()
}

// gemvPanels writes the outputs of side panels to dst.
func gemvPanels(l level, f format, dst GPVirtual, w rows, side int) {
	acc := l.zeros(side * l.vectors)
	x, k := param("x"), param("k")
	step := func(label string, unroll int) {
		loop(label+itoa(side), k, unroll, func() {
			for i := range unroll {
				gemvStep(l, f, acc, w, x, i)
			}
			w.advance(unroll * panelRows * f.size)
			ADDQ(I32(int32(4*unroll)), x)
		})
	}
	step("k4_", unroll)
	step("k1_", 1)
	for i, a := range acc {
		VMOVUPS(a, Mem{Base: dst, Disp: i * l.width})
	}
}

// gemvStep adds the products of value i of k to the accumulators
// [panels, vectors].
func gemvStep(l level, f format, acc []VecVirtual, w rows, x GPVirtual, i int) {
	value := l.vector()
	VBROADCASTSS(Mem{Base: x, Disp: 4 * i}, value)
	at := i * panelRows * f.size
	for a := range acc {
		panel, v := a/l.vectors, a%l.vectors
		if v == 0 && at%64 == 0 {
			PREFETCHT0(w.at(panel, at+l.gemvAhead))
		}
		from := w.at(panel, at+v*panelRows*f.size/l.vectors)
		if f == f32 {
			VFMADD231PS(from, value, acc[a])
			continue
		}
		weight := l.vector()
		f.load(from, weight)
		VFMADD231PS(weight, value, acc[a])
	}
}
