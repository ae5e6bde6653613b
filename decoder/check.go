package decoder

import (
	"fmt"

	"sotto/models/gemma4"
	"sotto/models/tensor"
)

// check refuses sizes that contradict each other or the weights, so that
// nothing behind New has to look again.
func check(cfg *gemma4.TextConfig, tokens *gemma4.Tokens, w *gemma4.TextWeights) error {
	if err := checkSizes(cfg); err != nil {
		return err
	}
	if pad := tokens.Pad; pad < 0 || pad >= min(cfg.VocabSize, cfg.PLEVocabSize) {
		return fmt.Errorf("decoder: pad id %d, want one below the vocabularies %d and %d", pad, cfg.VocabSize, cfg.PLEVocabSize)
	}
	if len(w.Layers) != cfg.Layers() {
		return fmt.Errorf("decoder: weights of %d layers, want %d", len(w.Layers), cfg.Layers())
	}
	c := checker{h: cfg.HiddenSize, p: cfg.PLEDim}
	c.matrix("embedding", w.Embed, cfg.VocabSize, c.h)
	c.matrix("head", w.HeadMatrix(), cfg.VocabSize, c.h)
	c.matrix("PLE table", w.PLE, cfg.PLEVocabSize, cfg.Layers()*c.p)
	c.matrix("PLE model projection", w.PLEModelProj, cfg.Layers()*c.p, c.h)
	c.vector("PLE norm", w.PLENorm, c.p)
	c.vector("final norm", w.Norm, c.h)
	for i := range w.Layers {
		c.layer(cfg, i, &w.Layers[i])
	}
	return c.err
}

func checkSizes(cfg *gemma4.TextConfig) error {
	n := cfg.Layers()
	switch {
	case n == 0 || len(cfg.Intermediate) != n:
		return fmt.Errorf("decoder: %d layer types and %d feed-forward widths, want one of each per layer", n, len(cfg.Intermediate))
	case cfg.KVSharedLayers < 0 || cfg.KVSharedLayers >= n:
		return fmt.Errorf("decoder: %d of %d layers share keys and values, want fewer", cfg.KVSharedLayers, n)
	case min(cfg.HiddenSize, cfg.Heads, cfg.PLEDim, cfg.VocabSize, cfg.PLEVocabSize, cfg.MaxPositions) <= 0:
		return fmt.Errorf("decoder: hidden %d, heads %d, PLE %d, vocabularies %d and %d, positions %d, want all above 0",
			cfg.HiddenSize, cfg.Heads, cfg.PLEDim, cfg.VocabSize, cfg.PLEVocabSize, cfg.MaxPositions)
	}
	for l, kind := range cfg.LayerTypes {
		switch {
		case kind != gemma4.Sliding && kind != gemma4.Full:
			return fmt.Errorf("decoder: layer %d: unknown layer type %d", l, kind)
		case kind == gemma4.Sliding && cfg.SlidingWindow <= 0:
			return fmt.Errorf("decoder: layer %d: sliding window %d, want above 0", l, cfg.SlidingWindow)
		case cfg.KVHeadsOf(l) <= 0 || cfg.Heads%cfg.KVHeadsOf(l) != 0:
			return fmt.Errorf("decoder: layer %d: %d heads over %d key/value heads, want a multiple", l, cfg.Heads, cfg.KVHeadsOf(l))
		case cfg.HeadDimOf(l) <= 0 || cfg.HeadDimOf(l)%2 != 0:
			return fmt.Errorf("decoder: layer %d: head size %d, want even and above 0", l, cfg.HeadDimOf(l))
		case cfg.PartialRotary[kind] < 0 || cfg.PartialRotary[kind] > 1:
			return fmt.Errorf("decoder: layer %d: rotary share %v, want 0 to 1", l, cfg.PartialRotary[kind])
		case cfg.KVSource(l) < 0:
			return fmt.Errorf("decoder: layer %d shares keys and values, but no layer of its type below %d has some", l, cfg.FirstShared())
		}
	}
	return nil
}

// checker compares shapes and keeps the first error.
type checker struct {
	h, p int
	err  error
}

func (c *checker) layer(cfg *gemma4.TextConfig, i int, l *gemma4.TextLayer) {
	at := func(name string) string { return fmt.Sprintf("layer %d %s", i, name) }
	dim, ff := cfg.HeadDimOf(i), cfg.Intermediate[i]
	q, kv := cfg.Heads*dim, cfg.KVHeadsOf(i)*dim
	c.vector(at("input norm"), l.InputNorm, c.h)
	c.matrix(at("q"), l.Q, q, c.h)
	c.vector(at("q norm"), l.QNorm, dim)
	if i < cfg.FirstShared() {
		c.matrix(at("k"), l.K, kv, c.h)
		c.matrix(at("v"), l.V, kv, c.h)
		c.vector(at("k norm"), l.KNorm, dim)
	}
	c.matrix(at("o"), l.O, c.h, q)
	c.vector(at("post-attention norm"), l.PostAttnNorm, c.h)
	c.vector(at("pre-feed-forward norm"), l.PreFFNorm, c.h)
	c.matrix(at("gate"), l.Gate, ff, c.h)
	c.matrix(at("up"), l.Up, ff, c.h)
	c.matrix(at("down"), l.Down, c.h, ff)
	c.vector(at("post-feed-forward norm"), l.PostFFNorm, c.h)
	c.matrix(at("PLE gate"), l.PLEGate, c.p, c.h)
	c.matrix(at("PLE projection"), l.PLEProj, c.h, c.p)
	c.vector(at("post-PLE norm"), l.PostPLENorm, c.h)
}

func (c *checker) matrix(name string, m tensor.Matrix, rows, cols int) {
	switch {
	case c.err != nil:
	case m.Rows != rows || m.Cols != cols:
		c.err = fmt.Errorf("decoder: %s: shape [%d,%d], want [%d,%d]", name, m.Rows, m.Cols, rows, cols)
	case m.DType.BlockBytes() == 0 || m.Cols%m.DType.BlockLen() != 0:
		c.err = fmt.Errorf("decoder: %s: rows of %d elements in type %v, want whole blocks of a known type", name, m.Cols, m.DType)
	case len(m.Data) != m.Size():
		c.err = fmt.Errorf("decoder: %s: %d bytes, want %d", name, len(m.Data), m.Size())
	}
}

func (c *checker) vector(name string, v []float32, n int) {
	if c.err == nil && len(v) != n {
		c.err = fmt.Errorf("decoder: %s: %d elements, want %d", name, len(v), n)
	}
}
