package voice

import (
	"cmp"
	"fmt"

	"sotto/audio"
)

// Formats are those of sound that a client may send.
var Formats = []string{"s16le", "f32le", "mulaw", "alaw", "opus"}

const (
	minRate     = 8000
	maxRate     = 192000
	maxChannels = 2
)

// Sound turns the bytes a client sends into frames: mixed to one channel, at
// 16 kHz.
type Sound struct {
	reader
	framer audio.Framer
	ready  []audio.Frame // what Frames returned, reused
}

// reader knows a format.
type reader interface {
	// Rate returns the samples per second that Length counts.
	Rate() int
	// Length returns how long a message lasts, in samples of one channel.
	Length(message []byte) int64
	// Faults returns what of the messages so far could not be heard.
	Faults() Faults

	// delayed reports whether read keeps some samples back.
	delayed() bool
	// read returns a message's samples at 16 kHz, overwritten by the next call.
	read(message []byte) ([]float32, error)
	// rest returns what is left when the voice has ended.
	rest() []float32
}

// Faults count what stands as silence for sound that could not be heard.
type Faults struct {
	Samples int            // that were no numbers
	Packets int            // that could not be decoded
	Running int            // such packets without a good one between them
	Length  audio.Position // of all such packets together
}

// NewSound prepares for a format with so many samples per second of so many
// channels. Zero values mean s16le, 16000 and 1. Opus is packets, which say both
// themselves.
func NewSound(format string, rate, channels int) (*Sound, error) {
	if format == "opus" {
		return newOpus(rate, channels)
	}
	rate, channels = cmp.Or(rate, audio.RateHz), cmp.Or(channels, 1)
	switch {
	case rate < minRate || rate > maxRate:
		return nil, fmt.Errorf("rate is %d samples per second, want %d to %d", rate, minRate, maxRate)
	case channels < 1 || channels > maxChannels:
		return nil, fmt.Errorf("%d channels, want 1 to %d", channels, maxChannels)
	}
	p, err := newPCM(format, rate, channels)
	if err != nil {
		return nil, err
	}
	return &Sound{reader: p}, nil
}

// Frames takes one message and returns the frames it completes; they are
// overwritten by the next call.
func (s *Sound) Frames(message []byte) ([]audio.Frame, error) {
	samples, err := s.read(message)
	if err != nil {
		return nil, err
	}
	return s.cut(samples), nil
}

// Rest returns what is left when the voice has ended: the resampler may still
// complete a frame, the tail is less than one.
func (s *Sound) Rest() (last []audio.Frame, tail []float32) {
	last = s.cut(s.rest())
	return last, s.framer.Rest()
}

// Pending reports whether some of the sound so far is in no frame yet.
func (s *Sound) Pending() bool { return s.delayed() || len(s.framer.Rest()) > 0 }

// cut returns the frames that samples complete.
func (s *Sound) cut(samples []float32) []audio.Frame {
	s.framer.Write(samples)
	s.ready = s.ready[:0]
	for f, ok := s.framer.Next(); ok; f, ok = s.framer.Next() {
		s.ready = append(s.ready, *f)
	}
	return s.ready
}
