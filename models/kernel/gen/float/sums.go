package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sumLanes accumulators of eight lanes run side by side in a sum.
const sumLanes = 4

// sums writes the reductions.
func sums() {
	TEXT("Dot", NOSPLIT, "func(a, b *float32, n int) float32")
	Pragma("noescape")
	Doc("Dot returns Σ a·b over n values.")
	reduce([]GPVirtual{param("a"), param("b")})

	TEXT("SumSquares", NOSPLIT, "func(x *float32, n int) float32")
	Pragma("noescape")
	Doc("SumSquares returns Σ x² over n values.")
	reduce([]GPVirtual{param("x")})
}

// reduce returns the sum of the products of two operands, or of the squares of
// one: 32 values per turn, then 8, then the masked rest.
func reduce(operands []GPVirtual) {
	n := param("n")
	acc := avx2.zeros(sumLanes)
	add := func(acc VecVirtual, at int, mask VecVirtual) {
		v := make([]VecVirtual, len(operands))
		for i, p := range operands {
			v[i] = YMM()
			loadPart(Mem{Base: p, Disp: at}, mask, v[i])
		}
		VFMADD231PS(v[0], v[len(v)-1], acc)
	}
	advance := func(values int) {
		for _, p := range operands {
			ADDQ(I32(int32(4*values)), p)
		}
	}
	loop("many", n, 8*sumLanes, func() {
		for i := range acc {
			add(acc[i], 32*i, nil)
		}
		advance(8 * sumLanes)
	})
	loop("eight", n, 8, func() {
		add(acc[0], 0, nil)
		advance(8)
	})
	tail("rest", n, func(mask VecVirtual) { add(acc[1], 0, mask) })
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
	sum := laneSums(acc[0], acc[0], acc[0], acc[0])
	Store(sum, ReturnIndex(0))
	ret()
}
