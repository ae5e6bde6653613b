package decoder

import (
	"errors"
	"fmt"

	"sotto/decoder/kvcache"
	"sotto/models/batch"
)

// ErrFull says that a text has reached its stream's capacity. Nothing of the
// refused call has been appended.
var ErrFull = errors.New("the stream is full")

// ticket carries the requests of one stream.
type ticket = batch.Ticket[request]

// Mark is a length of a stream to come back to.
type Mark struct{ at kvcache.Mark }

// Stream is one text's memory. It belongs to one goroutine at a time; calls of
// several streams that come together are computed together.
type Stream struct {
	d      *Decoder
	cache  *kvcache.Cache
	limit  int // most positions
	logits []float32
	ticket *ticket
	heads  []Head // whose attention is answered, over
	from   int    // positions [from, to)
	to     int
	watch  func(stage string, rows []float32) // nil but in tests
}

// NewStream returns an empty stream for at most capacity positions, and never
// more than the model has. tail is the longest stretch that Rewind takes back.
func (d *Decoder) NewStream(capacity, tail int) *Stream {
	limit := max(1, min(capacity, d.cfg.MaxPositions))
	return &Stream{
		d: d, limit: limit,
		cache:  kvcache.New(d.memory(), limit, max(tail, chunk), d.head.Packed()),
		logits: make([]float32, d.cfg.VocabSize),
		ticket: batch.NewTicket[request](),
	}
}

// Fork returns an empty branch of s: its texts see all that s holds and leave s
// as it is. It may be used while s is not.
func (s *Stream) Fork() *Stream {
	return &Stream{d: s.d, limit: s.limit, cache: s.cache.Fork(), logits: make([]float32, s.d.cfg.VocabSize), ticket: batch.NewTicket[request]()}
}

// Rebase empties a fork and puts it behind all that its trunk holds now. It has
// to be called whenever the trunk has grown or was reset.
func (s *Stream) Rebase() { s.cache.Rebase() }

// Reset empties a stream that is no fork and keeps its memory.
func (s *Stream) Reset() { s.cache.Reset() }

// Len returns the number of positions appended and not taken back.
func (s *Stream) Len() int { return s.cache.Len() }

// Bytes returns the size of the keys and values held now.
func (s *Stream) Bytes() int { return s.cache.Bytes() }

// Mark returns the present length.
func (s *Stream) Mark() Mark { return Mark{s.cache.Mark()} }

// Rewind takes back everything behind m, exactly as if it had never been
// appended. It panics when that is more than the tail the stream was made for.
func (s *Stream) Rewind(m Mark) { s.cache.Rewind(m.at) }

// Drop takes back the last n positions.
func (s *Stream) Drop(n int) { s.cache.Rewind(s.cache.Mark() - kvcache.Mark(n)) }

// AppendAudio appends sound tokens, [n, hidden]. Their logits are never needed.
func (s *Stream) AppendAudio(soundTokens []float32) error {
	h := s.d.cfg.HiddenSize
	if len(soundTokens)%h != 0 {
		return fmt.Errorf("decoder: sound tokens of %d values, want a multiple of %d", len(soundTokens), h)
	}
	if err := s.fits(len(soundTokens) / h); err != nil {
		return err
	}
	for len(soundTokens) > 0 {
		n := min(chunk*h, len(soundTokens))
		s.pass(request{sound: soundTokens[:n], n: n / h})
		soundTokens = soundTokens[n:]
	}
	return nil
}

// Append appends text ids whose logits nobody needs.
func (s *Stream) Append(ids []int) error {
	if err := s.accepts(ids); err != nil {
		return err
	}
	s.text(ids)
	return nil
}

// text appends ids that have been checked.
func (s *Stream) text(ids []int) {
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		s.pass(request{ids: ids[:n], n: n})
		ids = ids[n:]
	}
}

// Logits appends ids and returns the logits of the last one, [vocab]. They are
// overwritten by the next call.
func (s *Stream) Logits(ids []int) ([]float32, error) {
	if len(ids) == 0 {
		return nil, errors.New("decoder: logits after no ids, want at least one")
	}
	if err := s.accepts(ids); err != nil {
		return nil, err
	}
	first := (len(ids) - 1) / chunk * chunk // all before fill whole passes
	s.text(ids[:first])
	s.pass(request{ids: ids[first:], n: len(ids) - first, keep: 1, answer: answer{logits: s.logits}})
	return s.logits, nil
}

// LogitsAll appends ids and returns new logits of each, [n, vocab].
func (s *Stream) LogitsAll(ids []int) ([]float32, error) {
	if err := s.accepts(ids); err != nil {
		return nil, err
	}
	vocab := s.d.cfg.VocabSize
	all := make([]float32, len(ids)*vocab)
	for done := 0; done < len(ids); {
		n := min(chunk, len(ids)-done)
		s.pass(request{ids: ids[done : done+n], n: n, keep: n, answer: answer{logits: all[done*vocab : (done+n)*vocab]}})
		done += n
	}
	return all, nil
}

// pass has one request computed, with whatever other streams want now.
func (s *Stream) pass(r request) { s.d.queue.Wait(s.request(r)) }

// request fills in the stream's ticket.
func (s *Stream) request(r request) *ticket {
	r.s = s
	s.ticket.Request, s.ticket.Size = r, r.n
	if s.watch != nil {
		s.ticket.Size = chunk // alone
	}
	return s.ticket
}

// Observe calls f with every stage of every later pass, [positions, width]:
// "embed", "layer.0" and so on, "ple" for the inputs of the layers, and "norm".
// Positions that leave the network early are missing from the later stages. It
// exists for comparison with a reference.
func (s *Stream) Observe(f func(stage string, rows []float32)) { s.watch = f }

// accepts checks ids and room before anything is written.
func (s *Stream) accepts(ids []int) error {
	vocab := min(s.d.cfg.VocabSize, s.d.cfg.PLEVocabSize)
	for i, id := range ids {
		if id < 0 || id >= vocab {
			return fmt.Errorf("decoder: id %d at index %d, want one of the vocabulary's %d", id, i, vocab)
		}
	}
	return s.fits(len(ids))
}

func (s *Stream) fits(n int) error {
	if n > s.cache.Room() {
		return fmt.Errorf("decoder: %d positions behind %d, room for %d more: %w", n, s.Len(), s.cache.Room(), ErrFull)
	}
	return nil
}
