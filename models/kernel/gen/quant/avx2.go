package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx2 multiplies with VPMADDUBSW. A panel is two strips of 8 rows, since a
// register has 8 dword lanes; 16 registers hold the float sums of 4 rows.
type avx2 struct {
	f     format
	spare Mem // room for the float sums of tokens() rows
}

func (l *avx2) format() format { return l.f }
func (l *avx2) name() string   { return "AVX2" }
func (l *avx2) tokens() int    { return 4 }
func (l *avx2) panels() int    { return 4 }
func (l *avx2) ahead() int     { return 1024 }

// prepare loads no constants: they stay in memory, since registers are few.
func (l *avx2) prepare(rows int) {
	if spills(rows) {
		l.spare = frame(64 * rows)
	}
}

// spills reports whether the float sums of n rows live in memory: with 3 rows
// and more, registers that hold both strips' integer sums save more.
func spills(n int) bool { return n > 2 }

func (l *avx2) start(p pass) {
	for t := range p.tokens {
		var row [][]Op
		for range p.panels {
			strips := []Op{YMM(), YMM()}
			for s, sum := range strips {
				VXORPS(sum, sum, sum)
				if spills(p.tokens) {
					strips[s] = l.spare.Offset(64*t + 32*s)
					VMOVUPS(sum, strips[s])
				}
			}
			row = append(row, strips)
		}
		*p.sums = append(*p.sums, row)
	}
}

// frame is n bytes of the stack that begin at a multiple of 32.
func frame(n int) Mem {
	base := GP64()
	LEAQ(AllocLocal(n+32), base)
	ADDQ(Imm(31), base)
	ANDQ(I8(-32), base)
	return Mem{Base: base}
}

func (l *avx2) block(p pass, i int) {
	words := make([][]reg.Register, p.tokens) // [token][strip]
	for t := range words {
		words[t] = []reg.Register{YMM(), YMM()}
	}
	for v := range l.f.vectors {
		prefetch(p, i, v)
		if l.f == q4 {
			l.columns4(p, i, 8*v, words)
			l.columns4(p, i, 8*v+4, words)
			continue
		}
		l.columns8(p, i, 4*v, words)
	}
	prefetch(p, i, l.f.vectors)
	l.scale(p, i, words)
}

// columns4 adds the 4 columns from k on to int16 sums. Over a block a lane
// collects 8 products of two, at most 15·127·2·8 = 30480: no overflow.
func (l *avx2) columns4(p pass, i, k int, words [][]reg.Register) {
	w := nibbles4(Mem{Base: p.panels[i], Disp: 64 * (k / 8)}, k%8/4)
	for t := range p.tokens {
		x := YMM()
		VPBROADCASTD(Mem{Base: p.q, Disp: rowBytes*t + k}, x)
		for strip, sum := range words[t] {
			if k == 0 {
				VPMADDUBSW(x, w[strip], sum)
				continue
			}
			product := YMM()
			VPMADDUBSW(x, w[strip], product)
			VPADDW(product, sum, sum)
		}
	}
}

// nibbles4 returns the low (0) or high (1) nibbles of both strips as bytes.
func nibbles4(at Mem, high int) [2]reg.Register {
	w := [2]reg.Register{YMM(), YMM()}
	for strip, r := range w {
		VMOVDQU(at.Offset(32*strip), r)
		if high == 1 {
			VPSRLW(U8(4), r, r)
		}
		VPAND(nibbles.get(), r, r)
	}
	return w
}

// columns8 adds the 4 columns from k on to int32 sums: |w| times x with the sign
// of w. |-128| is 128 as an unsigned byte, and 128·127·2 fits an int16.
func (l *avx2) columns8(p pass, i, k int, words [][]reg.Register) {
	for strip := range 2 {
		w, magnitude := YMM(), YMM()
		VMOVDQU(Mem{Base: p.panels[i], Disp: 64*(k/4) + 32*strip}, w)
		VPABSB(w, magnitude)
		for t := range p.tokens {
			x, sum := YMM(), words[t][strip]
			VPBROADCASTD(Mem{Base: p.q, Disp: rowBytes*t + k}, x)
			VPSIGNB(w, x, x)
			VPMADDUBSW(x, magnitude, x)
			if k == 0 {
				VPMADDWD(ones.get(), x, sum)
				continue
			}
			VPMADDWD(ones.get(), x, x)
			VPADDD(x, sum, sum)
		}
	}
}

// scale adds the integer sums, times both scales, to the float sums.
func (l *avx2) scale(p pass, i int, words [][]reg.Register) {
	var scales [2]reg.Register
	for strip := range scales {
		scales[strip] = YMM()
		VCVTPH2PS(Mem{Base: p.panels[i], Disp: l.f.scales() + 16*strip}, scales[strip])
	}
	for t := range p.tokens {
		meta := Mem{Base: p.meta, Disp: metaBytes * t}
		if l.f == q4 {
			widen(meta, words[t])
		}
		x := YMM()
		VBROADCASTSS(meta.Offset(scaleAt), x)
		for strip, w := range words[t] {
			both := YMM()
			VMULPS(x, scales[strip], both)
			VCVTDQ2PS(w, w)
			addProduct(w, both, (*p.sums)[t][i][strip])
		}
	}
}

// widen turns the int16 sums of a row into int32 and adds its start.
func widen(meta Mem, words []reg.Register) {
	start := YMM()
	VPBROADCASTD(meta, start)
	for _, w := range words {
		VPMADDWD(ones.get(), w, w)
		VPADDD(start, w, w)
	}
}

// addProduct is sum += a·b, rounded once.
func addProduct(a, b reg.Register, sum Op) {
	if m, ok := sum.(Mem); ok {
		s := YMM()
		VMOVUPS(m, s)
		VFMADD231PS(a, b, s)
		VMOVUPS(s, m)
		return
	}
	VFMADD231PS(a, b, sum)
}

func (l *avx2) finish(p pass) {
	for t, row := range *p.sums {
		if t > 0 {
			ADDQ(p.stride, p.dst)
		}
		for i, strips := range row {
			for s, sum := range strips {
				r := sum
				if spills(p.tokens) {
					r = YMM()
					VMOVUPS(sum, r)
				}
				VMOVUPS(r, Mem{Base: p.dst, Disp: 64*i + 32*s})
			}
		}
	}
}
