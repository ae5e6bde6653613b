// Package opus reads Ogg Opus streams (RFC 7845) as 16 kHz mono, without cgo.
package opus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pion/opus"
)

const (
	rateHz = 16000
	// granuleHz is the rate that positions and the pre-skip are counted in.
	granuleHz = 48000
	// maxSamples is the longest a packet can be, 120 ms, per channel.
	maxSamples = rateHz * 120 / 1000
)

// Reader reads the first Opus stream of an Ogg file.
type Reader struct {
	pages    *pager
	decoder  opus.Decoder
	channels int // as the header says
	gain     float32
	skip     int   // samples still to leave out at the beginning
	preSkip  int64 // at granuleHz
	decoded  int64 // samples decoded so far
	given    int64 // samples handed on so far
	buf      []float32
	ready    []float32
	ended    bool
}

// NewReader reads the stream's two headers.
func NewReader(r io.Reader) (*Reader, error) {
	o := &Reader{pages: newPager(r), buf: make([]float32, maxSamples)}
	head, err := o.pages.next()
	if err != nil {
		return nil, errors.New("opus: no complete Ogg page")
	}
	if err := o.header(head.data); err != nil {
		return nil, err
	}
	tags, err := o.pages.next()
	if err != nil || len(tags.data) < 8 || string(tags.data[:8]) != "OpusTags" {
		return nil, errors.New("opus: the comment header is missing")
	}
	if o.decoder, err = opus.NewDecoderWithOutput(rateHz, 1); err != nil {
		return nil, fmt.Errorf("opus: %w", err)
	}
	return o, nil
}

// header reads OpusHead (RFC 7845, section 5.1).
func (o *Reader) header(b []byte) error {
	if len(b) < 19 || string(b[:8]) != "OpusHead" {
		return errors.New("opus: the first packet is no OpusHead")
	}
	if b[8]>>4 != 0 {
		return fmt.Errorf("opus: version %d of the header, want 0 to 15", b[8])
	}
	o.channels = int(b[9])
	if family := b[18]; family != 0 || o.channels < 1 || o.channels > 2 {
		return fmt.Errorf("opus: %d channels in mapping family %d; only mono and stereo in family 0 are read", o.channels, family)
	}
	o.preSkip = int64(binary.LittleEndian.Uint16(b[10:]))
	o.skip = int(o.preSkip * rateHz / granuleHz)
	db := float64(int16(binary.LittleEndian.Uint16(b[16:]))) / 256
	o.gain = float32(math.Pow(10, db/20))
	return nil
}

// Channels returns the channels of the stream, which Read has mixed.
func (o *Reader) Channels() int { return o.channels }

// Read reads mono samples at 16 kHz. The error is io.EOF at the end.
func (o *Reader) Read(dst []float32) (int, error) {
	for len(o.ready) == 0 {
		if o.ended {
			return 0, io.EOF
		}
		if err := o.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(dst, o.ready)
	o.ready = o.ready[n:]
	return n, nil
}

// fill decodes the next packet into o.ready.
func (o *Reader) fill() error {
	k, err := o.pages.next()
	if errors.Is(err, io.EOF) {
		o.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	n := o.decode(k.data)
	o.decoded += int64(n)
	samples := o.buf[:n]
	left := min(o.skip, n)
	o.skip -= left
	samples = samples[left:]
	if k.last && k.granule >= 0 { // the last page says where the sound ends
		o.ended = true
		if end := (k.granule - o.preSkip) * rateHz / granuleHz; end >= 0 {
			samples = samples[:min(int64(len(samples)), max(0, end-o.given))]
		}
	}
	o.given += int64(len(samples))
	o.ready = samples
	return nil
}

// decode writes a packet's samples to o.buf and returns their number. A packet
// that holds no sound (discontinuous transmission) or cannot be read becomes
// silence of its length: the decoder must not see the former, which would spoil
// what follows, and is not reset after the latter.
func (o *Reader) decode(data []byte) int {
	n := duration(data)
	clear(o.buf[:n])
	if len(data) <= 2 {
		return n
	}
	if got, ok := o.guarded(data); ok && got > 0 {
		n = got
	}
	for i, v := range o.buf[:n] {
		o.buf[i] = v * o.gain
	}
	return n
}

// guarded keeps a panic of the decoder on hostile bytes from ending the program.
func (o *Reader) guarded(data []byte) (n int, ok bool) {
	defer func() {
		if recover() != nil {
			clear(o.buf)
			n, ok = 0, false
		}
	}()
	n, err := o.decoder.DecodeToFloat32(data, o.buf)
	return min(n, len(o.buf)), err == nil
}

// duration returns how many samples a packet lasts, from its table of contents
// (RFC 6716, section 3.1).
func duration(data []byte) int {
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
