// Package opus reads Ogg Opus streams (RFC 7845) as 16 kHz mono, without cgo.
package opus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pion/opus"

	"sotto/audio/ogg"
)

const (
	rateHz = 16000
	// granuleHz is the rate that positions and the pre-skip are counted in.
	granuleHz = 48000
	// maxSamples is the longest a packet can be, 120 ms, per channel.
	maxSamples = rateHz * 120 / 1000
)

// Reader reads an Opus stream, or a chain of them, of an Ogg file.
type Reader struct {
	pages    *ogg.Reader
	decoder  opus.Decoder
	channels int // as the header says
	gain     float32
	skip     int   // samples still to leave out at the beginning
	preSkip  int64 // at granuleHz
	given    int64 // samples of the stream handed on so far
	buf      []float32
	ready    []float32
	ended    bool
}

// NewReader reads the stream's two headers.
func NewReader(r io.Reader) (*Reader, error) {
	o := &Reader{pages: ogg.NewReader(r), buf: make([]float32, maxSamples)}
	head, err := o.pages.Next()
	if err != nil {
		return nil, errors.New("opus: no complete Ogg page that begins a stream")
	}
	return o, o.begin(head.Data)
}

// begin starts a stream with its two headers, of which head is the first.
func (o *Reader) begin(head []byte) (err error) {
	if err := o.header(head); err != nil {
		return err
	}
	tags, err := o.pages.Next()
	if err != nil || len(tags.Data) < 8 || string(tags.Data[:8]) != "OpusTags" {
		return errors.New("opus: the comment header is missing")
	}
	if o.decoder, err = opus.NewDecoderWithOutput(rateHz, 1); err != nil {
		return fmt.Errorf("opus: %w", err)
	}
	o.given = 0
	return nil
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
	k, err := o.pages.Next()
	switch {
	case errors.Is(err, io.EOF):
		o.ended = true
		return nil
	case err != nil:
		return err
	case k.First:
		return o.begin(k.Data)
	}
	o.ready = o.trim(o.buf[:o.decode(k.Data)], k.End)
	o.given += int64(len(o.ready))
	return nil
}

// trim leaves out what comes before the beginning of the sound, by the header,
// and after its end, by the last page.
func (o *Reader) trim(samples []float32, end int64) []float32 {
	left := min(o.skip, len(samples))
	o.skip -= left
	samples = samples[left:]
	if end < o.preSkip {
		return samples
	}
	room := (end-o.preSkip)/(granuleHz/rateHz) - o.given
	return samples[:min(int64(len(samples)), max(0, room))]
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
	} else {
		clear(o.buf[:n])
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
