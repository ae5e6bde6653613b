package voice

import (
	"fmt"

	"sotto/audio"
	"sotto/audio/opus"
)

// opusHz is the rate that Opus counts its samples by, whatever was encoded.
const opusHz = 48000

// packets reads Opus, a packet a message.
type packets struct {
	decoder *opus.Decoder
	faults  Faults
}

func newOpus(rate, channels int) (*Sound, error) {
	if rate != 0 && rate != opusHz || channels < 0 || channels > maxChannels {
		return nil, fmt.Errorf("rate %d and %d channels of Opus, want %d and 1 or 2, or neither", rate, channels, opusHz)
	}
	decoder, err := opus.NewDecoder()
	if err != nil {
		return nil, err
	}
	return &Sound{reader: &packets{decoder: decoder}}, nil
}

func (p *packets) Rate() int { return opusHz }

func (p *packets) Length(message []byte) int64 {
	return int64(opus.Duration(message)) * opusHz / audio.RateHz
}

func (p *packets) Faults() Faults { return p.faults }

// read takes a packet that cannot be decoded for silence.
func (p *packets) read(message []byte) ([]float32, error) {
	samples, err := p.decoder.Decode(message)
	p.faults.Running++
	if err != nil {
		p.faults.Packets++
		p.faults.Length += audio.Position(len(samples))
	} else {
		p.faults.Running = 0
	}
	return samples, nil
}

func (*packets) delayed() bool { return false }

func (*packets) rest() []float32 { return nil }
