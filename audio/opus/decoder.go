package opus

import (
	"errors"
	"fmt"
)

const (
	// maxSamples is the longest a packet can be, 120 ms, per channel.
	maxSamples = rateHz * 120 / 1000
	// edge of a hole in which sound fades: 5 ms.
	edge = rateHz * 5 / 1000
	// withoutSound: packets of so few bytes mark discontinuous transmission.
	withoutSound = 2
)

var errMalformed = errors.New("opus: the packet cannot be decoded")

// codec decodes the packets of one stream to mono at 16 kHz: in Go, or as libopus
// in programs that were built with the tag libopus.
type codec interface {
	decode(packet []byte, dst []float32) error
	// conceal fills dst, which packets were lost for, from what was heard and from
	// the packet behind, nil if that is not known. It may be unable to.
	conceal(behind []byte, dst []float32) bool
}

// Decoder decodes the packets of one stream to mono at 16 kHz. Its state goes on
// over packets that were lost: to begin anew would be worse.
type Decoder struct {
	codec  codec
	buf    [maxSamples]float32
	hole   []float32
	last   [edge]float32 // what was returned last, from its end backwards
	broken bool          // a hole ended there
}

// NewDecoder returns a decoder for one stream.
func NewDecoder() (*Decoder, error) {
	c, err := newCodec()
	if err != nil {
		return nil, fmt.Errorf("opus: %w", err)
	}
	return &Decoder{codec: c}, nil
}

// Decode returns a packet's samples, as many as Duration says, in [-1, 1]; they
// are overwritten by the next call. With an error they are silence. So are they
// for a packet that holds no sound (discontinuous transmission): the decoder does not see
// it, because that would spoil what follows.
func (d *Decoder) Decode(packet []byte) ([]float32, error) {
	samples := d.buf[:Duration(packet)]
	clear(samples)
	var err error
	if len(packet) > withoutSound && !d.guarded(packet) {
		clear(samples)
		err = errMalformed
	}
	for i, v := range samples {
		samples[i] = bounded(v)
	}
	if d.broken {
		fadeIn(samples)
	}
	d.remember(samples)
	d.broken = false
	return samples, err
}

// guarded keeps a panic of the decoder on hostile bytes from ending the program.
func (d *Decoder) guarded(packet []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return d.codec.decode(packet, d.buf[:]) == nil
}

// Conceal returns samples that stand in for sound that is missing before a packet,
// nil if that is not known: libopus goes on as it guesses, and takes what the packet
// repeats of the sound before it. Else what was heard last dies away, then there is silence. They
// are overwritten by the next call.
func (d *Decoder) Conceal(samples int, behind []byte) []float32 {
	if cap(d.hole) < samples {
		d.hole = make([]float32, samples)
	}
	hole := d.hole[:samples]
	clear(hole)
	if d.codec.conceal(behind, hole) {
		for i, v := range hole {
			hole[i] = bounded(v)
		}
		d.remember(hole)
		d.broken = false
		return hole
	}
	if !d.broken {
		for i := range hole[:min(edge, samples)] {
			hole[i] = d.last[i] * float32(edge-i) / edge
		}
	}
	d.broken = true
	return hole
}

// remember keeps the end of samples, backwards: so it goes on without a step.
func (d *Decoder) remember(samples []float32) {
	n := min(edge, len(samples))
	copy(d.last[n:], d.last[:])
	for i := range n {
		d.last[i] = samples[len(samples)-1-i]
	}
}

func fadeIn(samples []float32) {
	for i := range samples[:min(edge, len(samples))] {
		samples[i] *= float32(i) / edge
	}
}

// bounded limits a sample, and makes silence of what is no number.
func bounded(v float32) float32 {
	if v != v {
		return 0
	}
	return max(-1, min(1, v))
}

// Duration returns how many samples at 16 kHz a packet lasts, from its table of
// contents (RFC 6716, section 3.1).
func Duration(data []byte) int {
	if len(data) == 0 {
		return 0
	}
	config := data[0] >> 3
	var tenths int // of a millisecond, per frame
	switch {
	case config < 12: // SILK
		tenths = []int{100, 200, 400, 600}[config%4]
	case config < 16: // hybrid
		tenths = []int{100, 200}[config%2]
	default: // CELT
		tenths = []int{25, 50, 100, 200}[config%4]
	}
	frames := 1
	switch data[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		frames = 0
		if len(data) > 1 {
			frames = int(data[1] & 63)
		}
	}
	return min(frames*tenths*rateHz/10000, maxSamples)
}
