package decoder

import "fmt"

// Head is one attention head of one layer.
type Head struct{ Layer, Head int }

// Watch chooses the heads whose attention to positions [from, to) is answered by
// later calls of Together. heads is not copied.
func (s *Stream) Watch(heads []Head, from, to int) { s.heads, s.from, s.to = heads, from, to }

// Ask is text to append to one stream, and what is wanted behind the last Keep
// of its ids. What is nil is not answered.
type Ask struct {
	Stream *Stream
	IDs    []int
	Keep   int

	Best      []int     // [Keep], the likeliest next id
	Probs     []float32 // [Keep], its probability
	Logits    []float32 // [Keep, vocab]
	Attention []float32 // [Keep, heads, span] of the stream's Watch, each head's softmax
}

// answer is what a request fills in: Ask's answers for some of its ids.
type answer struct {
	best      []int
	probs     []float32
	logits    []float32
	attention []float32
}

// Together appends the text of several asks, in as few passes as possible. No
// stream may be named twice. Nothing is appended when an ask cannot be served.
func (d *Decoder) Together(asks ...Ask) error {
	most := 0
	for i := range asks {
		if err := d.serves(&asks[i]); err != nil {
			return fmt.Errorf("ask %d: %w", i, err)
		}
		most = max(most, len(asks[i].IDs))
	}
	var tickets [chunk]*ticket
	for from := 0; from < most; from += chunk {
		n := 0
		for i := range asks {
			if from < len(asks[i].IDs) {
				tickets[n] = asks[i].part(d.cfg.VocabSize, from)
				n++
			}
		}
		d.queue.Wait(tickets[:n]...)
	}
	return nil
}

// serves checks an ask before anything is written.
func (d *Decoder) serves(a *Ask) error {
	vocab, row := d.cfg.VocabSize, len(a.Stream.heads)*(a.Stream.to-a.Stream.from)
	switch {
	case a.Keep < 0 || a.Keep > len(a.IDs):
		return fmt.Errorf("decoder: answers behind %d of %d ids", a.Keep, len(a.IDs))
	case a.Best != nil && len(a.Best) != a.Keep, a.Probs != nil && len(a.Probs) != a.Keep, a.Logits != nil && len(a.Logits) != a.Keep*vocab, a.Attention != nil && len(a.Attention) != a.Keep*row:
		return fmt.Errorf("decoder: room for %d ids, %d probabilities, %d logits and %d weights of attention, want %d, %d, %d and %d",
			len(a.Best), len(a.Probs), len(a.Logits), len(a.Attention), a.Keep, a.Keep, a.Keep*vocab, a.Keep*row)
	}
	return a.Stream.accepts(a.IDs)
}

// part is the request for at most chunk ids from one on.
func (a *Ask) part(vocab, from int) *ticket {
	to := min(from+chunk, len(a.IDs))
	r := request{ids: a.IDs[from:to], n: to - from}
	first := len(a.IDs) - a.Keep // that is answered
	if lo, hi := max(from, first)-first, to-first; lo < hi {
		r.keep = hi - lo
		row := len(a.Stream.heads) * (a.Stream.to - a.Stream.from)
		r.best, r.probs = slice(a.Best, lo, hi, 1), slice(a.Probs, lo, hi, 1)
		r.logits, r.attention = slice(a.Logits, lo, hi, vocab), slice(a.Attention, lo, hi, row)
	}
	return a.Stream.request(r)
}

// slice returns rows [lo, hi) of x [n, width], nil of nil.
func slice[T any](x []T, lo, hi, width int) []T {
	if x == nil {
		return nil
	}
	return x[lo*width : hi*width]
}

// attentionOf returns where the attention of row i goes, or nil.
func (r *request) attentionOf(i int) []float32 {
	if i -= r.n - r.keep; i < 0 || r.attention == nil {
		return nil
	}
	width := len(r.attention) / r.keep
	return r.attention[i*width : (i+1)*width]
}

// look keeps the weights of one head, which are of the positions up to the
// row's own, if they are asked for.
func (r *row) look(layer, head int, weights []float32) {
	if r.attention == nil {
		return
	}
	span, first := r.s.to-r.s.from, r.pos+1-len(weights)
	for i, h := range r.s.heads {
		if h.Layer != layer || h.Head != head {
			continue
		}
		out := r.attention[i*span : (i+1)*span]
		clear(out)
		lo := max(r.s.from, first)
		if hi := min(r.s.to, r.pos+1); lo < hi {
			copy(out[lo-r.s.from:], weights[lo-first:hi-first])
		}
	}
}

// AppendBlank appends n positions whose keys and values are all zero, without
// computing anything: a text of some length to measure behind.
func (s *Stream) AppendBlank(n int) error {
	if err := s.fits(n); err != nil {
		return err
	}
	for n > 0 {
		part := min(chunk, n)
		s.cache.Reserve(part)
		s.cache.Advance(part)
		n -= part
	}
	return nil
}
