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

func newLinear(l gemma4.ClippedLinear, expand bool) linear {
	return linear{kernel.Prepare(l.Weight, expand), l.Clip}
}

// apply writes clamp(clamp(x)·wᵀ); x is clamped in place.
func (l *linear) apply(dst, x []float32) {
	if l.clip.InMin > float32(math.Inf(-1)) || l.clip.InMax < float32(math.Inf(1)) {
		kernel.Clamp(x, l.clip.InMin, l.clip.InMax)
	}
	kernel.MatMul(dst, x, 1, l.weights)
	if l.clip.OutMin > float32(math.Inf(-1)) || l.clip.OutMax < float32(math.Inf(1)) {
		kernel.Clamp(dst, l.clip.OutMin, l.clip.OutMax)
	}
}

func (e *Encoder) newLayer(w *gemma4.AudioLayer, distances []float32, expand bool) layer {
	return layer{
		front: newFeedForward(&w.FeedForward1, expand),
		attention: attention{
			pre: w.PreAttnNorm, post: w.PostAttnNorm,
			q: newLinear(w.Q, expand), k: newLinear(w.K, expand), v: newLinear(w.V, expand), o: newLinear(w.Post, expand),
			scale:    e.queryScale(w.PerDimScale),
			relative: e.relative(kernel.Prepare(w.RelativeK, false), distances),
		},
		conv: lightConv{
			pre: w.LConv.PreNorm, norm: w.LConv.ConvNorm,
			start: newLinear(w.LConv.Start, expand), end: newLinear(w.LConv.End, expand),
			depthwise: tapsFirst(w.LConv.Depthwise, e.hidden, e.taps),
		},
		back: newFeedForward(&w.FeedForward2, expand),
		norm: w.OutNorm,
	}
}

func newFeedForward(w *gemma4.FeedForward, expand bool) feedForward {
	return feedForward{w.PreNorm, w.PostNorm, newLinear(w.Up, expand), newLinear(w.Down, expand)}
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

// step carries x [H], one frame of the residual stream, through the layer.
func (l *layer) step(s *Stream, st *layerState, x []float32) {
	e := s.encoder
	l.front.step(s, x)

	kernel.RMSNorm(s.normed, x, l.attention.pre, e.eps)
	l.attention.step(s, st)
	kernel.RMSNorm(s.branch, s.branch, l.attention.post, e.eps)
	kernel.Axpy(x, 1, s.branch)

	kernel.RMSNorm(s.normed, x, l.conv.pre, e.eps)
	l.conv.step(s, st)
	kernel.Axpy(x, 1, s.branch)

	l.back.step(s, x)
	kernel.RMSNorm(x, x, l.norm, e.eps)
}

// step adds half of norm(down(silu(up(norm(x))))) to x.
func (f *feedForward) step(s *Stream, x []float32) {
	e := s.encoder
	kernel.RMSNorm(s.normed, x, f.pre, e.eps)
	f.up.apply(s.wide, s.normed)
	kernel.SiLU(s.wide)
	f.down.apply(s.branch, s.wide)
	kernel.RMSNorm(s.branch, s.branch, f.post, e.eps)
	kernel.Axpy(x, e.half, s.branch)
}

// step writes the gated convolution of s.normed to s.branch:
// end(silu(norm(conv(value · sigmoid(gate))))).
func (c *lightConv) step(s *Stream, st *layerState) {
	e := s.encoder
	h := e.hidden
	gated := s.wide[:2*h]
	c.start.apply(gated, s.normed)
	now := st.gated.push()
	kernel.GLU(now, gated[:h], gated[h:])
	clear(s.mixed)
	for j := range e.taps { // tap j meets the frame e.taps−1−j before this one
		row, tap := st.gated.row(e.taps-1-j), c.depthwise[j*h:(j+1)*h]
		for i, v := range row {
			s.mixed[i] += v * tap[i]
		}
	}
	kernel.RMSNorm(s.mixed, s.mixed, c.norm, e.eps)
	kernel.SiLU(s.mixed)
	c.end.apply(s.branch, s.mixed)
}

// step writes the attention of s.normed over the window to s.branch.
func (a *attention) step(s *Stream, st *layerState) {
	e := s.encoder
	k, v := st.keys.push(), st.values.push()
	a.q.apply(s.query, s.copied())
	a.k.apply(k, s.copied())
	a.v.apply(v, s.copied())
	for i := range k {
		k[i] *= keyScale
		s.query[i] *= a.scale[i%e.headDim]
	}
	seen := min(e.window, s.frames+1)
	for head := range e.heads {
		at, to := head*e.headDim, (head+1)*e.headDim
		q := s.query[at:to]
		weights := s.weights[:seen]
		for d := range weights {
			weights[d] = kernel.Dot(q, st.keys.row(d)[at:to]) + kernel.Dot(q, a.relative[d*e.hidden+at:d*e.hidden+to])
		}
		kernel.SoftCap(weights, e.cap)
		kernel.Softmax(weights)
		mixed := s.mixed[at:to]
		clear(mixed)
		for d, p := range weights {
			kernel.Axpy(mixed, p, st.values.row(d)[at:to])
		}
	}
	a.o.apply(s.branch, s.mixed)
}
