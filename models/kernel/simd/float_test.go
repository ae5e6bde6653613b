//go:build amd64

package simd

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"golang.org/x/sys/cpu"
)

type (
	floatGemm func(dst *float32, dstStride int, w *byte, x *float32, xStride, k, m int)
	floatGemv func(dst *float32, w *byte, panels int, x *float32, k int)
)

// floatFormat is one way to store weights and its kernels at one level.
type floatFormat struct {
	name string
	size int // bytes of a value
	gemm floatGemm
	gemv floatGemv
}

// value returns stored value i of w.
func (f floatFormat) value(w []byte, i int) float32 {
	bits := uint32(w[i*f.size]) | uint32(w[i*f.size+1])<<8
	switch f.name {
	case "F32":
		return math.Float32frombits(bits | uint32(w[i*4+2])<<16 | uint32(w[i*4+3])<<24)
	case "F16":
		return judgeWiden(uint16(bits))
	}
	return math.Float32frombits(bits << 16)
}

var floatLevels = []struct {
	name    string
	has     bool
	tokens  int // most rows of a Gemm
	formats []floatFormat
}{
	{"AVX2", hasAVX2, 6, []floatFormat{
		{"F32", 4, GemmF32AVX2, GemvF32AVX2}, {"F16", 2, GemmF16AVX2, GemvF16AVX2}, {"BF16", 2, GemmBF16AVX2, GemvBF16AVX2}}},
	{"AVX512", cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL, 12, []floatFormat{
		{"F32", 4, GemmF32AVX512, GemvF32AVX512}, {"F16", 2, GemmF16AVX512, GemvF16AVX512}, {"BF16", 2, GemmBF16AVX512, GemvBF16AVX512}}},
}

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA // F16C came before both

// needAVX2 skips a test that this CPU cannot run.
func needAVX2(t testing.TB) {
	if !hasAVX2 {
		t.Skip("this CPU lacks AVX2 or FMA")
	}
}

// eachFloat runs f for every level and format that this CPU has.
func eachFloat(t *testing.T, f func(t *testing.T, tokens int, format floatFormat)) {
	for _, l := range floatLevels {
		for _, format := range l.formats {
			t.Run(format.name+l.name, func(t *testing.T) {
				if !l.has {
					t.Skipf("this CPU lacks %s", l.name)
				}
				f(t, l.tokens, format)
			})
		}
	}
}

// A floatCase is a product of every panel with every token, and its answers.
type floatCase struct {
	format            floatFormat
	panels, k, tokens int
	w                 *floatRoom // panels [panels, k, 16] as stored
	x                 *floatRoom // [tokens, k]
	dst               *floatRoom
	want              []float32 // [panels, tokens, 16]
}

func newFloatCase(t testing.TB, f floatFormat, panels, k, tokens int) *floatCase {
	return &floatCase{f, panels, k, tokens, newFloatRoom(t, panels*k*16*f.size), newFloatRoom(t, 4*tokens*(k+3)),
		newFloatRoom(t, 4*(tokens*21+panels*16)), make([]float32, panels*tokens*16)}
}

// judge computes the answers: one accumulator per output, terms in order.
func (c *floatCase) judge(w []byte, x []float32) {
	for i := range c.want {
		row, token, panel := i%16, i/16%c.tokens, i/16/c.tokens
		var acc float32
		for k := range c.k {
			acc = judgeFMA(c.format.value(w, (panel*c.k+k)*16+row), x[token*c.k+k], acc)
		}
		c.want[i] = acc
	}
}

// run multiplies weights and tokens with Gemm for every m and with Gemv, and
// compares each with the judge: m changes no bit.
func (c *floatCase) run(t *testing.T, w []byte, x []float32, gap int) {
	t.Helper()
	c.judge(w, x)
	stored := lend[byte](c.w, len(w))
	copy(stored, w)
	dstStride, xStride := 16+gap, c.k+gap
	for m := 1; m <= c.tokens; m++ {
		in, out := lend[float32](c.x, (m-1)*xStride+c.k), lend[float32](c.dst, (m-1)*dstStride+16)
		for i := range m {
			copy(in[i*xStride:], x[i*c.k:(i+1)*c.k])
		}
		for p := range c.panels {
			c.dst.reset()
			c.format.gemm(&out[0], dstStride, &stored[p*c.k*16*c.format.size], &in[0], xStride, c.k, m)
			sameRows(t, c.dst, out, c.want[p*c.tokens*16:][:m*16], 16, dstStride)
		}
	}
	in, out := lend[float32](c.x, c.k), lend[float32](c.dst, c.panels*16)
	copy(in, x)
	c.dst.reset()
	c.format.gemv(&out[0], &stored[0], c.panels, &in[0], c.k)
	for p := range c.panels {
		sameFloats(t, out[p*16:(p+1)*16], c.want[p*c.tokens*16:][:16])
	}
	c.dst.quiet(t, out)
}

// sameRows compares rows of width values, stride apart in got, and demands
// that nothing between and before them was touched.
func sameRows(t testing.TB, room *floatRoom, got, want []float32, width, stride int) {
	t.Helper()
	for r := range len(want) / width {
		row := got[r*stride:]
		sameFloats(t, row[:width], want[r*width:(r+1)*width])
		for i := width; i < min(stride, len(row)); i++ {
			if math.Float32bits(row[i]) != floatCanary {
				t.Fatalf("row %d: value %d behind it was written", r, i-width)
			}
		}
	}
	room.quiet(t, got)
}

func TestFloatGemmAndGemvEqualTheJudge(t *testing.T) {
	eachFloat(t, func(t *testing.T, tokens int, f floatFormat) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, k := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 33, 64} {
			panels := 1 + k%9
			c := newFloatCase(t, f, panels, k, tokens)
			w, x := storedValues(rng, f, panels*k*16, k%3 == 2), someFloats(rng, tokens*k, k%3 == 2)
			c.run(t, w, x, k%4)
		}
	})
}

// Every count of panels, by itself and for few and odd k.
func TestFloatGemvOfAnyPanels(t *testing.T) {
	eachFloat(t, func(t *testing.T, _ int, f floatFormat) {
		rng := rand.New(rand.NewPCG(13, 14))
		for panels := 1; panels <= 13; panels++ {
			for _, k := range []int{1, 5} {
				c := newFloatCase(t, f, panels, k, 1)
				c.run(t, storedValues(rng, f, panels*k*16, false), someFloats(rng, k, false), 0)
			}
		}
	})
}

func TestFloatGemmOfLargeMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("large")
	}
	eachFloat(t, func(t *testing.T, tokens int, f floatFormat) {
		rng := rand.New(rand.NewPCG(15, 16))
		const k = 1531
		c := newFloatCase(t, f, 1, k, 3)
		c.run(t, storedValues(rng, f, k*16, false), someFloats(rng, 3*k, false), 3)
	})
}

// FuzzFloatGemm reads weights and activations from the input, so every pattern
// of bits meets every kernel.
func FuzzFloatGemm(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint8(5), uint8(2))
	f.Add([]byte("\xff\xff\x7f\x80\x00\x00\x80\x7f"), uint8(9), uint8(6))
	f.Fuzz(func(t *testing.T, data []byte, k, panels uint8) {
		kk, pp := 1+int(k)%20, 1+int(panels)%6
		for _, l := range floatLevels {
			for _, format := range l.formats {
				if l.has {
					w, x := patterns[byte](data, pp*kk*16*format.size), patterns[float32](data, 2*kk)
					newFloatCase(t, format, pp, kk, 2).run(t, w, x, kk%3)
				}
			}
		}
	})
}

// patterns returns n values made of data, over and over.
func patterns[T any](data []byte, n int) []T {
	out := make([]T, n)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), n*int(unsafe.Sizeof(out[0])))
	for i := range raw {
		if len(data) > 0 {
			raw[i] = data[i%len(data)]
		}
	}
	return out
}
