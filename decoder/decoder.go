// Package decoder is the text tower: sound tokens and text ids in, logits out.
//
// A Decoder holds prepared weights, is never written and serves any number of
// texts at once. A Stream is one text's memory and scratch; it belongs to one
// goroutine at a time. A position whose logits nobody needs runs only through
// the layers that keys and values depend on.
package decoder

import (
	"math"

	"sotto/decoder/kvcache"
	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/tensor"
)

// expandLimit is the most elements in all multiplied matrices together for
// which they are kept as float32 (256 MB); bigger models stay in their stored
// type and are decoded row by row while multiplying.
const expandLimit = 64 << 20

// Decoder is one set of prepared weights.
type Decoder struct {
	cfg    gemma4.TextConfig
	tokens gemma4.Tokens

	embed   tensor.Matrix // [vocab, h], read by row
	ple     tensor.Matrix // [PLE vocab, L·P], read by row and never expanded
	pleNorm []float32     // [P]
	layers  []layer
	norm    []float32       // [h]
	head    *kernel.Weights // [vocab, h], the embedding once more
	ropes   [2]rope         // by gemma4.LayerType
	// lastOwner is the last layer with keys and values of its own: a position
	// that nobody asks for leaves the network there.
	lastOwner int
}

// layer is one decoder layer with everything that its equations need.
type layer struct {
	index   int
	kind    gemma4.LayerType
	heads   int // of the query
	kvHeads int
	dim     int // of a head
	ff      int
	owns    bool // has keys and values of its own
	memory  int  // the cache layer it reads, and writes if it owns it

	inputNorm, postAttnNorm, preFFNorm, postFFNorm, postPLENorm []float32 // [h]

	q, o         *kernel.Weights // [heads·dim, h], [h, heads·dim]
	k, v         *kernel.Weights // [kvHeads·dim, h]
	qNorm, kNorm []float32       // [dim]

	gate, up, down *kernel.Weights // [ff, h], [ff, h], [h, ff]

	pleModelProj *kernel.Weights // [P, h]: this layer's rows of the common matrix
	pleGate      *kernel.Weights // [P, h]
	pleProj      *kernel.Weights // [h, P]

	scalar float32
}

// New prepares weights for use. cfg, tokens and w are not written, and what
// they refer to must stay open as long as the decoder is used.
func New(cfg *gemma4.TextConfig, tokens *gemma4.Tokens, w *gemma4.TextWeights) (*Decoder, error) {
	if err := check(cfg, tokens, w); err != nil {
		return nil, err
	}
	return prepare(cfg, tokens, w, elements(w) <= expandLimit), nil
}

func prepare(cfg *gemma4.TextConfig, tokens *gemma4.Tokens, w *gemma4.TextWeights, expand bool) *Decoder {
	d := &Decoder{
		cfg: *cfg, tokens: *tokens,
		embed: w.Embed, ple: w.PLE, pleNorm: w.PLENorm, norm: w.Norm,
		head:      kernel.Prepare(w.Embed, expand),
		layers:    make([]layer, cfg.Layers()),
		lastOwner: cfg.FirstShared() - 1,
	}
	for _, kind := range []gemma4.LayerType{gemma4.Sliding, gemma4.Full} {
		d.ropes[kind] = newRope(cfg, kind)
	}
	for i := range d.layers {
		d.layers[i] = prepareLayer(cfg, w, i, expand)
	}
	return d
}

func prepareLayer(cfg *gemma4.TextConfig, w *gemma4.TextWeights, i int, expand bool) layer {
	lw := &w.Layers[i]
	l := layer{
		index: i, kind: cfg.LayerTypes[i],
		heads: cfg.Heads, kvHeads: cfg.KVHeadsOf(i), dim: cfg.HeadDimOf(i), ff: cfg.Intermediate[i],
		owns: i < cfg.FirstShared(), memory: cfg.KVSource(i),
		inputNorm: lw.InputNorm, postAttnNorm: lw.PostAttnNorm,
		preFFNorm: lw.PreFFNorm, postFFNorm: lw.PostFFNorm, postPLENorm: lw.PostPLENorm,
		q: kernel.Prepare(lw.Q, expand), o: kernel.Prepare(lw.O, expand), qNorm: lw.QNorm,
		gate: kernel.Prepare(lw.Gate, expand), up: kernel.Prepare(lw.Up, expand), down: kernel.Prepare(lw.Down, expand),
		pleModelProj: kernel.Prepare(rowsOf(w.PLEModelProj, i*cfg.PLEDim, cfg.PLEDim), expand),
		pleGate:      kernel.Prepare(lw.PLEGate, expand), pleProj: kernel.Prepare(lw.PLEProj, expand),
		scalar: lw.Scalar,
	}
	if l.owns {
		l.k, l.v, l.kNorm = kernel.Prepare(lw.K, expand), kernel.Prepare(lw.V, expand), lw.KNorm
	}
	return l
}

// rowsOf returns n rows of m as a matrix of their own.
func rowsOf(m tensor.Matrix, first, n int) tensor.Matrix {
	size := m.RowBytes()
	return tensor.Matrix{Rows: n, Cols: m.Cols, DType: m.DType, Data: m.Data[first*size : (first+n)*size]}
}

// elements counts the elements of every matrix that is multiplied.
func elements(w *gemma4.TextWeights) int {
	n := w.Embed.Elements() + w.PLEModelProj.Elements()
	for i := range w.Layers {
		for _, m := range matrices(&w.Layers[i]) {
			n += m.Elements()
		}
	}
	return n
}

func matrices(l *gemma4.TextLayer) []tensor.Matrix {
	return []tensor.Matrix{l.Q, l.K, l.V, l.O, l.Gate, l.Up, l.Down, l.PLEGate, l.PLEProj}
}

// memory describes the keys and values of the layers that own some; cache layer
// i is decoder layer i.
func (d *Decoder) memory() []kvcache.Layer {
	owners := make([]kvcache.Layer, d.lastOwner+1)
	for i := range owners {
		l := &d.layers[i]
		owners[i].Width = l.kvHeads * l.dim
		if l.kind == gemma4.Sliding {
			owners[i].Window = d.cfg.SlidingWindow
		}
	}
	return owners
}

// root and inverseRoot return √n and 1/√n, rounded once, as the reference does.
func root(n int) float32        { return float32(math.Sqrt(float64(n))) }
func inverseRoot(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }
