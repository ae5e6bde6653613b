package decoder

import "sotto/models/gemma4"

// chunk is how many positions go through the network together, so that a weight
// is read once for all of them.
const chunk = 32

// scratch is the memory of one pass, sized once. In floats, with n = chunk:
//
//	n·(4h + 2·heads·d + 2·kv·d + 2·ff + P + L·P + d_sliding + d_full) + limit + vocab
//
// heads·d, kv·d and ff each the largest of all layers: 7.9 MB for E4B at 2,048
// positions.
type scratch struct {
	embedded []float32 // [n, h], what entered the network
	x        []float32 // [n, h], the residual stream
	normed   []float32 // [n, h]
	branch   []float32 // [n, h], what a branch adds to x

	query, heads []float32 // [n, heads·d]
	key, value   []float32 // [n, kv·d]
	scores       []float32 // [limit], of one head at one position

	gate, up []float32 // [n, ff]

	mix []float32 // [n, P]
	ple []float32 // [n, L·P], table rows, then per-layer inputs

	cos, sin [2][]float32 // by layer type, [n, d/2]

	logits []float32 // [vocab]
}

func newScratch(d *Decoder, limit int) scratch {
	cfg := &d.cfg
	var q, kv, ff int
	for i := range d.layers {
		l := &d.layers[i]
		q, kv, ff = max(q, l.heads*l.dim), max(kv, l.kvHeads*l.dim), max(ff, l.ff)
	}
	n := min(chunk, limit)
	floats := func(width int) []float32 { return make([]float32, n*width) }
	s := scratch{
		embedded: floats(cfg.HiddenSize), x: floats(cfg.HiddenSize),
		normed: floats(cfg.HiddenSize), branch: floats(cfg.HiddenSize),
		query: floats(q), heads: floats(q), key: floats(kv), value: floats(kv),
		scores: make([]float32, limit),
		gate:   floats(ff), up: floats(ff),
		mix: floats(cfg.PLEDim), ple: floats(cfg.Layers() * cfg.PLEDim),
		logits: make([]float32, cfg.VocabSize),
	}
	for _, kind := range []gemma4.LayerType{gemma4.Sliding, gemma4.Full} {
		half := len(d.ropes[kind].frequencies)
		s.cos[kind], s.sin[kind] = floats(half), floats(half)
	}
	return s
}
