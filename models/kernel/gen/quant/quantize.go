package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Bit patterns of float32. Those of magnitudes are ordered as integers.
const (
	infinity  = 0x7f800000
	quietNaN  = 0x7fc00000
	magnitude = 0x7fffffff
)

var (
	limit = all("limit", math.Float32bits(127))
	order = &constant{name: "order", dwords: [8]uint32{0, 4, 1, 5, 2, 6, 3, 7}}
)

// least is the smallest magnitude that is quantised: 127 over it is finite.
var least = math.Float32bits(0x1p-100)

// quantize writes QuantizeAVX2. A block with an Inf or a NaN gets the scale NaN
// and zeros, so that every product with it is NaN.
func quantize() {
	TEXT("QuantizeAVX2", NOSPLIT, "func(q *int8, meta *byte, x *float32, blocks, qStride, metaStride int)")
	Pragma("noescape")
	Doc("QuantizeAVX2 writes one row of activations x as blocks of 32 int8 at q+b*qStride and 8 bytes of meta,",
		"int32 start = -8*sum(q) and float32 scale, at meta+b*metaStride. Strides are bytes.")
	q := Load(Param("q"), GP64())
	meta := Load(Param("meta"), GP64())
	x := Load(Param("x"), GP64())
	blocks := Load(Param("blocks"), GP64())
	qStride := Load(Param("qStride"), GP64())
	metaStride := Load(Param("metaStride"), GP64())
	c := quantizerConstants()

	Label("next")
	DECQ(blocks)
	JLT(LabelRef("done"))
	v := loadBlock(x)
	peak := GP32()
	VMOVD(largest(v, c.magnitude), peak)
	CMPL(peak, U32(infinity))
	JGE(LabelRef("endless"))
	CMPL(peak, U32(least))
	JLT(LabelRef("nothing"))
	scale, inverse := scales(peak, c.limit)
	codes := round(v, inverse, c.order)
	VMOVDQU(codes, Mem{Base: q})
	MOVL(start(codes, c), Mem{Base: meta})
	VMOVSS(scale, Mem{Base: meta, Disp: scaleAt})

	Label("advance")
	ADDQ(Imm(128), x)
	ADDQ(qStride, q)
	ADDQ(metaStride, meta)
	JMP(LabelRef("next"))

	Label("endless")
	empty(q, meta, quietNaN)
	Label("nothing")
	empty(q, meta, 0)

	Label("done")
	VZEROUPPER()
	RET()
}

type constants struct {
	magnitude reg.Register // dwords that clear a sign
	limit     reg.Register // float32 127, one lane
	order     reg.Register // the dwords of two packs of two 128-bit halves, in order
	bytes     reg.Register // bytes 1
	words     reg.Register // words 1
}

func quantizerConstants() constants {
	c := constants{YMM(), XMM(), YMM(), YMM(), YMM()}
	VPCMPEQD(c.magnitude, c.magnitude, c.magnitude)
	VPSRLD(U8(1), c.magnitude, c.magnitude)
	VPABSB(allOnes(), c.bytes)
	VPABSW(allOnes(), c.words)
	VMOVSS(limit.get(), c.limit)
	VMOVDQU(order.get(), c.order)
	return c
}

func allOnes() reg.Register {
	v := YMM()
	VPCMPEQD(v, v, v)
	return v
}

// loadBlock returns 32 floats as 4 vectors of 8.
func loadBlock(x reg.Register) [4]reg.Register {
	var v [4]reg.Register
	for i := range v {
		v[i] = YMM()
		VMOVUPS(Mem{Base: x, Disp: 32 * i}, v[i])
	}
	return v
}

// largest returns the largest magnitude as bits in lane 0.
func largest(v [4]reg.Register, clear reg.Register) reg.Register {
	most, next := YMM(), YMM()
	VPAND(v[0], clear, most)
	for i := 1; i < 4; i++ {
		VPAND(v[i], clear, next)
		VPMAXSD(next, most, most)
	}
	return fold(most, func(a, b reg.Register) { VPMAXSD(a, b, b) })
}

// fold joins the 8 dwords of v into one in lane 0.
func fold(v reg.Register, join func(a, b reg.Register)) reg.Register {
	other, low := XMM(), v.(reg.VecVirtual).AsX()
	VEXTRACTI128(U8(1), v, other)
	join(other, low)
	VPSHUFD(U8(0x4e), low, other)
	join(other, low)
	VPSHUFD(U8(0xb1), low, other)
	join(other, low)
	return low
}

// scales returns peak/127, one lane, and 127/peak in every lane.
func scales(peak, limit reg.Register) (scale, inverse reg.Register) {
	top, s, each := XMM(), XMM(), YMM()
	VMOVD(peak, top)
	VDIVSS(limit, top, s)
	VDIVSS(top, limit, top)
	VBROADCASTSS(top, each)
	return s, each
}

// round returns x·inverse as 32 int8 in order, to the nearest, ties to even.
func round(v [4]reg.Register, inverse, order reg.Register) reg.Register {
	for _, r := range v {
		VMULPS(inverse, r, r)
		VCVTPS2DQ(r, r)
	}
	VPACKSSDW(v[1], v[0], v[0])
	VPACKSSDW(v[3], v[2], v[2])
	VPACKSSWB(v[2], v[0], v[0])
	VPERMD(v[0], order, v[0])
	return v[0]
}

// start returns -8 times the sum of 32 int8.
func start(codes reg.Register, c constants) reg.Register {
	sums, out := YMM(), GP32()
	VPMADDUBSW(codes, c.bytes, sums)
	VPMADDWD(c.words, sums, sums)
	VMOVD(fold(sums, func(a, b reg.Register) { VPADDD(a, b, b) }), out)
	SHLL(U8(3), out)
	NEGL(out)
	return out
}

// empty writes a block of zeros with the given scale and goes on.
func empty(q, meta reg.Register, scale uint32) {
	zero := YMM()
	VPXOR(zero, zero, zero)
	VMOVDQU(zero, Mem{Base: q})
	MOVL(U32(0), Mem{Base: meta})
	MOVL(U32(scale), Mem{Base: meta, Disp: scaleAt})
	JMP(LabelRef("advance"))
}
