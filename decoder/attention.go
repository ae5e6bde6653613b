package decoder

import (
	"sotto/decoder/kvcache"
	"sotto/models/gemma4"
	"sotto/models/kernel"
)

// turns computes the rotations of the next n positions for both layer types.
func (s *Stream) turns(n int) {
	for _, kind := range []gemma4.LayerType{gemma4.Sliding, gemma4.Full} {
		for i := range n {
			cos, sin := s.turnOf(kind, i)
			s.d.ropes[kind].angles(cos, sin, s.Len()+i)
		}
	}
}

// turnOf returns the rotation of row i of this pass.
func (s *Stream) turnOf(kind gemma4.LayerType, i int) (cos, sin []float32) {
	half := len(s.d.ropes[kind].frequencies)
	return s.cos[kind][i*half : (i+1)*half], s.sin[kind][i*half : (i+1)*half]
}

// remember writes the keys and values of rows [lo, n) to the cache. Keys are
// normed and turned; values are normed without a weight.
func (s *Stream) remember(l *layer, lo, n int) {
	width, rows, eps := l.kvHeads*l.dim, n-lo, s.d.cfg.RMSNormEps
	key, value := s.key[:rows*width], s.value[:rows*width]
	kernel.MatMul(key, s.stream(s.normed, lo, n), rows, l.k)
	kernel.MatMul(value, s.stream(s.normed, lo, n), rows, l.v)
	normRows(key, key, l.kNorm, eps)
	for i := 0; i < len(value); i += l.dim {
		kernel.RMSNorm(value[i:i+l.dim], value[i:i+l.dim], nil, eps)
	}
	for i := range rows {
		k := key[i*width : (i+1)*width]
		cos, sin := s.turnOf(l.kind, lo+i)
		turn(k, cos, sin)
		s.cache.Put(l.memory, s.Len()+lo+i, k, value[i*width:(i+1)*width])
	}
}

// attention writes to branch what rows [lo, n) gather from the positions they
// see, their own included.
func (s *Stream) attention(l *layer, lo, n int) {
	width, rows := l.heads*l.dim, n-lo
	query, heads := s.query[:rows*width], s.heads[:rows*width]
	kernel.MatMul(query, s.stream(s.normed, lo, n), rows, l.q)
	normRows(query, query, l.qNorm, s.d.cfg.RMSNormEps)
	clear(heads)
	for i := range rows {
		q := query[i*width : (i+1)*width]
		cos, sin := s.turnOf(l.kind, lo+i)
		turn(q, cos, sin)
		s.gather(l, heads[i*width:(i+1)*width], q, s.Len()+lo+i)
	}
	kernel.MatMul(s.stream(s.branch, lo, n), heads, rows, l.o)
}

// gather adds to dst, for every head of query, softmax(q·k)·v over the positions
// that pos sees; the scale of the scores is 1. Each group of heads/kvHeads
// query heads shares one key and value head.
func (s *Stream) gather(l *layer, dst, query []float32, pos int) {
	older, newer := s.cache.Seen(l.memory, pos)
	width := l.kvHeads * l.dim
	split, group := len(older.Keys)/width, l.heads/l.kvHeads
	scores := s.scores[:split+len(newer.Keys)/width]
	for h := range l.heads {
		q := query[h*l.dim : (h+1)*l.dim]
		out := dst[h*l.dim : (h+1)*l.dim]
		offset := h / group * l.dim
		match(scores[:split], q, older, offset, width)
		match(scores[split:], q, newer, offset, width)
		kernel.Softmax(scores)
		blend(out, scores[:split], older, offset, width)
		blend(out, scores[split:], newer, offset, width)
	}
}

// match writes q·k for every position of a run; offset is the key head's place
// in a row of the given width.
func match(scores, q []float32, run kvcache.Run, offset, width int) {
	for j := range scores {
		at := j*width + offset
		scores[j] = kernel.Dot(q, run.Keys[at:at+len(q)])
	}
}

// blend adds weight·v for every position of a run.
func blend(out, weights []float32, run kvcache.Run, offset, width int) {
	for j, w := range weights {
		at := j*width + offset
		kernel.Axpy(out, w, run.Values[at:at+len(out)])
	}
}
