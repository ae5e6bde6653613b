package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// maskTable is eight lanes of ones, then eight of zeros: read r lanes before
// its middle it is a mask of the first r lanes.
var maskTable *Mem

// tailMask returns a mask of the first r lanes, r from 1 to 7. It uses r up.
func tailMask(r GPVirtual) VecVirtual {
	if maskTable == nil {
		table := GLOBL("floatTailMask", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(0xffffffff*(1-i/8)))
		}
		maskTable = &table
	}
	table, mask := GP64(), YMM()
	LEAQ(*maskTable, table)
	NEGQ(r)
	VMOVUPS(Mem{Base: table, Index: r, Scale: 4, Disp: 32}, mask)
	return mask
}

// tail runs body once with a mask of the last n lanes, unless n is zero.
func tail(label string, n GPVirtual, body func(mask VecVirtual)) {
	TESTQ(n, n)
	JLE(LabelRef(label + "_end"))
	body(tailMask(n))
	Label(label + "_end")
}

// loadPart loads the lanes of the mask and zeros elsewhere; a nil mask is all
// lanes. Lanes outside the mask are not read.
func loadPart(from Mem, mask, dst VecVirtual) {
	if mask == nil {
		VMOVUPS(from, dst)
	} else {
		VMASKMOVPS(from, mask, dst)
	}
}

// storePart stores the lanes of the mask; a nil mask is all lanes.
func storePart(v, mask VecVirtual, to Mem) {
	if mask == nil {
		VMOVUPS(v, to)
	} else {
		VMASKMOVPS(v, mask, to)
	}
}
