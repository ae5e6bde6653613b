package decoder

import (
	"fmt"

	"sotto/models/kernel"
)

// pass sends the n embedded rows through the network behind the positions
// held. All rows reach the last layer with keys and values of its own; only the
// last keep rows go on from there and end in normed, [keep, h].
func (s *Stream) pass(n, keep int) {
	h := s.d.cfg.HiddenSize
	s.cache.Reserve(n)
	s.turns(n)
	copy(s.x, s.embedded[:n*h])
	s.see("embed", s.x[:n*h])
	lo := 0
	for i := range s.d.layers {
		l := &s.d.layers[i]
		s.norm(l.inputNorm, lo, n)
		if l.owns {
			s.remember(l, lo, n)
		}
		if i == s.d.lastOwner {
			lo = n - keep
		}
		if lo == n {
			break
		}
		s.layer(l, lo, n)
	}
	s.cache.Advance(n)
	s.finish(lo, n)
}

// layer is the rest of one decoder layer for rows [lo, n), whose input is
// already normed and remembered.
func (s *Stream) layer(l *layer, lo, n int) {
	s.attention(l, lo, n)
	s.join(l.postAttnNorm, lo, n)

	s.norm(l.preFFNorm, lo, n)
	s.feedForward(l, lo, n)
	s.join(l.postFFNorm, lo, n)

	s.mixPerLayer(l, lo, n)
	s.perLayer(l, lo, n)
	s.join(l.postPLENorm, lo, n)

	x := s.stream(s.x, lo, n)
	scale(x, l.scalar)
	if s.watch != nil {
		s.watch(fmt.Sprintf("layer.%d", l.index), x)
	}
}

// feedForward computes down(gelu(gate·x) · up·x).
func (s *Stream) feedForward(l *layer, lo, n int) {
	x, rows := s.stream(s.normed, lo, n), n-lo
	gate, up := s.gate[:rows*l.ff], s.up[:rows*l.ff]
	kernel.MatMul(gate, x, rows, l.gate)
	kernel.MatMul(up, x, rows, l.up)
	kernel.GELUTanhMul(gate, up)
	kernel.MatMul(s.stream(s.branch, lo, n), gate, rows, l.down)
}

// perLayer computes proj(gelu(gate·x) · per-layer input); x is not normed.
func (s *Stream) perLayer(l *layer, lo, n int) {
	p, rows := s.d.cfg.PLEDim, n-lo
	gate := s.mix[:rows*p]
	kernel.MatMul(gate, s.stream(s.x, lo, n), rows, l.pleGate)
	for i := range rows {
		kernel.GELUTanhMul(gate[i*p:(i+1)*p], s.perLayerInput(l, lo+i))
	}
	kernel.MatMul(s.stream(s.branch, lo, n), gate, rows, l.pleProj)
}

// norm writes normed = rms(x; weight).
func (s *Stream) norm(weight []float32, lo, n int) {
	normRows(s.stream(s.normed, lo, n), s.stream(s.x, lo, n), weight, s.d.cfg.RMSNormEps)
}

// join adds the branch to the stream: x += rms(branch; weight).
func (s *Stream) join(weight []float32, lo, n int) {
	branch := s.stream(s.branch, lo, n)
	normRows(branch, branch, weight, s.d.cfg.RMSNormEps)
	add(s.stream(s.x, lo, n), branch)
}

// finish norms what came through the whole network, rows [lo, n), to the front
// of normed.
func (s *Stream) finish(lo, n int) {
	if lo == n {
		return
	}
	h := s.d.cfg.HiddenSize
	out := s.normed[:(n-lo)*h]
	normRows(out, s.stream(s.x, lo, n), s.d.norm, s.d.cfg.RMSNormEps)
	width := s.d.cfg.Layers() * s.d.cfg.PLEDim
	s.see("ple", s.ple[lo*width:n*width])
	s.see("norm", out)
}

// stream returns rows [lo, n) of a scratch of width h.
func (s *Stream) stream(x []float32, lo, n int) []float32 {
	h := s.d.cfg.HiddenSize
	return x[lo*h : n*h]
}

func (s *Stream) see(stage string, rows []float32) {
	if s.watch != nil {
		s.watch(stage, rows)
	}
}

// normRows norms every row of x as wide as weight.
func normRows(dst, x, weight []float32, eps float32) {
	w := len(weight)
	for i := 0; i < len(x); i += w {
		kernel.RMSNorm(dst[i:i+w], x[i:i+w], weight, eps)
	}
}

func add(dst, x []float32) {
	for i, v := range x {
		dst[i] += v
	}
}

func scale(x []float32, by float32) {
	for i := range x {
		x[i] *= by
	}
}
