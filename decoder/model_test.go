package decoder

import (
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/tensor"
)

// model is a random text tower.
type model struct {
	cfg    gemma4.TextConfig
	tokens gemma4.Tokens
	w      gemma4.TextWeights
}

var tokens = gemma4.Tokens{Pad: 0, BOS: 2, Stop: []int{1}, AudioSoft: 7, ChannelOpen: -1, ChannelClose: -1}

// pattern spells layer types: s sliding, f full.
func pattern(p string) []gemma4.LayerType {
	types := make([]gemma4.LayerType, len(p))
	for i := range p {
		if p[i] == 'f' {
			types[i] = gemma4.Full
		}
	}
	return types
}

func same(v, n int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = v
	}
	return x
}

// shapes are the patterns of the real models in small, and their edges.
func shapes() map[string]gemma4.TextConfig {
	base := gemma4.TextConfig{
		HiddenSize: 32, Heads: 4, KVHeads: [2]int{2, 2}, HeadDim: [2]int{8, 16},
		SlidingWindow: 5, PLEDim: 6, VocabSize: 61, PLEVocabSize: 61, MaxPositions: 4096,
		RopeTheta: [2]float64{1e4, 1e6}, PartialRotary: [2]float64{1, 0.25},
		FinalLogitSoftcap: 30, RMSNormEps: 1e-6,
	}
	shape := func(types string, shared int, ff []int, change func(*gemma4.TextConfig)) gemma4.TextConfig {
		c := base
		c.LayerTypes, c.KVSharedLayers, c.Intermediate = pattern(types), shared, ff
		if change != nil {
			change(&c)
		}
		return c
	}
	return map[string]gemma4.TextConfig{
		"E4B in small":     shape("sssssfsssssf", 5, same(40, 12), nil),
		"E2B in small":     shape("ssssfssssf", 5, append(same(20, 5), same(40, 5)...), func(c *gemma4.TextConfig) { c.KVHeads = [2]int{1, 1} }),
		"no shared layers": shape("ssf", 0, same(16, 3), nil),
		"the last owner is sliding": shape("sfsssf", 3, same(16, 6), func(c *gemma4.TextConfig) {
			c.KVHeads, c.FinalLogitSoftcap = [2]int{4, 1}, 0
		}),
		"one layer":          shape("f", 0, same(16, 1), nil),
		"a window of itself": shape("ssfssf", 3, same(16, 6), func(c *gemma4.TextConfig) { c.SlidingWindow = 1 }),
		"a window that is never full": shape("ssfssf", 3, same(16, 6), func(c *gemma4.TextConfig) {
			c.SlidingWindow = 500
		}),
	}
}

// pocketShape has the sizes of the small model that comes with the program.
func pocketShape() gemma4.TextConfig {
	return gemma4.TextConfig{
		HiddenSize: 128, LayerTypes: pattern("ssfssf"), Intermediate: same(384, 6),
		Heads: 4, KVHeads: [2]int{1, 1}, HeadDim: [2]int{32, 64}, KVSharedLayers: 3,
		SlidingWindow: 128, PLEDim: 32, VocabSize: 2048, PLEVocabSize: 2048, MaxPositions: 4096,
		RopeTheta: [2]float64{1e4, 1e6}, PartialRotary: [2]float64{1, 0.25},
		FinalLogitSoftcap: 30, RMSNormEps: 1e-6,
	}
}

// newModel draws weights whose branches add about a third of the stream: enough
// that a wrong one is seen, not so much that rounding grows from layer to layer.
func newModel(cfg gemma4.TextConfig, seed uint64) *model {
	r := rand.New(rand.NewPCG(seed, 1))
	h, p := cfg.HiddenSize, cfg.PLEDim
	m := &model{cfg: cfg, tokens: tokens}
	m.w = gemma4.TextWeights{
		Embed: matrix(r, cfg.VocabSize, h), PLE: matrix(r, cfg.PLEVocabSize, cfg.Layers()*p),
		PLEModelProj: matrix(r, cfg.Layers()*p, h), PLENorm: vector(r, p), Norm: vector(r, h),
		Layers: make([]gemma4.TextLayer, cfg.Layers()),
	}
	for i := range m.w.Layers {
		dim, ff := cfg.HeadDimOf(i), cfg.Intermediate[i]
		q, kv := cfg.Heads*dim, cfg.KVHeadsOf(i)*dim
		l := gemma4.TextLayer{
			InputNorm: vector(r, h), PreFFNorm: vector(r, h),
			PostAttnNorm: branch(r, h), PostFFNorm: branch(r, h), PostPLENorm: branch(r, h),
			Q: matrix(r, q, h), QNorm: branch(r, dim), O: matrix(r, h, q),
			Gate: matrix(r, ff, h), Up: matrix(r, ff, h), Down: matrix(r, h, ff),
			PLEGate: matrix(r, p, h), PLEProj: matrix(r, h, p),
			Scalar: 0.6 + 0.4*r.Float32(),
		}
		if i < cfg.FirstShared() {
			l.K, l.V, l.KNorm = matrix(r, kv, h), matrix(r, kv, h), vector(r, dim)
		}
		m.w.Layers[i] = l
	}
	return m
}

func matrix(r *rand.Rand, rows, cols int) tensor.Matrix {
	data := make([]byte, 4*rows*cols)
	sigma := 1 / math.Sqrt(float64(cols))
	for i := range rows * cols {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(float32(r.NormFloat64()*sigma)))
	}
	return tensor.Matrix{Rows: rows, Cols: cols, DType: tensor.F32, Data: data}
}

// vector draws norm weights around 1.
func vector(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1 + 0.3*float32(r.NormFloat64())
	}
	return v
}

func (m *model) decoder(t testing.TB) *Decoder {
	t.Helper()
	d, err := New(&m.cfg, &m.tokens, &m.w, kernel.NewTeam(1))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// branch draws norm weights around a third.
func branch(r *rand.Rand, n int) []float32 {
	v := vector(r, n)
	kernel.Scale(v, 1.0/3)
	return v
}

// everyDecoder returns a decoder of every shape, for the reference and packed.
func everyDecoder(t testing.TB, seed uint64) []*Decoder {
	t.Helper()
	var all []*Decoder
	every := shapes()
	for _, name := range slices.Sorted(maps.Keys(every)) {
		m := newModel(every[name], seed)
		all = append(all, m.decoder(t), m.packed(t).decoder(t))
	}
	return all
}

// item is one position of a prompt: a text id, or a sound token.
type item struct {
	id    int
	sound []float32
}

// prompt draws n positions; about half of them are runs of sound.
func prompt(r *rand.Rand, cfg *gemma4.TextConfig, n int) []item {
	items := make([]item, n)
	sounding := false
	for i := range items {
		if r.IntN(4) == 0 {
			sounding = !sounding
		}
		if items[i].id = r.IntN(cfg.VocabSize); sounding {
			items[i].sound = soundToken(r, cfg.HiddenSize)
		}
	}
	return items
}

func soundToken(r *rand.Rand, h int) []float32 {
	x := make([]float32, h)
	for i := range x {
		x[i] = 2 * float32(r.NormFloat64())
	}
	return x
}

// relative returns |a-b| / |b| over all elements.
func relative(a []float32, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var diff, norm float64
	for i := range a {
		d := float64(a[i]) - b[i]
		diff, norm = diff+d*d, norm+b[i]*b[i]
	}
	if norm == 0 {
		return math.Sqrt(diff)
	}
	return math.Sqrt(diff / norm)
}
