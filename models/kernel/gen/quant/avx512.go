package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// avx512 multiplies with VPDPBUSD, which takes weights as unsigned bytes and
// activations as a broadcast dword, and sums in int32. A panel's 16 rows are the
// 16 lanes; 32 registers hold the integer and the float sums of 12 rows.
type avx512 struct {
	f    format
	mask reg.Register // q4: bytes 0x0f; q8: bytes 0x80
}

func (l *avx512) format() format { return l.f }
func (l *avx512) name() string   { return "AVX512" }
func (l *avx512) tokens() int    { return 12 }
func (l *avx512) panels() int    { return 4 }
func (l *avx512) ahead() int     { return 2048 }

func (l *avx512) prepare(int) {
	l.mask = ZMM()
	if l.f == q4 {
		VPBROADCASTD(nibbles.get(), l.mask)
		return
	}
	VPBROADCASTD(signs.get(), l.mask)
}

func (l *avx512) start(p pass) {
	for range p.tokens {
		var row [][]Op
		for range p.panels {
			sum := ZMM()
			VPXORD(sum, sum, sum)
			row = append(row, []Op{sum})
		}
		*p.sums = append(*p.sums, row)
	}
}

func (l *avx512) block(p pass, i int) {
	dots := l.starts(p)
	for v := range l.f.vectors {
		at := Mem{Base: p.panels[i], Disp: 64 * v}
		prefetch(p, i, v)
		if l.f == q4 {
			l.nibbles(p, dots, at, 8*v)
			continue
		}
		u := ZMM()
		VPXORD(at, l.mask, u) // w+128
		dot(p, dots, u, 4*v)
	}
	prefetch(p, i, l.f.vectors)
	l.scale(p, i, dots)
}

// starts returns integer sums that begin with what the zero point of the
// weights, 8 or 128, takes away: -8·Σq or -128·Σq.
func (l *avx512) starts(p pass) []reg.Register {
	var dots []reg.Register
	for t := range p.tokens {
		d := ZMM()
		VPBROADCASTD(Mem{Base: p.meta, Disp: metaBytes * t}, d)
		if l.f == q8 {
			VPSLLD(U8(4), d, d)
		}
		dots = append(dots, d)
	}
	return dots
}

// nibbles adds 64 bytes of nibbles, the 8 columns from k on.
func (l *avx512) nibbles(p pass, dots []reg.Register, at Mem, k int) {
	low, high := ZMM(), ZMM()
	VMOVDQU32(at, high)
	VPANDD(high, l.mask, low)
	VPSRLW(U8(4), high, high)
	VPANDD(high, l.mask, high)
	dot(p, dots, low, k)
	dot(p, dots, high, k+4)
}

// dot adds the products of 16 rows with the 4 columns from k on to every sum.
func dot(p pass, dots []reg.Register, u reg.Register, k int) {
	for t, d := range dots {
		VPDPBUSD_BCST(Mem{Base: p.q, Disp: rowBytes*t + k}, u, d)
	}
}

// scale adds the integer sums, times both scales, to the float sums.
func (l *avx512) scale(p pass, i int, dots []reg.Register) {
	scales := ZMM()
	VCVTPH2PS(Mem{Base: p.panels[i], Disp: l.f.scales()}, scales)
	for t, d := range dots {
		x := ZMM()
		VCVTDQ2PS(d, d)
		VMULPS_BCST(Mem{Base: p.meta, Disp: metaBytes*t + scaleAt}, scales, x)
		VFMADD231PS(d, x, (*p.sums)[t][i][0])
	}
}

func (l *avx512) finish(p pass) {
	for t, row := range *p.sums {
		if t > 0 {
			ADDQ(p.stride, p.dst)
		}
		for i, parts := range row {
			VMOVUPS(parts[0], Mem{Base: p.dst, Disp: 64 * i})
		}
	}
}
