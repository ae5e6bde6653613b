package decoder

import "sotto/models/kernel"

func (p *pass) normInput(i int) { p.norm(p.l.inputNorm, i) }

// norm writes normed = rms(x; weight) of row i.
func (p *pass) norm(weight []float32, i int) {
	kernel.RMSNorm(p.row(p.normed, i), p.row(p.x, i), weight, p.d.cfg.RMSNormEps)
}

// join adds the branch of row i to the stream: x += rms(branch; weight).
func (p *pass) join(weight []float32, i int) {
	branch := p.row(p.branch, i)
	kernel.RMSNorm(branch, branch, weight, p.d.cfg.RMSNormEps)
	kernel.Add(p.row(p.x, i), branch)
}

// feedForward adds down(gelu(gate·x) · up·x); x is normed.
func (p *pass) feedForward() {
	l, n := p.l, p.n-p.lo
	p.team.MatMul(p.stream(p.normed), n, kernel.Product{Dst: p.gate, W: l.gate}, kernel.Product{Dst: p.up, W: l.up})
	p.each((*pass).gateFeedForward)
	p.team.MatMul(p.gate, n, kernel.Product{Dst: p.stream(p.branch), W: l.down})
	p.each((*pass).joinFeedForward)
}

func (p *pass) gateFeedForward(i int) {
	at, to := (i-p.lo)*p.l.ff, (i-p.lo+1)*p.l.ff
	kernel.GELUTanhMul(p.gate[at:to], p.up[at:to])
}

func (p *pass) joinFeedForward(i int) { p.join(p.l.postFFNorm, i) }

// perLayer adds proj(gelu(gate·x) · per-layer input), x not normed, and ends the
// layer by its scalar.
func (p *pass) perLayer() {
	l, n := p.l, p.n-p.lo
	p.team.MatMul(p.stream(p.x), n, kernel.Product{Dst: p.mix, W: l.pleGate})
	p.each((*pass).gatePerLayer)
	p.team.MatMul(p.mix, n, kernel.Product{Dst: p.stream(p.branch), W: l.pleProj})
	p.each((*pass).joinPerLayer)
}

func (p *pass) gatePerLayer(i int) {
	width := p.d.cfg.PLEDim
	gate := p.mix[(i-p.lo)*width : (i-p.lo+1)*width]
	kernel.GELUTanhMul(gate, p.input(p.l.index, i))
}

func (p *pass) joinPerLayer(i int) {
	p.join(p.l.postPLENorm, i)
	kernel.Scale(p.row(p.x, i), p.l.scalar)
}

// finish norms what came through the whole network.
func (p *pass) finish(i int) { p.norm(p.d.norm, i) }

// normRows norms every row of x as wide as weight.
func normRows(dst, x, weight []float32, eps float32) {
	w := len(weight)
	for i := 0; i < len(x); i += w {
		kernel.RMSNorm(dst[i:i+w], x[i:i+w], weight, eps)
	}
}
