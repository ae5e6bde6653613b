package ws

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"

	"sotto/audio"
	"sotto/audio/resample"
	"sotto/transport/wire"
)

const (
	defaultFormat = "s16le"
	minRate       = 8000
	maxRate       = 192000
	maxChannels   = 2
	loudest       = 4 // float sound may overshoot full scale, but not by more
	fullScale     = 1 << 15
	s16Bytes      = 2
	f32Bytes      = 4
)

// sound turns binary messages into frames: mixed to one channel, at 16 kHz.
type sound struct {
	sample    func([]byte) float32
	width     int // bytes of one sample
	channels  int
	resampler *resample.Resampler
	framer    audio.Framer

	mono  []float32     // one message at its own rate, reused
	ready []audio.Frame // what frames returned, reused
}

// newSound prepares for the format that start announces.
func newSound(start *wire.Start) (*sound, error) {
	rate, channels := cmp.Or(start.Rate, audio.RateHz), cmp.Or(start.Channels, 1)
	s := &sound{channels: channels}
	switch format := cmp.Or(start.Format, defaultFormat); format {
	case "s16le":
		s.sample, s.width = s16, s16Bytes
	case "f32le":
		s.sample, s.width = f32, f32Bytes
	default:
		return nil, fmt.Errorf("format %.32q is neither s16le nor f32le", format)
	}
	switch {
	case rate < minRate || rate > maxRate:
		return nil, fmt.Errorf("rate is %d samples per second, want %d to %d", rate, minRate, maxRate)
	case channels < 1 || channels > maxChannels:
		return nil, fmt.Errorf("%d channels, want 1 to %d", channels, maxChannels)
	}
	s.resampler = resample.New(rate, audio.RateHz)
	return s, nil
}

// frames takes one message and returns the frames it completes; they are
// overwritten by the next call.
func (s *sound) frames(data []byte) ([]audio.Frame, error) {
	whole := s.width * s.channels
	if len(data)%whole != 0 {
		return nil, fmt.Errorf("a message of %d bytes ends inside a sample; one is %d bytes over %d channel(s)", len(data), whole, s.channels)
	}
	s.mono = s.mono[:0]
	for ; len(data) > 0; data = data[whole:] {
		s.mono = append(s.mono, s.mix(data[:whole]))
	}
	return s.cut(s.resampler.Write(s.mono)), nil
}

// rest returns what is left when the voice has ended: the resampler may still
// complete a frame, the tail is less than one.
func (s *sound) rest() (last []audio.Frame, tail []float32) {
	last = s.cut(s.resampler.Flush())
	return last, s.framer.Rest()
}

// cut returns the frames that samples complete.
func (s *sound) cut(samples []float32) []audio.Frame {
	s.framer.Write(samples)
	s.ready = s.ready[:0]
	for f, ok := s.framer.Next(); ok; f, ok = s.framer.Next() {
		s.ready = append(s.ready, *f)
	}
	return s.ready
}

// mix averages the channels of one moment.
func (s *sound) mix(moment []byte) float32 {
	var sum float32
	for c := range s.channels {
		sum += s.sample(moment[c*s.width:])
	}
	return sum / float32(s.channels)
}

func s16(b []byte) float32 {
	return float32(int16(binary.LittleEndian.Uint16(b))) / fullScale
}

// f32 makes silence of what is no number, and limits what is too loud.
func f32(b []byte) float32 {
	v := math.Float32frombits(binary.LittleEndian.Uint32(b))
	if v != v || math.IsInf(float64(v), 0) {
		return 0
	}
	return max(-loudest, min(loudest, v))
}
