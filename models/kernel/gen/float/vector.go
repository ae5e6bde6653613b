package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// level is an instruction set and how a panel of 16 rows lies in its registers.
type level struct {
	name    string
	width   int // bytes of a vector register
	vectors int // registers that hold 16 float32
	tokens  int // rows of activations per Gemm
	panels  int // panels per step of Gemv

	gemvAhead int // bytes between a weight and its prefetch, in each panel
}

var (
	avx2   = level{name: "AVX2", width: 32, vectors: 2, tokens: 6, panels: 4, gemvAhead: 512}
	avx512 = level{name: "AVX512", width: 64, vectors: 1, tokens: 12, panels: 4, gemvAhead: 2048}
)

// vector returns a new register of the level's width.
func (l level) vector() VecVirtual {
	if l.width == 64 {
		return ZMM()
	}
	return YMM()
}

// zeros returns n registers that hold zeros.
func (l level) zeros(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = l.vector()
		if l.width == 64 {
			VPXORD(v[i], v[i], v[i])
		} else {
			VXORPS(v[i], v[i], v[i])
		}
	}
	return v
}

// format is how a value is stored.
type format struct {
	name string
	size int // bytes of a value
}

var (
	f32  = format{"F32", 4}
	f16  = format{"F16", 2}
	bf16 = format{"BF16", 2}
)

// load fills dst with float32 from as many stored values.
func (f format) load(from Mem, dst VecVirtual) {
	switch f {
	case f32:
		VMOVUPS(from, dst)
	case f16:
		VCVTPH2PS(from, dst)
	case bf16:
		VPMOVZXWD(from, dst)
		VPSLLD(U8(16), dst, dst)
	}
}

// stored is the Go type of a value, float32 or the bits of a half.
func (f format) stored() string {
	if f == f32 {
		return "float32"
	}
	return "uint16"
}

// param loads a parameter into a new register.
func param(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	return r
}

// stride loads a parameter that counts values and makes it bytes.
func stride(name string, size int) GPVirtual {
	r := param(name)
	scale(r, size)
	return r
}

// scale multiplies r by a power of two.
func scale(r GPVirtual, by int) {
	for bits := 1; by > 1; by, bits = by/2, bits+1 {
		if by == 2 {
			SHLQ(U8(bits), r)
		}
	}
}

// rows addresses up to 12 rows a stride apart with one register for three.
type rows struct {
	base   []GPVirtual // rows 0, 3, 6, 9
	stride GPVirtual   // bytes
}

// newRows points at n rows, the first at p.
func newRows(p, stride GPVirtual, n int) rows {
	r := rows{stride: stride}
	for i := 0; i < n; i += 3 {
		b := GP64()
		if i == 0 {
			MOVQ(p, b)
		} else {
			last := r.base[len(r.base)-1]
			LEAQ(Mem{Base: last, Index: stride, Scale: 2}, b)
			ADDQ(stride, b)
		}
		r.base = append(r.base, b)
	}
	return r
}

// at is byte disp of row i.
func (r rows) at(i, disp int) Mem {
	m := Mem{Base: r.base[i/3], Disp: disp}
	if i%3 > 0 {
		m.Index, m.Scale = r.stride, uint8(i%3)
	}
	return m
}

// advance moves every row on by n bytes.
func (r rows) advance(n int) {
	for _, b := range r.base {
		ADDQ(I32(int32(n)), b)
	}
}

// loop repeats body, which uses up step of n, while n is at least step. What
// is left of n stays for the next loop.
func loop(label string, n GPVirtual, step int, body func()) {
	CMPQ(n, I32(int32(step)))
	JL(LabelRef(label + "_end"))
	Label(label)
	body()
	SUBQ(I32(int32(step)), n)
	CMPQ(n, I32(int32(step)))
	JGE(LabelRef(label))
	Label(label + "_end")
}

// ret leaves the function with the upper halves of the registers clean.
func ret() {
	VZEROUPPER()
	RET()
}

func itoa(n int) string { return strconv.Itoa(n) }
