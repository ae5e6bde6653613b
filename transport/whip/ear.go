package whip

import (
	"context"
	"time"

	"sotto/audio"
	"sotto/audio/opus"
	"sotto/audio/rtp"
)

// Samples of ours in a tick of RTP are one in so many.
const ticksPerSample = rtp.RateHz / audio.RateHz

const (
	markLength = audio.RateHz / 5 // a hole so long is marked at once
	markEvery  = audio.RateHz     // shorter ones together
	deafAfter  = 50               // packets in a row that cannot be decoded
	pieceLen   = 1920             // samples of a hole that are made at a time
)

// listener is the voice that an ear hears for.
type listener interface {
	Offer(f *audio.Frame)
	Push(ctx context.Context, f *audio.Frame) error
	Gap(ctx context.Context, samples audio.Position, cause string) error
}

// ear turns a stream's packets into frames of a voice. RTP time is its clock:
// what was lost or silent is filled with as many samples, and what was lost is marked.
type ear struct {
	buffer  *rtp.Buffer
	decoder *opus.Decoder
	voice   listener
	framer  audio.Framer

	given int64 // samples so far
	lost  int64 // samples lost since the last mark
	heard int64 // samples heard since the first of them
	cause string

	deaf      int // packets in a row that could not be decoded
	spoilt    int // packets that could not be decoded
	malformed int // packets that are no RTP of the stream
}

func newEar(v listener) (*ear, error) {
	decoder, err := opus.NewDecoder()
	if err != nil {
		return nil, err
	}
	length := func(payload []byte) int64 { return int64(opus.Duration(payload)) * ticksPerSample }
	return &ear{buffer: rtp.NewBuffer(length), decoder: decoder, voice: v}, nil
}

// put takes a packet as it came.
func (e *ear) put(data []byte, format uint8, now time.Duration) {
	p, err := rtp.Parse(data)
	if err != nil || p.Type != format {
		e.malformed++
		return
	}
	e.buffer.Put(p, now)
}

// hear hands on what is due.
func (e *ear) hear(ctx context.Context, now time.Duration) error {
	for {
		p, ok := e.buffer.Next(now)
		if !ok {
			return nil
		}
		if err := e.take(ctx, &p); err != nil {
			return err
		}
	}
}

// take hands on one piece, with as many samples as bring us to its end.
func (e *ear) take(ctx context.Context, p *rtp.Piece) error {
	samples := (p.At+p.Length)/ticksPerSample - e.given
	e.given += samples
	if p.Kind == rtp.Sound {
		return e.sound(ctx, p.Payload, samples)
	}
	switch p.Kind {
	case rtp.Lost:
		e.lose(samples+p.Early/ticksPerSample, "packets were lost")
	case rtp.Break:
		e.lose(samples+p.Early/ticksPerSample, "the connection was interrupted")
	}
	return e.fill(ctx, samples, p.Payload)
}

func (e *ear) sound(ctx context.Context, payload []byte, samples int64) error {
	if e.lost >= markLength || e.lost > 0 && e.heard >= markEvery {
		if err := e.mark(ctx); err != nil {
			return err
		}
	}
	decoded, err := e.decoder.Decode(payload)
	decoded = decoded[:min(int64(len(decoded)), samples)]
	if err != nil {
		e.spoilt, e.deaf = e.spoilt+1, e.deaf+1
		e.lose(samples, "packets could not be decoded")
		return e.fill(ctx, samples, nil)
	}
	e.deaf = 0
	e.heard += samples
	e.framer.Write(decoded)
	e.framer.Write(make([]float32, samples-int64(len(decoded)))) // at most one, of rounding
	for f, ok := e.framer.Next(); ok; f, ok = e.framer.Next() {
		e.voice.Offer(f)
	}
	return nil
}

// fill stands in for sound that is missing before a packet, nil for none. It waits
// for room, because a long hole comes all at once. The first piece is short, so that
// the last has room for what the packet knows of it.
func (e *ear) fill(ctx context.Context, samples int64, behind []byte) error {
	for samples > 0 {
		n := (samples-1)%pieceLen + 1
		samples -= n
		if samples > 0 {
			e.framer.Write(e.decoder.Conceal(int(n), nil))
		} else {
			e.framer.Write(e.decoder.Conceal(int(n), behind))
		}
		for f, ok := e.framer.Next(); ok; f, ok = e.framer.Next() {
			if err := e.voice.Push(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// lose counts samples that were not heard.
func (e *ear) lose(samples int64, cause string) {
	if e.lost == 0 {
		e.heard = 0
	}
	e.lost += samples
	e.cause = cause
}

// mark says what was lost since the last mark.
func (e *ear) mark(ctx context.Context) error {
	if e.lost == 0 {
		return nil
	}
	lost := audio.Position(e.lost)
	e.lost = 0
	return e.voice.Gap(ctx, lost, e.cause)
}

// end hands on all that waits and returns the last samples, less than a frame.
func (e *ear) end(ctx context.Context, now time.Duration) (tail []float32) {
	for wake, waiting := e.buffer.Wake(); waiting && e.buffer.Held(); wake, waiting = e.buffer.Wake() {
		if e.hear(ctx, max(now, wake)) != nil {
			return nil
		}
	}
	e.mark(ctx)
	return e.framer.Rest()
}

// stats of the stream, for the log.
type stats struct {
	rtp.Stats
	Spoilt    int // packets that could not be decoded
	Malformed int // packets that are no RTP of the stream
}

func (e *ear) stats() stats { return stats{e.buffer.Stats(), e.spoilt, e.malformed} }
