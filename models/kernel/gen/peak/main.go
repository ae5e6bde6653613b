// Program peak writes the loops that measure what a processor can do at most:
// arithmetic on registers alone, and plain reading.
//
//	go run ./peak -pkg simd -out ../simd/peak_amd64.s -stubs ../simd/peak_amd64.go
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// chains of sums that do not wait for each other keep the multipliers busy.
const chains = 12

func main() {
	integersAVX2()
	integersAVX512()
	floats("AVX2", func() reg.VecVirtual { return YMM() })
	floats("AVX512", func() reg.VecVirtual { return ZMM() })
	read("AVX2", 32, func() reg.VecVirtual { return YMM() }, func(from Op, sum reg.VecVirtual) { VPXOR(from, sum, sum) })
	read("AVX512", 64, func() reg.VecVirtual { return ZMM() }, func(from Op, sum reg.VecVirtual) { VPXORD(from, sum, sum) })
	Generate()
}

// loop writes a function that does body so many turns.
func loop(name, doc string, prepare func() (body func())) {
	TEXT(name, NOSPLIT, "func(turns int)")
	Pragma("noescape")
	Doc(name + " " + doc)
	turns := Load(Param("turns"), GP64())
	body := prepare()
	Label("turn")
	body()
	SUBQ(Imm(1), turns)
	JNZ(LabelRef("turn"))
	VZEROUPPER()
	RET()
}

// sameBits returns a new vector of ones, shifted left by so many bits after all
// but the last few were shifted out on the right.
func sameBits(vector func() reg.VecVirtual, right, left uint64) reg.VecVirtual {
	x, v := XMM(), vector()
	VPCMPEQD(x, x, x)
	if right > 0 {
		VPSRLD(U8(right), x, x)
		VPSLLD(U8(left), x, x)
	}
	VBROADCASTSS(x, v)
	return v
}

// sums returns chains of new vectors that start as v.
func sums(n int, v reg.VecVirtual, vector func() reg.VecVirtual) []reg.VecVirtual {
	all := make([]reg.VecVirtual, n)
	for i := range all {
		all[i] = vector()
		VMOVUPS(v, all[i])
	}
	return all
}

func integersAVX2() {
	vector := func() reg.VecVirtual { return YMM() }
	loop("PeakIntegersAVX2", "multiplies 6·32 bytes a turn and adds them up in words.", func() func() {
		x := sameBits(vector, 0, 0)
		all := sums(chains/2, x, vector)
		return func() {
			for _, sum := range all {
				product := YMM()
				VPMADDUBSW(x, x, product)
				VPADDW(product, sum, sum)
			}
		}
	})
}

func integersAVX512() {
	vector := func() reg.VecVirtual { return ZMM() }
	loop("PeakIntegersAVX512", "multiplies 12·64 bytes a turn and adds them up in dwords.", func() func() {
		x := sameBits(vector, 0, 0)
		all := sums(chains, x, vector)
		return func() {
			for _, sum := range all {
				VPDPBUSD(x, x, sum)
			}
		}
	})
}

// floats multiplies ones: 31 bits shifted out to 7, then back to the exponent.
func floats(level string, vector func() reg.VecVirtual) {
	loop("PeakFloats"+level, "multiplies and adds 12 vectors of float32 a turn.", func() func() {
		one := sameBits(vector, 25, 23)
		all := sums(chains, one, vector)
		return func() {
			for _, sum := range all {
				VFMADD231PS(one, one, sum)
			}
		}
	})
}

// read writes a function that reads whole stretches of 256 bytes.
func read(level string, width int, vector func() reg.VecVirtual, add func(from Op, sum reg.VecVirtual)) {
	const stretch, line = 256, 64
	TEXT("Read"+level, NOSPLIT, "func(p *byte, stretches, ahead int)")
	Pragma("noescape")
	Doc("Read"+level+" reads so many times 256 bytes from p on and asks for each line the given", "number of bytes ahead.")
	p := Load(Param("p"), GP64())
	stretches := Load(Param("stretches"), GP64())
	ahead := Load(Param("ahead"), GP64())
	zero := XMM()
	VXORPS(zero, zero, zero)
	start := vector()
	VBROADCASTSS(zero, start)
	all := sums(4, start, vector)
	Label("stretch")
	for at := 0; at < stretch; at += line {
		PREFETCHT0(Mem{Base: p, Index: ahead, Scale: 1, Disp: at})
	}
	for i := range stretch / width {
		add(Mem{Base: p, Disp: i * width}, all[i%len(all)])
	}
	ADDQ(I32(stretch), p)
	SUBQ(Imm(1), stretches)
	JNZ(LabelRef("stretch"))
	VZEROUPPER()
	RET()
}
