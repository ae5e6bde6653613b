package decoder

import (
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// turnOf returns the rotation of row i of this pass.
func (p *pass) turnOf(kind gemma4.LayerType, i int) (cos, sin []float32) {
	half := len(p.d.ropes[kind].frequencies)
	return p.cos[kind][i*half : (i+1)*half], p.sin[kind][i*half : (i+1)*half]
}

// project computes queries, keys and values, and remembers the last two. At the
// last owner rows before stay leave the network: they have no query.
func (p *pass) project(last bool, stay int) {
	l, n := p.l, p.n-p.lo
	q := kernel.Product{Dst: p.query, W: l.q}
	k, v := kernel.Product{Dst: p.key, W: l.k}, kernel.Product{Dst: p.value, W: l.v}
	switch x := p.stream(p.normed); {
	case !l.owns:
		p.team.MatMul(x, n, q)
	case !last || stay == p.lo:
		p.team.MatMul(x, n, q, k, v)
		p.each((*pass).remember)
	default:
		p.team.MatMul(x, n, k, v)
		p.each((*pass).remember)
		p.lo = stay
		if stay < p.n {
			p.team.MatMul(p.stream(p.normed), p.n-stay, q)
		}
	}
}

// remember writes the key and value of row i to its stream's memory. Keys are
// normed and turned; values are normed without a weight.
func (p *pass) remember(i int) {
	l, r, eps := p.l, &p.rows[i], p.d.cfg.RMSNormEps
	width := l.kvHeads * l.dim
	at, to := (i-p.lo)*width, (i-p.lo+1)*width
	key, value := p.key[at:to], p.value[at:to]
	normRows(key, key, l.kNorm, eps)
	for j := 0; j < width; j += l.dim {
		kernel.RMSNorm(value[j:j+l.dim], value[j:j+l.dim], nil, eps)
	}
	cos, sin := p.turnOf(l.kind, i)
	turn(key, cos, sin)
	r.s.cache.Put(l.memory, r.pos, key, value)
}

// attention adds what every row gathers from the positions it sees, its own
// included, and norms for the feed-forward.
func (p *pass) attention() {
	p.each((*pass).prepareQuery)
	p.team.Do((*gathering)(p), (p.n-p.lo)*p.l.groups())
	p.team.MatMul(p.heads, p.n-p.lo, kernel.Product{Dst: p.stream(p.branch), W: p.l.o})
	p.each((*pass).joinAttention)
}

func (p *pass) prepareQuery(i int) {
	l := p.l
	width := l.heads * l.dim
	query := p.query[(i-p.lo)*width : (i-p.lo+1)*width]
	normRows(query, query, l.qNorm, p.d.cfg.RMSNormEps)
	cos, sin := p.turnOf(l.kind, i)
	turn(query, cos, sin)
}

func (p *pass) joinAttention(i int) {
	p.join(p.l.postAttnNorm, i)
	p.norm(p.l.preFFNorm, i)
}

// groups returns into how many groups of at most MaxHeads the query heads fall
// that share a key head.
func (l *layer) groups() int {
	sharing := l.heads / l.kvHeads
	return l.kvHeads * ((sharing + kernel.MaxHeads - 1) / kernel.MaxHeads)
}

// group returns the query heads of group g, [first, first+count), and their key
// head.
func (l *layer) group(g int) (first, count, kvHead int) {
	sharing := l.heads / l.kvHeads
	per := l.groups() / l.kvHeads
	within := g % per * kernel.MaxHeads
	return g/per*sharing + within, min(kernel.MaxHeads, sharing-within), g / per
}

// gathering is attention, one row and one group of heads at a time.
type gathering pass

// Chunk writes softmax(q·k)·v of some heads over the positions that a row sees;
// the scale of the scores is 1.
func (g *gathering) Chunk(worker, i int) {
	l := g.l
	groups, width := l.groups(), l.heads*l.dim
	r := &g.rows[g.lo+i/groups]
	first, count, kvHead := l.group(i % groups)
	at := i/groups*width + first*l.dim
	q := kernel.Heads{Values: g.query[at : at+count*l.dim], Count: count}
	out := kernel.Heads{Values: g.heads[at : at+count*l.dim], Count: count}

	width = l.kvHeads * l.dim
	seen, n := r.s.cache.Seen(l.memory, r.pos), 0
	for _, run := range seen {
		n += run.Keys.Len() / width
	}
	scores, at := g.scores[worker][:count*n], 0
	for _, run := range seen {
		kernel.Scores(scores[at:], n, q, l.vectors(run.Keys, kvHead), run.Keys.Len()/width)
		at += run.Keys.Len() / width
	}
	for h := range count {
		weights := scores[h*n : (h+1)*n]
		kernel.Softmax(weights)
		r.look(l.index, first+h, weights)
	}
	clear(out.Values)
	at = 0
	for _, run := range seen {
		kernel.Blend(out, scores[at:], n, l.vectors(run.Values, kvHead), run.Values.Len()/width)
		at += run.Values.Len() / width
	}
}

// vectors returns one head of rows that hold kvHeads of them.
func (l *layer) vectors(rows kernel.Floats, kvHead int) kernel.Vectors {
	if n := rows.Len(); n > 0 {
		rows = rows.Slice(kvHead*l.dim, n)
	}
	return kernel.Vectors{Floats: rows, Stride: l.kvHeads * l.dim}
}
