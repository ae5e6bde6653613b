// Package decoder is the text tower: sound tokens and text ids in, logits out.
//
// A Decoder holds prepared weights and the scratch of one pass; it serves any
// number of texts at once, whose positions go through the network together when
// they come together. A Stream is one text's memory; it belongs to one goroutine
// at a time. A position whose logits nobody needs runs only through the layers
// that keys and values depend on.
package decoder

import (
	"math"

	"sotto/decoder/kvcache"
	"sotto/models/batch"
	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/tensor"
)

// Decoder is one set of prepared weights and the queue of those who use it.
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
	lastOwner    int
	pleModelProj *kernel.Weights // [L·P, h]

	queue batch.Queue[request]
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

	pleGate *kernel.Weights // [P, h]
	pleProj *kernel.Weights // [h, P]

	scalar float32
}

// New prepares weights for use by a team: by the fast kernels when they are
// packed, else by the reference. cfg, tokens and w are not written, and what
// they refer to must stay open as long as the decoder is used.
func New(cfg *gemma4.TextConfig, tokens *gemma4.Tokens, w *gemma4.TextWeights, team *kernel.Team) (*Decoder, error) {
	if err := check(cfg, tokens, w); err != nil {
		return nil, err
	}
	d := &Decoder{
		cfg: *cfg, tokens: *tokens,
		embed: w.Embed, ple: w.PLE, pleNorm: w.PLENorm, norm: w.Norm,
		head:         kernel.Prepare(w.HeadMatrix()),
		layers:       make([]layer, cfg.Layers()),
		lastOwner:    cfg.FirstShared() - 1,
		pleModelProj: kernel.Prepare(w.PLEModelProj),
	}
	for _, kind := range []gemma4.LayerType{gemma4.Sliding, gemma4.Full} {
		d.ropes[kind] = newRope(cfg, kind)
	}
	for i := range d.layers {
		d.layers[i] = prepareLayer(cfg, w, i)
	}
	d.queue = batch.Queue[request]{Max: chunk, Do: newPass(d, team).serve}
	return d, nil
}

func prepareLayer(cfg *gemma4.TextConfig, w *gemma4.TextWeights, i int) layer {
	lw := &w.Layers[i]
	l := layer{
		index: i, kind: cfg.LayerTypes[i],
		heads: cfg.Heads, kvHeads: cfg.KVHeadsOf(i), dim: cfg.HeadDimOf(i), ff: cfg.Intermediate[i],
		owns: i < cfg.FirstShared(), memory: cfg.KVSource(i),
		inputNorm: lw.InputNorm, postAttnNorm: lw.PostAttnNorm,
		preFFNorm: lw.PreFFNorm, postFFNorm: lw.PostFFNorm, postPLENorm: lw.PostPLENorm,
		q: kernel.Prepare(lw.Q), o: kernel.Prepare(lw.O), qNorm: lw.QNorm,
		gate: kernel.Prepare(lw.Gate), up: kernel.Prepare(lw.Up), down: kernel.Prepare(lw.Down),
		pleGate: kernel.Prepare(lw.PLEGate), pleProj: kernel.Prepare(lw.PLEProj),
		scalar: lw.Scalar,
	}
	if l.owns {
		l.k, l.v, l.kNorm = kernel.Prepare(lw.K), kernel.Prepare(lw.V), lw.KNorm
	}
	return l
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
