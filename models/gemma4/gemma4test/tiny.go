// Package gemma4test makes toy Gemma 4 models of a few hundred kB: random
// weights, the real architecture, every odd corner of it in use.
package gemma4test

import (
	"math"

	"sotto/models/gemma4"
)

// Tiny returns a random model with the proportions of E4B: two key/value
// heads, one feed-forward width, finite clip bounds, shared layers of both
// types. The same seed gives the same weights.
func Tiny(seed uint64) *gemma4.Model { return Random(TinyConfig(), seed) }

// TinyE2B returns a random model with the proportions of E2B: one key/value
// head, a feed-forward twice as wide in the layers that share keys and values.
func TinyE2B(seed uint64) *gemma4.Model { return Random(TinyE2BConfig(), seed) }

// TinyConfig returns the sizes that Tiny uses.
func TinyConfig() gemma4.Config {
	const s, f = gemma4.Sliding, gemma4.Full
	return gemma4.Config{
		Audio: gemma4.AudioConfig{
			MelBins: 128, HiddenSize: 32, Layers: 3, Heads: 4, ConvChannels: [2]int{128, 4},
			ConvKernelSize: 5, ChunkSize: 12, ContextLeft: 13, ContextRight: 0,
			AttentionLogitCap: 50, ResidualWeight: 0.5, GradientClipping: 1e10,
			UseClippedLinears: true, RMSNormEps: 1e-6, OutputDims: 48,
		},
		Text: gemma4.TextConfig{
			HiddenSize:   32,
			LayerTypes:   []gemma4.LayerType{s, s, f, s, f, s, f},
			Intermediate: []int{64, 64, 64, 64, 64, 64, 64},
			Heads:        4, KVHeads: [2]int{2, 2}, HeadDim: [2]int{8, 16},
			KVSharedLayers: 3, SlidingWindow: 8, PLEDim: 8, VocabSize: 96, PLEVocabSize: 96,
			MaxPositions: 4096, RopeTheta: [2]float64{1e4, 1e6}, PartialRotary: [2]float64{1, 0.25},
			FinalLogitSoftcap: 30, RMSNormEps: 1e-6,
		},
		Tokens: gemma4.Tokens{
			Pad: 0, BOS: 2, Stop: []int{1, 6}, TurnOpen: 5, TurnClose: 6,
			AudioOpen: 90, AudioClose: 91, AudioSoft: 92, ChannelOpen: 7, ChannelClose: 8,
		},
	}
}

// TinyE2BConfig returns the sizes that TinyE2B uses.
func TinyE2BConfig() gemma4.Config {
	const s, f = gemma4.Sliding, gemma4.Full
	c := TinyConfig()
	c.Text.LayerTypes = []gemma4.LayerType{s, s, s, s, f, s, s, s, s, f}
	c.Text.Intermediate = []int{48, 48, 48, 48, 48, 96, 96, 96, 96, 96}
	c.Text.KVSharedLayers = 5
	c.Text.KVHeads = [2]int{1, 1}
	return c
}

// Random returns a model of the given sizes. Matrices keep the length of what
// they multiply, norm weights and layer scalars scatter around one, and clip
// bounds are tight enough to bite.
func Random(c gemma4.Config, seed uint64) *gemma4.Model {
	s := newSource(seed)
	m := &gemma4.Model{Config: c, Name: "tiny"}
	m.Audio = s.audio(&c)
	m.Text = s.text(&c.Text)
	return m
}

func (s *source) audio(c *gemma4.Config) gemma4.AudioWeights {
	a := &c.Audio
	h, c0, c1 := a.HiddenSize, a.ConvChannels[0], a.ConvChannels[1]
	w := gemma4.AudioWeights{
		Conv0: s.vector(c0*9, 1.0/3), Conv0Norm: s.norm(c0),
		Conv1: s.vector(c1*c0*9, 1/math.Sqrt(float64(c0)*9)), Conv1Norm: s.norm(c1),
		InputProj:  s.matrix(h, a.MelBins/4*c1),
		OutputProj: s.matrix(a.OutputDims, h), OutputProjBias: s.vector(a.OutputDims, 0.1),
		EmbedProj: s.matrix(c.Text.HiddenSize, a.OutputDims),
	}
	for range a.Layers {
		w.Layers = append(w.Layers, s.audioLayer(a))
	}
	return w
}

func (s *source) audioLayer(a *gemma4.AudioConfig) gemma4.AudioLayer {
	h := a.HiddenSize
	l := gemma4.AudioLayer{
		FeedForward1: s.feedForward(h, a.UseClippedLinears), PreAttnNorm: s.norm(h),
		Q: s.clipped(h, h, a.UseClippedLinears), K: s.clipped(h, h, a.UseClippedLinears),
		V: s.clipped(h, h, a.UseClippedLinears), Post: s.clipped(h, h, a.UseClippedLinears),
		RelativeK: s.matrix(h, h), PerDimScale: s.positive(h / a.Heads), PostAttnNorm: s.norm(h),
		FeedForward2: s.feedForward(h, a.UseClippedLinears), OutNorm: s.norm(h),
	}
	l.LConv = gemma4.LightConv{
		PreNorm: s.norm(h), Start: s.clipped(2*h, h, a.UseClippedLinears),
		Depthwise: s.vector(h*a.ConvKernelSize, 1/math.Sqrt(float64(a.ConvKernelSize))),
		ConvNorm:  s.norm(h), End: s.clipped(h, h, a.UseClippedLinears),
	}
	return l
}

func (s *source) feedForward(h int, clip bool) gemma4.FeedForward {
	return gemma4.FeedForward{
		PreNorm: s.norm(h), Up: s.clipped(4*h, h, clip), Down: s.clipped(h, 4*h, clip), PostNorm: s.norm(h),
	}
}

func (s *source) text(c *gemma4.TextConfig) gemma4.TextWeights {
	h, packed := c.HiddenSize, c.Layers()*c.PLEDim
	w := gemma4.TextWeights{
		Embed: s.matrix(c.VocabSize, h), PLE: s.matrix(c.PLEVocabSize, packed),
		PLEModelProj: s.matrix(packed, h), PLENorm: s.norm(c.PLEDim), Norm: s.norm(h),
	}
	for l := range c.Layers() {
		w.Layers = append(w.Layers, s.textLayer(c, l))
	}
	return w
}

func (s *source) textLayer(c *gemma4.TextConfig, l int) gemma4.TextLayer {
	h, d, ff, p := c.HiddenSize, c.HeadDimOf(l), c.Intermediate[l], c.PLEDim
	w := gemma4.TextLayer{
		InputNorm: s.norm(h), Q: s.matrix(c.Heads*d, h), QNorm: s.norm(d), O: s.matrix(h, c.Heads*d),
		PostAttnNorm: s.norm(h), PreFFNorm: s.norm(h),
		Gate: s.matrix(ff, h), Up: s.matrix(ff, h), Down: s.matrix(h, ff), PostFFNorm: s.norm(h),
		PLEGate: s.matrix(p, h), PLEProj: s.matrix(h, p), PostPLENorm: s.norm(h),
		Scalar: float32(0.7 + 0.5*s.rng.Float64()),
	}
	if l < c.FirstShared() {
		kv := c.KVHeadsOf(l) * d
		w.K, w.V, w.KNorm = s.matrix(kv, h), s.matrix(kv, h), s.norm(d)
	}
	return w
}
