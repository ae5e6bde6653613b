package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// mostHeads query heads share the keys and values of one head.
const mostHeads = 4

// keysAtOnce gives, for a number of heads, how many keys are scored side by
// side: heads·keys accumulators, the heads' queries and one key fit 16
// registers.
var keysAtOnce = [mostHeads + 1]int{1: 8, 2: 4, 3: 4, 4: 2}

// scores multiplies queries by keys. A score has one accumulator of eight
// lanes, whatever else is scored beside it, so its bits depend on nothing but
// its query and its key.
func scores(f format) {
	TEXT("Scores"+f.name, NOSPLIT, "func(dst *float32, dstStride int, q *float32, qStride int, keys *"+f.stored()+", keyStride, dim, n, heads int)")
	Pragma("noescape")
	Doc("Scores"+f.name+" writes dst [heads, n] = q [heads, dim] · keys [n, dim]ᵀ, heads from 1 to 4, dim a",
		"multiple of 8. Strides are in values.")
	dst, dstStride := param("dst"), stride("dstStride", 4)
	q, qStride := param("q"), stride("qStride", 4)
	keys, keyStride, n := param("keys"), stride("keyStride", f.size), param("n")
	perHeads(func(heads int) {
		for _, side := range []int{keysAtOnce[heads], 1} {
			label := "keys" + itoa(side) + "_of" + itoa(heads)
			loop(label, n, side, func() {
				acc := scoreTile(f, label, newRows(q, qStride, heads), newRows(keys, keyStride, side), heads, side)
				out := newRows(dst, dstStride, heads)
				for h := range heads {
					storeSums(acc[h*side:(h+1)*side], out, h)
				}
				for range side {
					ADDQ(keyStride, keys)
				}
				ADDQ(I32(int32(4*side)), dst)
			})
		}
	})
}

// perHeads writes body once for each number of heads and a jump to the one
// asked for.
func perHeads(body func(heads int)) {
	asked := param("heads")
	for h := mostHeads; h > 1; h-- {
		CMPQ(asked, I32(int32(h)))
		JE(LabelRef("heads" + itoa(h)))
	}
	for h := 1; h <= mostHeads; h++ {
		Label("heads" + itoa(h))
		body(h)
		ret()
	}
}

// scoreTile returns the accumulators [heads, side] of eight lanes each: lane l
// is the sum over d = l, l+8, l+16, ...
func scoreTile(f format, label string, q, keys rows, heads, side int) []VecVirtual {
	acc := avx2.zeros(heads * side)
	dim := param("dim")
	loop(label+"_dim", dim, 8, func() {
		query := make([]VecVirtual, heads)
		for h := range query {
			query[h] = YMM()
			VMOVUPS(q.at(h, 0), query[h])
		}
		for j := range side {
			key := YMM()
			f.load(keys.at(j, 0), key)
			for h := range query {
				VFMADD231PS(query[h], key, acc[h*side+j])
			}
		}
		q.advance(32)
		keys.advance(8 * f.size)
	})
	return acc
}

// storeSums writes the lane sums of 1, 2, 4 or 8 accumulators to consecutive
// places of row h. Every sum is ((0+1)+(2+3)) + ((4+5)+(6+7)) of its lanes.
func storeSums(acc []VecVirtual, out rows, h int) {
	switch len(acc) {
	case 1:
		VMOVSS(laneSums(acc[0], acc[0], acc[0], acc[0]), out.at(h, 0))
	case 2:
		VMOVLPS(laneSums(acc[0], acc[1], acc[0], acc[1]), out.at(h, 0))
	default:
		for i := 0; i < len(acc); i += 4 {
			VMOVUPS(laneSums(acc[i], acc[i+1], acc[i+2], acc[i+3]), out.at(h, 4*i))
		}
	}
}

// laneSums returns the sums of the lanes of a, b, c and d.
func laneSums(a, b, c, d VecVirtual) VecVirtual {
	ab, cd := YMM(), YMM()
	VHADDPS(b, a, ab)
	VHADDPS(d, c, cd)
	VHADDPS(cd, ab, ab)
	high := XMM()
	VEXTRACTF128(U8(1), ab, high)
	VADDPS(high, ab.AsX(), high)
	return high
}

// blendWidth gives, for a number of heads, how many vectors of a value are
// blended side by side: as many as 16 registers hold.
var blendWidth = [mostHeads + 1]int{1: 4, 2: 4, 3: 4, 4: 2}

// blendRows values are blended before the next ones are read, over all of
// dim: they stay in the caches between one part of dim and the next.
const blendRows = 64

// blend adds weighted values to dst. An output takes its terms in the order
// of j, so that values may be blended in parts with the same result.
func blend(f format) {
	TEXT("Blend"+f.name, NOSPLIT, "func(dst *float32, dstStride int, weights *float32, weightStride int, values *"+f.stored()+", valueStride, dim, n, heads int)")
	Pragma("noescape")
	Doc("Blend"+f.name+" adds weights [heads, n] · values [n, dim] to dst [heads, dim], heads from 1 to 4, dim a",
		"multiple of 8. Strides are in values.")
	weights, values, valueStride, n := param("weights"), param("values"), stride("valueStride", f.size), param("n")
	perHeads(func(heads int) {
		block := "block_of" + itoa(heads)
		Label(block)
		count := GP64()
		MOVQ(I32(blendRows), count)
		CMPQ(n, count)
		CMOVQLT(n, count)
		blendBlock(f, weights, values, valueStride, count, heads)
		LEAQ(Mem{Base: weights, Index: count, Scale: 4}, weights)
		SUBQ(count, n)
		IMULQ(valueStride, count)
		ADDQ(count, values)
		TESTQ(n, n)
		JG(LabelRef(block))
	})
}

// blendBlock adds count values to all of dim.
func blendBlock(f format, weights, values, valueStride, count GPVirtual, heads int) {
	dst, dim, column := param("dst"), param("dim"), GP64()
	MOVQ(values, column)
	for _, width := range []int{blendWidth[heads], 1} {
		label := "dim" + itoa(8*width) + "_of" + itoa(heads)
		loop(label, dim, 8*width, func() {
			blendTile(f, label, dst, weights, column, valueStride, count, heads, width)
			ADDQ(I32(int32(8*width*f.size)), column)
			ADDQ(I32(int32(32*width)), dst)
		})
	}
}

// blendTile adds count values from value on to 8·width outputs of each head.
func blendTile(f format, label string, dst, weights, value, valueStride, count GPVirtual, heads, width int) {
	acc := make([]VecVirtual, heads*width)
	out := newRows(dst, stride("dstStride", 4), heads)
	for i := range acc {
		acc[i] = YMM()
		VMOVUPS(out.at(i/width, i%width*32), acc[i])
	}
	n, from := GP64(), GP64()
	MOVQ(count, n)
	MOVQ(value, from)
	left := newRows(weights, stride("weightStride", 4), heads)
	loop(label+"_n", n, 1, func() {
		weight := make([]VecVirtual, heads)
		for h := range weight {
			weight[h] = YMM()
			VBROADCASTSS(left.at(h, 0), weight[h])
		}
		for v := range width {
			value := YMM()
			f.load(Mem{Base: from, Disp: 8 * v * f.size}, value)
			for h := range weight {
				VFMADD231PS(value, weight[h], acc[h*width+v])
			}
		}
		left.advance(4)
		ADDQ(valueStride, from)
	})
	out = newRows(dst, stride("dstStride", 4), heads)
	for i, a := range acc {
		VMOVUPS(a, out.at(i/width, i%width*32))
	}
}
