package encoder

import (
	"math"

	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// layer is one conformer layer.
type layer struct {
	front, back feedForward
	attention   attention
	conv        lightConv
	norm        []float32 // [H]
}

type feedForward struct {
	pre, post []float32 // [H]
	up, down  linear
}

type attention struct {
	pre, post  []float32 // [H]
	q, k, v, o linear
	scale      []float32 // of q, [head dim]
	relative   []float32 // [window, H]: what a key at each distance adds, by head
}

type lightConv struct {
	pre, norm  []float32 // [H]
	start, end linear
	depthwise  []float32 // [taps, H], the last tap on the current frame
}

// linear is a layer with clipped input and output.
type linear struct {
	weights *kernel.Weights
	clip    gemma4.Clip
}

func newLinear(l gemma4.ClippedLinear) linear {
	return linear{kernel.Prepare(l.Weight), l.Clip}
}

// apply writes clamp(clamp(x)·wᵀ) of all rows; x is clamped in place.
func (p *pass) apply(l *linear, dst, x []float32) {
	p.in, p.x, p.y = l, x, dst
	inf := float32(math.Inf(1))
	if l.clip.InMin > -inf || l.clip.InMax < inf {
		p.each((*pass).clampInput)
	}
	p.matmul(dst, x, l.weights)
	if l.clip.OutMin > -inf || l.clip.OutMax < inf {
		p.each((*pass).clampOutput)
	}
}

func (p *pass) clampInput(i int) {
	kernel.Clamp(rowOf(p.x, p.in.weights.Cols(), i), p.in.clip.InMin, p.in.clip.InMax)
}

func (p *pass) clampOutput(i int) {
	kernel.Clamp(rowOf(p.y, p.in.weights.Rows(), i), p.in.clip.OutMin, p.in.clip.OutMax)
}

func (e *Encoder) newLayer(w *gemma4.AudioLayer, distances []float32) layer {
	return layer{
		front: newFeedForward(&w.FeedForward1),
		attention: attention{
			pre: w.PreAttnNorm, post: w.PostAttnNorm,
			q: newLinear(w.Q), k: newLinear(w.K), v: newLinear(w.V), o: newLinear(w.Post),
			scale:    e.queryScale(w.PerDimScale),
			relative: e.relative(kernel.Prepare(w.RelativeK), distances),
		},
		conv: lightConv{
			pre: w.LConv.PreNorm, norm: w.LConv.ConvNorm,
			start: newLinear(w.LConv.Start), end: newLinear(w.LConv.End),
			depthwise: tapsFirst(w.LConv.Depthwise, e.hidden, e.taps),
		},
		back: newFeedForward(&w.FeedForward2),
		norm: w.OutNorm,
	}
}

func newFeedForward(w *gemma4.FeedForward) feedForward {
	return feedForward{w.PreNorm, w.PostNorm, newLinear(w.Up), newLinear(w.Down)}
}

// queryScale returns softplus(per_dim_scale) · head dim^(−1/2) / ln 2; the
// loader has applied the softplus.
func (e *Encoder) queryScale(perDim []float32) []float32 {
	scale := make([]float32, len(perDim))
	for i, s := range perDim {
		scale[i] = s * float32(math.Pow(float64(e.headDim), -0.5)/math.Ln2)
	}
	return scale
}

// relative projects the sinusoid of each distance, [window, H].
func (e *Encoder) relative(w *kernel.Weights, distances []float32) []float32 {
	r := make([]float32, e.window*e.hidden)
	kernel.MatMul(r, distances, e.window, w)
	return r
}

// tapsFirst reorders [H, taps] to [taps, H].
func tapsFirst(w []float32, hidden, taps int) []float32 {
	r := make([]float32, len(w))
	for c := range hidden {
		for j := range taps {
			r[j*hidden+c] = w[c*taps+j]
		}
	}
	return r
}

// keyScale is ln(1+e)/ln 2.
var keyScale = float32(math.Log1p(math.E) / math.Ln2)

// layer carries all rows of the residual stream through one layer.
func (p *pass) layer() {
	p.feedForward(&p.l.front)
	p.attention()
	p.lightConv()
	p.feedForward(&p.l.back)
	p.each((*pass).normOut)
}

func (p *pass) normOut(i int) {
	x := p.row(p.stream, i)
	kernel.RMSNorm(x, x, p.l.norm, p.e.eps)
}

// norm writes normed = rms(x; weight) of row i.
func (p *pass) norm(weight []float32, i int) {
	kernel.RMSNorm(p.row(p.normed, i), p.row(p.stream, i), weight, p.e.eps)
}

// feedForward adds half of norm(down(silu(up(norm(x))))) to x.
func (p *pass) feedForward(f *feedForward) {
	p.half = f
	p.each((*pass).normHalf)
	p.apply(&f.up, p.wide, p.normed)
	p.each((*pass).siluHalf)
	p.apply(&f.down, p.branch, p.wide)
	p.each((*pass).joinHalf)
}

func (p *pass) normHalf(i int) { p.norm(p.half.pre, i) }
func (p *pass) siluHalf(i int) { kernel.SiLU(rowOf(p.wide, 4*p.e.hidden, i)) }

func (p *pass) joinHalf(i int) {
	branch := p.row(p.branch, i)
	kernel.RMSNorm(branch, branch, p.half.post, p.e.eps)
	kernel.Axpy(p.row(p.stream, i), p.e.half, branch)
}

// lightConv adds the gated convolution:
// end(silu(norm(conv(value · sigmoid(gate))))).
func (p *pass) lightConv() {
	c := &p.l.conv
	p.each((*pass).normConv)
	p.apply(&c.start, p.wide, p.normed)
	p.each((*pass).gate)
	p.each((*pass).convolve)
	p.apply(&c.end, p.branch, p.mixed)
	p.each((*pass).joinConv)
}

func (p *pass) normConv(i int) { p.norm(p.l.conv.pre, i) }

func (p *pass) gate(i int) {
	h, r := p.e.hidden, &p.rows[i]
	gated := rowOf(p.wide, 2*h, i)
	kernel.GLU(r.s.layers[p.index].gated.row(r.pos), gated[:h], gated[h:])
}

// convolve lets tap j meet the frame taps−1−j before its own; what is before the
// voice is silent.
func (p *pass) convolve(i int) {
	c, r := &p.l.conv, &p.rows[i]
	mixed := p.row(p.mixed, i)
	clear(mixed)
	for j := range p.e.taps {
		if at := r.pos - (p.e.taps - 1 - j); at >= 0 {
			kernel.MulAdd(mixed, r.s.layers[p.index].gated.row(at), p.row(c.depthwise, j))
		}
	}
	kernel.RMSNorm(mixed, mixed, c.norm, p.e.eps)
	kernel.SiLU(mixed)
}

func (p *pass) joinConv(i int) { kernel.Add(p.row(p.stream, i), p.row(p.branch, i)) }

// attention adds what every row gathers over its window.
func (p *pass) attention() {
	a := &p.l.attention
	p.each((*pass).normAttention)
	p.apply(&a.q, p.query, p.copied())
	p.apply(&a.k, p.key, p.copied())
	p.apply(&a.v, p.value, p.copied())
	p.each((*pass).remember)
	p.each((*pass).look)
	p.apply(&a.o, p.branch, p.mixed)
	p.each((*pass).joinAttention)
}

func (p *pass) normAttention(i int) { p.norm(p.l.attention.pre, i) }

// copied returns a copy of the normed rows for a linear layer to clamp.
func (p *pass) copied() []float32 {
	n := p.n * p.e.hidden
	copy(p.input, p.normed[:n])
	return p.input
}

// remember scales row i's query and key and writes the key and the value to its
// stream.
func (p *pass) remember(i int) {
	e, r := p.e, &p.rows[i]
	q, st := p.row(p.query, i), &r.s.layers[p.index]
	for j := range q {
		q[j] *= p.l.attention.scale[j%e.headDim]
	}
	key := st.keys.row(r.pos)
	copy(key, p.row(p.key, i))
	kernel.Scale(key, keyScale)
	copy(st.values.row(r.pos), p.row(p.value, i))
}

// look writes to mixed what row i gathers from the keys of its window.
func (p *pass) look(i int) {
	e, r := p.e, &p.rows[i]
	st := &r.s.layers[p.index]
	weights := rowOf(p.scores, e.window, i)[:min(e.window, r.pos+1)]
	for head := range e.heads {
		at, to := head*e.headDim, (head+1)*e.headDim
		q := p.row(p.query, i)[at:to]
		for d := range weights {
			weights[d] = kernel.Dot(q, st.keys.row(r.pos - d)[at:to]) + kernel.Dot(q, p.row(p.l.attention.relative, d)[at:to])
		}
		kernel.SoftCap(weights, e.cap)
		kernel.Softmax(weights)
		mixed := p.row(p.mixed, i)[at:to]
		clear(mixed)
		for d, w := range weights {
			kernel.Axpy(mixed, w, st.values.row(r.pos - d)[at:to])
		}
	}
}

func (p *pass) joinAttention(i int) {
	branch := p.row(p.branch, i)
	kernel.RMSNorm(branch, branch, p.l.attention.post, p.e.eps)
	kernel.Add(p.row(p.stream, i), branch)
}
