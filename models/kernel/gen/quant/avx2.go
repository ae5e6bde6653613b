package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx2 multiplies with VPMADDUBSW. A panel is two strips of 8 rows, since a
// register has 8 dword lanes; 16 registers hold the float sums of 4 rows.
type avx2 struct{ f format }

func (l avx2) format() format { return l.f }
func (l avx2) name() string   { return "AVX2" }
func (l avx2) tokens() int    { return 4 }
func (l avx2) panels() int    { return 2 }

// prepare has nothing to load: the constants stay in memory, registers are few.
func (l avx2) prepare() {}

func (l avx2) start(p pass) {
	for range p.tokens {
		var row [][]reg.Register
		for range p.panels {
			low, high := YMM(), YMM()
			VXORPS(low, low, low)
			VXORPS(high, high, high)
			row = append(row, []reg.Register{low, high})
		}
		*p.sums = append(*p.sums, row)
	}
}

// block takes both strips of a panel together while their integer sums fit the
// registers, else one by one.
func (l avx2) block(p pass) {
	for i := range p.panels {
		if p.tokens <= 2 {
			l.strips(p, i, 0, 1)
			continue
		}
		l.strips(p, i, 0)
		l.strips(p, i, 1)
	}
}

// strips adds a block of the given strips of panel i.
func (l avx2) strips(p pass, i int, strips ...int) {
	words := make([][]reg.Register, len(strips)) // [strip][token]
	for s := range strips {
		for range p.tokens {
			words[s] = append(words[s], YMM())
		}
	}
	for v := range l.f.vectors {
		if l.f == q4 {
			l.vector4(p, i, v, strips, words)
		} else {
			l.vector8(p, i, v, strips, words)
		}
	}
	for s, strip := range strips {
		l.scale(p, i, strip, words[s])
	}
}

// vector4 adds 64 bytes of nibbles, 8 columns, to int16 sums. Over a block a
// lane collects 8 products of two, at most 15·127·2·8 = 30480: no overflow.
func (l avx2) vector4(p pass, i, v int, strips []int, words [][]reg.Register) {
	w := make([][2]reg.Register, len(strips)) // low and high nibbles, 4 columns each
	for s, strip := range strips {
		w[s] = unpack(Mem{Base: p.panels[i], Disp: 64*v + 32*strip})
	}
	for t := range p.tokens {
		for part := range 2 {
			x := YMM()
			VPBROADCASTD(Mem{Base: p.q, Disp: rowBytes*t + 8*v + 4*part}, x)
			for s := range strips {
				product := x
				if s < len(strips)-1 {
					product = YMM()
				}
				if v == 0 && part == 0 {
					VPMADDUBSW(x, w[s][part], words[s][t])
					continue
				}
				VPMADDUBSW(x, w[s][part], product)
				VPADDW(product, words[s][t], words[s][t])
			}
		}
	}
}

// unpack returns the low and the high nibbles of 32 bytes as bytes.
func unpack(m Mem) [2]reg.Register {
	low, high := YMM(), YMM()
	VMOVDQU(m, high)
	VPAND(nibbles.get(), high, low)
	VPSRLW(U8(4), high, high)
	VPAND(nibbles.get(), high, high)
	return [2]reg.Register{low, high}
}

// vector8 adds 64 bytes, 4 columns, to int32 sums: |w| times x with the sign of
// w. |-128| is 128 as an unsigned byte, and 128·127·2 fits an int16.
func (l avx2) vector8(p pass, i, v int, strips []int, words [][]reg.Register) {
	for s, strip := range strips {
		w, magnitude := YMM(), YMM()
		VMOVDQU(Mem{Base: p.panels[i], Disp: 64*v + 32*strip}, w)
		VPABSB(w, magnitude)
		for t := range p.tokens {
			x := YMM()
			VPBROADCASTD(Mem{Base: p.q, Disp: rowBytes*t + 4*v}, x)
			VPSIGNB(w, x, x)
			VPMADDUBSW(x, magnitude, x)
			if v == 0 {
				VPMADDWD(ones.get(), x, words[s][t])
				continue
			}
			VPMADDWD(ones.get(), x, x)
			VPADDD(x, words[s][t], words[s][t])
		}
	}
}

// scale adds the integer sums of a strip, times both scales, to its float sums.
func (l avx2) scale(p pass, i, strip int, words []reg.Register) {
	scales := YMM()
	VCVTPH2PS(Mem{Base: p.panels[i], Disp: l.f.scales() + 16*strip}, scales)
	for t := range p.tokens {
		meta := Mem{Base: p.meta, Disp: metaBytes * t}
		if l.f == q4 {
			start := YMM()
			VPBROADCASTD(meta, start)
			VPMADDWD(ones.get(), words[t], words[t])
			VPADDD(start, words[t], words[t])
		}
		VCVTDQ2PS(words[t], words[t])
		x := YMM()
		VBROADCASTSS(meta.Offset(scaleAt), x)
		VMULPS(x, scales, x)
		VFMADD231PS(words[t], x, (*p.sums)[t][i][strip])
	}
}

func (l avx2) finish(p pass) {
	for t, row := range *p.sums {
		if t > 0 {
			ADDQ(p.stride, p.dst)
		}
		for i, parts := range row {
			VMOVUPS(parts[0], Mem{Base: p.dst, Disp: 64 * i})
			VMOVUPS(parts[1], Mem{Base: p.dst, Disp: 64*i + 32})
		}
	}
}
