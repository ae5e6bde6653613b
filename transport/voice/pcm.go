package voice

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"sotto/audio"
	"sotto/audio/resample"
)

const (
	loudest   = 4 // float sound may overshoot full scale, but not by more
	fullScale = 1 << 15
	s16Bytes  = 2
	f32Bytes  = 4
)

// pcm reads plain samples.
type pcm struct {
	sample    func([]byte) float32
	width     int // bytes of one sample
	channels  int
	rate      int
	resampler *resample.Resampler
	mono      []float32 // one message at its own rate, reused
	faults    Faults
}

func newPCM(format string, rate, channels int) (*pcm, error) {
	p := &pcm{rate: rate, channels: channels, resampler: resample.New(rate, audio.RateHz)}
	switch cmp.Or(format, Formats[0]) {
	case "s16le":
		p.sample, p.width = s16, s16Bytes
	case "f32le":
		p.sample, p.width = p.f32, f32Bytes
	case "mulaw":
		p.sample, p.width = mulaw, 1
	case "alaw":
		p.sample, p.width = alaw, 1
	default:
		return nil, fmt.Errorf("format %.32q is none of %s", format, strings.Join(Formats, ", "))
	}
	return p, nil
}

func (p *pcm) Rate() int { return p.rate }

func (p *pcm) Length(message []byte) int64 { return int64(len(message) / p.whole()) }

func (p *pcm) Faults() Faults { return p.faults }

func (p *pcm) delayed() bool { return p.rate != audio.RateHz }

// whole is how many bytes one moment of all channels takes.
func (p *pcm) whole() int { return p.width * p.channels }

func (p *pcm) read(message []byte) ([]float32, error) {
	whole := p.whole()
	if len(message)%whole != 0 {
		return nil, fmt.Errorf("a message of %d bytes ends inside a sample; one is %d bytes over %d channel(s)", len(message), whole, p.channels)
	}
	p.mono = p.mono[:0]
	for ; len(message) > 0; message = message[whole:] {
		p.mono = append(p.mono, p.mix(message[:whole]))
	}
	return p.resampler.Write(p.mono), nil
}

func (p *pcm) rest() []float32 { return p.resampler.Flush() }

// mix averages the channels of one moment.
func (p *pcm) mix(moment []byte) float32 {
	var sum float32
	for c := range p.channels {
		sum += p.sample(moment[c*p.width:])
	}
	return sum / float32(p.channels)
}

func s16(b []byte) float32 {
	return float32(int16(binary.LittleEndian.Uint16(b))) / fullScale
}

// f32 makes silence of what is no number, and limits what is too loud.
func (p *pcm) f32(b []byte) float32 {
	v := math.Float32frombits(binary.LittleEndian.Uint32(b))
	if v != v || math.IsInf(float64(v), 0) {
		p.faults.Samples++
		return 0
	}
	return max(-loudest, min(loudest, v))
}
