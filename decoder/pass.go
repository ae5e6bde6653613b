package decoder

import (
	"fmt"
	"math"

	"sotto/decoder/sample"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// chunk is how many positions go through the network together, so that a weight
// is read once for all of them.
const chunk = 64

// request is what one stream wants of a pass: n positions of text or of sound,
// and to know something of the last keep of them.
type request struct {
	s     *Stream
	ids   []int     // text, or
	sound []float32 // sound tokens, [n, h]
	n     int
	keep  int
	answer
}

// row is one position on its way through the network.
type row struct {
	s         *Stream
	pos       int
	id        int       // what the per-layer table is asked for
	sound     []float32 // [h], nil for text
	attention []float32 // [heads, span] to be filled in, or nil
}

// pass is the memory of all passes of a decoder, one after another. Rows of
// several streams go through it together; those whose logits somebody wants are
// the last.
type pass struct {
	d     *Decoder
	team  *kernel.Team
	watch func(stage string, rows []float32)

	rows [chunk]row
	n    int // rows
	lo   int // first row that is still on its way
	l    *layer
	do   func(p *pass, i int) // the step in work, for row i
	scratch
}

// serve does the requests of a batch.
func (p *pass) serve(tickets []*ticket) {
	p.team.Lock()
	defer p.team.Unlock()
	p.gather(tickets)
	p.network(p.n - p.kept(tickets))
	for _, t := range tickets {
		t.Request.s.cache.Advance(t.Request.n)
	}
	p.reply(tickets)
}

func (p *pass) kept(tickets []*ticket) int {
	n := 0
	for _, t := range tickets {
		n += t.Request.keep
	}
	return n
}

// gather lists the rows of all requests, those to be kept last.
func (p *pass) gather(tickets []*ticket) {
	p.n, p.lo, p.watch = 0, 0, nil
	for _, t := range tickets {
		r := &t.Request
		r.s.cache.Reserve(r.n)
		p.room(r.s.limit)
		p.list(r, 0, r.n-r.keep)
		if len(tickets) == 1 {
			p.watch = r.s.watch
		}
	}
	for _, t := range tickets {
		p.list(&t.Request, t.Request.n-t.Request.keep, t.Request.n)
	}
}

func (p *pass) list(r *request, from, to int) {
	h, tokens := p.d.cfg.HiddenSize, &p.d.tokens
	for i := from; i < to; i++ {
		w := row{s: r.s, pos: r.s.Len() + i, id: tokens.Pad, attention: r.attentionOf(i)}
		switch {
		case r.sound != nil:
			w.sound = r.sound[i*h : (i+1)*h]
		case r.ids[i] != tokens.AudioSoft: // without its sound it is padding, as in the reference
			w.id = r.ids[i]
		}
		p.rows[p.n] = w
		p.n++
	}
}

// network sends the rows through the layers. All of them reach the last layer
// with keys and values of its own; those from stay on go on from there.
func (p *pass) network(stay int) {
	p.each((*pass).embed)
	p.see("embed", p.x)
	p.perLayerInputs()
	for i := range p.d.layers {
		p.l = &p.d.layers[i]
		p.each((*pass).normInput)
		p.project(i == p.d.lastOwner, stay)
		if p.lo == p.n {
			break
		}
		p.attention()
		p.feedForward()
		p.perLayer()
		if p.watch != nil {
			p.see(fmt.Sprintf("layer.%d", i), p.x)
		}
	}
	if p.lo < p.n {
		p.each((*pass).finish)
		p.seeInputs()
		p.see("norm", p.normed)
	}
}

// reply writes the answers that were asked for. Logits are cap·tanh(x·Eᵀ / cap).
func (p *pass) reply(tickets []*ticket) {
	kept := p.n - p.lo
	if kept == 0 {
		return
	}
	vocab := p.d.cfg.VocabSize
	all := tickets[0].Request.logits
	if len(tickets) > 1 || all == nil {
		if len(p.logits) < kept*vocab {
			p.logits = make([]float32, kept*vocab)
		}
		all = p.logits
	}
	p.team.MatMul(p.stream(p.normed), kept, kernel.Product{Dst: all, W: p.d.head})
	p.capped = all[:kept*vocab]
	if p.d.cfg.FinalLogitSoftcap != 0 {
		p.team.Do((*capping)(p), (len(p.capped)+capChunk-1)/capChunk)
	}
	p.team.Do((*picking)(p), kept)
	at := 0
	for _, t := range tickets {
		r := &t.Request
		copy(r.best, p.best[at:at+r.keep])
		copy(r.probs, p.probs[at:at+r.keep])
		if len(tickets) > 1 {
			copy(r.logits, all[at*vocab:(at+r.keep)*vocab])
		}
		at += r.keep
	}
}

// picking finds the likeliest id of every row and its probability.
type picking pass

func (k *picking) Chunk(_, i int) {
	vocab := k.d.cfg.VocabSize
	logits := k.capped[i*vocab : (i+1)*vocab]
	k.best[i] = sample.Greedy(logits)
	k.probs[i] = probability(logits, k.best[i])
}

// negligible is how far below an id another's logit makes no difference: e⁻²⁰ of
// each of 2¹⁸ ids is 0.0005.
const negligible = 20

// probability returns the softmax of the likeliest id.
func probability(logits []float32, best int) float32 {
	top, sum := logits[best], 0.0
	for _, v := range logits {
		if d := v - top; d > -negligible {
			sum += math.Exp(float64(d))
		}
	}
	return float32(1 / sum)
}

// capping is the soft cap of the logits in pieces.
type capping pass

const capChunk = 16 << 10

func (c *capping) Chunk(_, i int) {
	piece := c.capped[i*capChunk : min((i+1)*capChunk, len(c.capped))]
	kernel.SoftCap(piece, c.d.cfg.FinalLogitSoftcap)
}

// each does a step for every row that is still on its way.
func (p *pass) each(do func(p *pass, i int)) {
	p.do = do
	p.team.Do(p, p.n-p.lo)
}

// Chunk does the step for one row.
func (p *pass) Chunk(_, i int) { p.do(p, p.lo+i) }

// stream returns the rows on their way of a scratch of width h.
func (p *pass) stream(x []float32) []float32 {
	h := p.d.cfg.HiddenSize
	return x[p.lo*h : p.n*h]
}

// row returns row i of a scratch of width h.
func (p *pass) row(x []float32, i int) []float32 {
	h := p.d.cfg.HiddenSize
	return x[i*h : (i+1)*h]
}

func (p *pass) see(stage string, x []float32) {
	if p.watch != nil {
		p.watch(stage, p.stream(x))
	}
}

// scratch is the memory of one pass, sized once. In floats, with n = chunk:
//
//	n·(3h + 2·heads·d + 2·kv·d + 2·ff + P + 2·L·P + d_sliding + d_full)
//
// heads·d, kv·d and ff each the largest of all layers: 15 MB for E4B. Scores
// and logits are made when they are needed first.
type scratch struct {
	x      []float32 // [n, h], the residual stream
	normed []float32 // [n, h]
	branch []float32 // [n, h], what a branch adds to x

	query, heads []float32   // [n, heads·d]
	key, value   []float32   // [n, kv·d]
	scores       [][]float32 // by worker, [MaxHeads, the longest stream's capacity]

	gate, up []float32 // [n, ff]

	table  []float32 // [n, L·P], rows of the per-layer table
	inputs []float32 // [n, L·P], what each layer gets beside the stream
	mix    []float32 // [n, P]

	cos, sin [2][]float32 // by layer type, [n, d/2]

	logits, capped []float32
	best           [chunk]int
	probs          [chunk]float32
}

func newPass(d *Decoder, team *kernel.Team) *pass {
	cfg := &d.cfg
	var q, kv, ff int
	for i := range d.layers {
		l := &d.layers[i]
		q, kv, ff = max(q, l.heads*l.dim), max(kv, l.kvHeads*l.dim), max(ff, l.ff)
	}
	floats := func(width int) []float32 { return make([]float32, chunk*width) }
	p := &pass{d: d, team: team, scratch: scratch{
		x: floats(cfg.HiddenSize), normed: floats(cfg.HiddenSize), branch: floats(cfg.HiddenSize),
		query: floats(q), heads: floats(q), key: floats(kv), value: floats(kv),
		scores: make([][]float32, team.Workers()),
		gate:   floats(ff), up: floats(ff),
		table: floats(cfg.Layers() * cfg.PLEDim), inputs: floats(cfg.Layers() * cfg.PLEDim), mix: floats(cfg.PLEDim),
	}}
	for _, kind := range []gemma4.LayerType{gemma4.Sliding, gemma4.Full} {
		half := len(d.ropes[kind].frequencies)
		p.cos[kind], p.sin[kind] = floats(half), floats(half)
	}
	return p
}

// room makes the scores long enough for a stream of so many positions.
func (p *pass) room(limit int) {
	for i := range p.scores {
		if len(p.scores[i]) < kernel.MaxHeads*limit {
			p.scores[i] = make([]float32, kernel.MaxHeads*limit)
		}
	}
}
