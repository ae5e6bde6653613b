//go:build amd64

package simd

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/cpu"
)

type (
	gemmFunc func(dst *float32, dstStride int, w *byte, q *int8, meta *byte, group, m, blocks int)
	gemvFunc func(dst *float32, w *byte, panels int, q *int8, meta *byte, blocks int)
)

// quantLevel is one instruction set's kernels, by format.
type quantLevel struct {
	name   string
	has    bool
	tokens int // most rows of a Gemm
	gemm   []gemmFunc
	gemv   []gemvFunc
}

var quantLevels = []quantLevel{
	{"AVX2", cpu.X86.HasAVX2 && cpu.X86.HasFMA, 4,
		[]gemmFunc{Q4GemmAVX2, Q8GemmAVX2}, []gemvFunc{Q4GemvAVX2, Q8GemvAVX2}},
	{"AVX512", cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VNNI, 12,
		[]gemmFunc{Q4GemmAVX512, Q8GemmAVX512}, []gemvFunc{Q4GemvAVX512, Q8GemvAVX512}},
}

// eachQuant runs f for every level and format that this CPU has.
func eachQuant(t *testing.T, f func(t *testing.T, l quantLevel, i int)) {
	for _, l := range quantLevels {
		for i, format := range quantFormats {
			t.Run(format.name+l.name, func(t *testing.T) {
				if !l.has {
					t.Skipf("this CPU lacks %s", l.name)
				}
				f(t, l, i)
			})
		}
	}
}

// quantCase is one problem: panels times a group of rows, with the answers.
type quantCase struct {
	format         quantFormat
	panels, blocks int
	group          int
	w              []byte          // [panels][blocks][format.block]
	q, meta        []byte          // [blocks][group] of 32 and of 8
	want           [][][16]float32 // [panels][group]
}

func newCase(format quantFormat, panels, blocks, group int) *quantCase {
	return &quantCase{format: format, panels: panels, blocks: blocks, group: group,
		w: make([]byte, panels*blocks*format.block), q: make([]byte, blocks*group*32), meta: make([]byte, blocks*group*8)}
}

// block is block b of panel p.
func (c *quantCase) block(p, b int) []byte {
	return c.w[(p*c.blocks+b)*c.format.block:][:c.format.block]
}

// row sets block b of row t; start follows from q.
func (c *quantCase) row(b, t int, scale float32, q func(k int) int8) {
	start := int32(0)
	for k := range 32 {
		v := q(k)
		c.q[(b*c.group+t)*32+k] = byte(v)
		start -= 8 * int32(v)
	}
	m := c.meta[(b*c.group+t)*8:]
	binary.LittleEndian.PutUint32(m, uint32(start))
	binary.LittleEndian.PutUint32(m[4:], math.Float32bits(scale))
}

// random fills the case with any codes and with scales drawn from the two lists.
func (c *quantCase) random(rng *rand.Rand, halves []uint16, scales []float32) {
	for i := 0; i < len(c.w); i += 8 {
		binary.LittleEndian.PutUint64(c.w[i:], rng.Uint64())
	}
	for b := range c.blocks {
		for t := range c.group {
			c.row(b, t, scales[rng.IntN(len(scales))], func(int) int8 { return int8(rng.IntN(255) - 127) })
		}
		for p := range c.panels {
			for r := range 16 {
				c.format.setScale(c.block(p, b), r, halves[rng.IntN(len(halves))])
			}
		}
	}
}

// answer asks the judge.
func (c *quantCase) answer() {
	c.want = make([][][16]float32, c.panels)
	size := c.blocks * c.format.block
	for p := range c.want {
		c.want[p] = c.format.judge(c.w[p*size:][:size], c.q, c.meta, c.group, c.blocks)
	}
}

// Plain scales, and all kinds of numbers that a file or a signal may bring.
var (
	plainHalves = []uint16{0x1c00, 0x2001, 0xa0ff, 0x2bad}
	wildHalves  = []uint16{0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x7d01, 0xfe55}
	plainScales = []float32{0.001, 0.0123, 1, 7e-5}
	wildScales  = []float32{0, 1e-45, 1e-38, 0x1p-107, 1, 3.4e38, 1e33, -1, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
)

// grounds are the yards of the operands of one test.
type grounds struct{ w, q, meta, dst *yard }

func newGrounds(t testing.TB, size int) grounds {
	return grounds{newYard(t, size), newYard(t, size), newYard(t, size), newYard(t, size)}
}

// place says where operands lie: off bytes from the lower or the upper fence.
type place struct {
	off int
	low bool
}

var places = []place{{0, false}, {0, true}, {7, false}, {1, true}, {32, false}, {20, true}}

// gemm runs rows t0..t0+m of panel 0 and checks dst and its surroundings.
func (c *quantCase) gemm(t *testing.T, g grounds, at place, f gemmFunc, t0, m, stride int) {
	t.Helper()
	w, q, meta := g.w.lend(c.blocks*c.format.block, at.off, at.low), g.q.lend(len(c.q), at.off, at.low), g.meta.lend(len(c.meta), at.off, at.low)
	copy(w, c.w)
	copy(q, c.q)
	copy(meta, c.meta)
	dst := g.dst.lend(4*((m-1)*stride+16), at.off, at.low)
	guard(dst)
	f(floats(dst), stride, &w[0], ints(q[t0*32:]), &meta[t0*8], c.group, m, c.blocks)
	name := fmt.Sprintf("group %d, rows %d+%d, %d blocks, stride %d, %+v", c.group, t0, m, c.blocks, stride, at)
	for i := range m {
		checkRow(t, name, dst[4*i*stride:], c.want[0][t0+i])
		if i < m-1 && !untouched(dst[4*(i*stride+16):4*(i+1)*stride]) {
			t.Fatalf("%s: wrote between rows %d and %d of dst", name, i, i+1)
		}
	}
	if !g.dst.quiet(dst) {
		t.Fatalf("%s: wrote outside dst", name)
	}
}

// gemv runs row 0 of every panel; the group must be 1.
func (c *quantCase) gemv(t *testing.T, g grounds, at place, f gemvFunc) {
	t.Helper()
	w, q, meta := g.w.lend(len(c.w), at.off, at.low), g.q.lend(len(c.q), at.off, at.low), g.meta.lend(len(c.meta), at.off, at.low)
	copy(w, c.w)
	copy(q, c.q)
	copy(meta, c.meta)
	dst := g.dst.lend(64*c.panels, at.off, at.low)
	guard(dst)
	f(floats(dst), &w[0], c.panels, ints(q), &meta[0], c.blocks)
	name := fmt.Sprintf("%d panels, %d blocks, %+v", c.panels, c.blocks, at)
	for p := range c.panels {
		checkRow(t, fmt.Sprintf("%s, panel %d", name, p), dst[64*p:], c.want[p][0])
	}
	if !g.dst.quiet(dst) {
		t.Fatalf("%s: wrote outside dst", name)
	}
}

func checkRow(t *testing.T, name string, dst []byte, want [16]float32) {
	t.Helper()
	for r, v := range want {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(dst[4*r:])); !sameFloat(got, v) {
			t.Fatalf("%s: output %d is %g, want %g", name, r, got, v)
		}
	}
}

// TestQuantSmall tries every number of rows at every place of every group.
func TestQuantSmall(t *testing.T) {
	eachQuant(t, func(t *testing.T, l quantLevel, i int) {
		rng, g, n := rand.New(rand.NewPCG(3, 4)), newGrounds(t, 32<<10), 0
		for blocks := 1; blocks <= 4; blocks++ {
			for group := 1; group <= l.tokens; group++ {
				c := newCase(quantFormats[i], 1, blocks, group)
				c.random(rng, plainHalves, plainScales)
				c.answer()
				for t0 := range group {
					for m := 1; t0+m <= group; m++ {
						c.gemm(t, g, places[n%len(places)], l.gemm[i], t0, m, 16+n%4*7)
						n++
					}
				}
			}
		}
	})
}

// TestQuantGemvSmall tries panel numbers around the kernels' side by side.
func TestQuantGemvSmall(t *testing.T) {
	eachQuant(t, func(t *testing.T, l quantLevel, i int) {
		rng, g, n := rand.New(rand.NewPCG(5, 6)), newGrounds(t, 32<<10), 0
		for blocks := 1; blocks <= 4; blocks++ {
			for panels := 1; panels <= 9; panels++ {
				c := newCase(quantFormats[i], panels, blocks, 1)
				c.random(rng, plainHalves, plainScales)
				c.answer()
				c.gemv(t, g, places[n%len(places)], l.gemv[i])
				n++
			}
		}
	})
}

// TestQuantNothing asks for no work.
func TestQuantNothing(t *testing.T) {
	eachQuant(t, func(t *testing.T, l quantLevel, i int) {
		w, q, meta, dst := make([]byte, 2048), make([]int8, 512), make([]byte, 128), [16]float32{3}
		l.gemm[i](&dst[0], 16, &w[0], &q[0], &meta[0], 1, 0, 1)
		l.gemm[i](&dst[0], 16, &w[0], &q[0], &meta[0], 1, l.tokens+1, 1)
		l.gemv[i](&dst[0], &w[0], 0, &q[0], &meta[0], 1)
		if dst != [16]float32{3} {
			t.Errorf("dst became %v", dst)
		}
	})
}

// TestQuantLarge takes the columns of real matrices.
func TestQuantLarge(t *testing.T) {
	eachQuant(t, func(t *testing.T, l quantLevel, i int) {
		rng, g := rand.New(rand.NewPCG(7, 8)), newGrounds(t, 3*320*544)
		for _, size := range []struct{ blocks, panels, group int }{{320, 1, 1}, {80, 1, l.tokens}, {80, 3, 1}, {33, 5, 1}, {7, 1, 25}} {
			c := newCase(quantFormats[i], size.panels, size.blocks, size.group)
			c.random(rng, plainHalves, plainScales)
			c.answer()
			if size.group == 1 {
				c.gemv(t, g, places[0], l.gemv[i])
			}
			m := min(size.group, l.tokens)
			c.gemm(t, g, places[2], l.gemm[i], size.group-m, m, 16)
		}
	})
}
