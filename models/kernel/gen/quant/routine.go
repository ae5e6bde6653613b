package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A level is one instruction set's way to multiply panels of one format.
type level interface {
	format() format
	name() string        // AVX2 or AVX512
	tokens() int         // most activation rows of a Gemm
	panels() int         // panels that a Gemv reads side by side
	ahead() int          // bytes that a Gemv asks for each panel in advance
	prepare(n int)       // readies what passes of up to n rows share
	start(p pass)        // zeroes the float sums
	block(p pass, i int) // adds one block of panel i to the float sums
	finish(p pass)       // stores the float sums
}

// A pass is one walk over the blocks of a few panels with a few activation rows.
type pass struct {
	panels []reg.Register // each points at its panel's block
	q      reg.Register   // int8 [tokens, 32], the block's activations
	meta   reg.Register   // [tokens] of start and scale
	tokens int
	ahead  int          // bytes from a load of weights to its prefetch
	dst    reg.Register // float32 [tokens, panels·16]
	stride reg.Register // bytes between two rows of dst
	sums   *sums
}

// sums are the float sums of a pass, registers or memory: [token][panel][part].
type sums [][][]Op

// gemm writes a kernel of one panel and 1 to tokens() rows: one loop for each m.
func gemm(l level) {
	TEXT(l.format().name+"Gemm"+l.name(), NOSPLIT, "func(dst *float32, dstStride int, w *byte, q *int8, meta *byte, group, m, blocks int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%sGemm%s writes m rows of 16 outputs, 1 <= m <= %d: one panel w times rows of quantised", l.format().name, l.name(), l.tokens()),
		"activations that lie in groups of group rows, dst[t*dstStride+r].")
	dst := Load(Param("dst"), GP64())
	stride := Load(Param("dstStride"), GP64())
	w := Load(Param("w"), GP64())
	q := Load(Param("q"), GP64())
	meta := Load(Param("meta"), GP64())
	group := Load(Param("group"), GP64())
	m := Load(Param("m"), GP64())
	blocks := Load(Param("blocks"), GP64())
	SHLQ(U8(2), stride)
	l.prepare(l.tokens())
	for t := l.tokens(); t >= 1; t-- {
		CMPQ(m, U8(t))
		JEQ(LabelRef(rowsLabel(t)))
	}
	JMP(LabelRef("done"))
	for t := l.tokens(); t >= 1; t-- {
		Label(rowsLabel(t))
		p := pass{panels: []reg.Register{w}, q: q, meta: meta, tokens: t, ahead: gemmAhead, dst: dst, stride: stride}
		walk(l, p, rowsLabel(t), blocks, group)
		JMP(LabelRef("done"))
	}
	Label("done")
	VZEROUPPER()
	RET()
}

func rowsLabel(t int) string { return fmt.Sprintf("rows%d", t) }

// gemv writes a kernel of one activation row and any number of panels, a few of
// them side by side and then the rest one by one.
func gemv(l level) {
	TEXT(l.format().name+"Gemv"+l.name(), NOSPLIT, "func(dst *float32, w *byte, panels int, q *int8, meta *byte, blocks int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%sGemv%s writes 16 outputs for each panel: panels that follow each other in w times one row of", l.format().name, l.name()),
		"quantised activations, dst[p*16+r].")
	dst := Load(Param("dst"), GP64())
	w := Load(Param("w"), GP64())
	panels := Load(Param("panels"), GP64())
	l.prepare(1)
	if l.panels() > 1 {
		gemvLoop(l, "wide", l.panels(), dst, w, panels)
	}
	gemvLoop(l, "single", 1, dst, w, panels)
	VZEROUPPER()
	RET()
}

// gemvLoop takes n panels at a time while there are n left; w moves over them.
func gemvLoop(l level, name string, n int, dst, w, panels reg.Register) {
	Label(name)
	CMPQ(panels, U8(n))
	JLT(LabelRef(name + "_end"))
	blocks := Load(Param("blocks"), GP64())
	p := pass{panels: spread(l.format(), n, w, blocks), tokens: 1, ahead: l.ahead(), dst: dst}
	p.q = Load(Param("q"), GP64())
	p.meta = Load(Param("meta"), GP64())
	one := GP64()
	MOVQ(U32(1), one)
	walk(l, p, name+"_blocks", blocks, one)
	MOVQ(p.panels[n-1], w)
	ADDQ(U32(64*n), dst)
	SUBQ(U8(n), panels)
	JMP(LabelRef(name))
	Label(name + "_end")
}

// spread returns n pointers, the first at w and each a panel behind the other.
func spread(f format, n int, w, blocks reg.Register) []reg.Register {
	first := GP64()
	MOVQ(w, first)
	out := []reg.Register{first}
	if n == 1 {
		return out
	}
	size := GP64()
	IMUL3Q(U32(f.block()), blocks, size)
	for len(out) < n {
		next := GP64()
		LEAQ(Mem{Base: out[len(out)-1], Index: size, Scale: 1}, next)
		out = append(out, next)
	}
	return out
}

// walk runs a pass: blocks times, each with q and meta of group rows. It moves
// every pointer of the pass behind what it read.
func walk(l level, p pass, name string, blocks, group reg.Register) {
	p.sums = new(sums)
	l.start(p)
	qStep, metaStep := GP64(), GP64()
	MOVQ(group, qStep)
	SHLQ(U8(5), qStep)
	MOVQ(group, metaStep)
	SHLQ(U8(3), metaStep)
	TESTQ(blocks, blocks)
	JLE(LabelRef(name + "_store"))
	Label(name + "_loop")
	for i, w := range p.panels {
		l.block(p, i)
		ADDQ(U32(l.format().block()), w)
	}
	ADDQ(qStep, p.q)
	ADDQ(metaStep, p.meta)
	DECQ(blocks)
	JNZ(LabelRef(name + "_loop"))
	Label(name + "_store")
	l.finish(p)
}

// gemmAhead is how far in front of its loads a Gemm asks for weights, in bytes.
const gemmAhead = 2048

// prefetch asks for the line that vector v of panel i, or the scales behind the
// vectors, will need later on. It may name addresses behind the weights, which is
// harmless. One goes with each vector: many at once would wait for each other.
func prefetch(p pass, i, v int) {
	PREFETCHT0(Mem{Base: p.panels[i], Disp: p.ahead + 64*v})
}
