package voice

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"

	"sotto/audio"
	"sotto/audio/resample"
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

// Sound turns the bytes a client sends into frames: mixed to one channel, at
// 16 kHz.
type Sound struct {
	sample    func([]byte) float32
	width     int // bytes of one sample
	channels  int
	resampler *resample.Resampler
	framer    audio.Framer

	mono  []float32     // one message at its own rate, reused
	ready []audio.Frame // what Frames returned, reused
}

// NewSound prepares for a format, "s16le", "f32le", "mulaw" or "alaw", with so many samples per
// second of so many channels. Zero values mean s16le, 16000 and 1.
func NewSound(format string, rate, channels int) (*Sound, error) {
	rate, channels = cmp.Or(rate, audio.RateHz), cmp.Or(channels, 1)
	s := &Sound{channels: channels}
	switch format = cmp.Or(format, defaultFormat); format {
	case "s16le":
		s.sample, s.width = s16, s16Bytes
	case "f32le":
		s.sample, s.width = f32, f32Bytes
	case "mulaw":
		s.sample, s.width = mulaw, 1
	case "alaw":
		s.sample, s.width = alaw, 1
	default:
		return nil, fmt.Errorf("format %.32q is none of s16le, f32le, mulaw and alaw", format)
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

// Frames takes one message and returns the frames it completes; they are
// overwritten by the next call.
func (s *Sound) Frames(data []byte) ([]audio.Frame, error) {
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

// Rest returns what is left when the voice has ended: the resampler may still
// complete a frame, the tail is less than one.
func (s *Sound) Rest() (last []audio.Frame, tail []float32) {
	last = s.cut(s.resampler.Flush())
	return last, s.framer.Rest()
}

// cut returns the frames that samples complete.
func (s *Sound) cut(samples []float32) []audio.Frame {
	s.framer.Write(samples)
	s.ready = s.ready[:0]
	for f, ok := s.framer.Next(); ok; f, ok = s.framer.Next() {
		s.ready = append(s.ready, *f)
	}
	return s.ready
}

// mix averages the channels of one moment.
func (s *Sound) mix(moment []byte) float32 {
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
