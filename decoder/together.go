package decoder

import (
	"fmt"

	"sotto/models/batch"
)

// Together appends one id to each of several streams, in one pass, and leaves
// the logits of each, [vocab], in logits. They are overwritten by the stream's
// next call. No stream may be named twice.
func (d *Decoder) Together(streams []*Stream, ids []int, logits [][]float32) error {
	var tickets [chunk]*batch.Ticket[request]
	if n := len(streams); n > chunk || n != len(ids) || n != len(logits) {
		return fmt.Errorf("decoder: %d streams with %d ids and room for the logits of %d, want as many, at most %d", n, len(ids), len(logits), chunk)
	}
	for i, s := range streams {
		if err := s.accepts(ids[i : i+1]); err != nil {
			return fmt.Errorf("stream %d: %w", i, err)
		}
		s.ticket.Request, s.ticket.Size = request{s: s, ids: ids[i : i+1], n: 1, keep: 1, logits: s.logits}, 1
		tickets[i], logits[i] = s.ticket, s.logits
	}
	d.queue.Wait(tickets[:len(streams)]...)
	return nil
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
