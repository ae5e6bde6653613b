// Package opus decodes Opus packets (RFC 6716) and Ogg Opus streams (RFC 7845) to
// 16 kHz mono, in Go alone unless the program is built with the tag libopus.
package opus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"sotto/audio/ogg"
)

const (
	rateHz = 16000
	// granuleHz is the rate that positions and the pre-skip are counted in.
	granuleHz = 48000
)

// Reader reads an Opus stream, or a chain of them, of an Ogg file.
type Reader struct {
	pages    *ogg.Reader
	decoder  *Decoder
	channels int // as the header says
	gain     float32
	skip     int   // samples still to leave out at the beginning
	preSkip  int64 // at granuleHz
	given    int64 // samples of the stream handed on so far
	ready    []float32
	ended    bool
}

// NewReader reads the stream's two headers.
func NewReader(r io.Reader) (*Reader, error) {
	o := &Reader{pages: ogg.NewReader(r)}
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
	o.given = 0
	o.decoder, err = NewDecoder()
	return err
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
	samples, _ := o.decoder.Decode(k.Data) // one that cannot be read is silence
	for i := range samples {
		samples[i] *= o.gain
	}
	o.ready = o.trim(samples, k.End)
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
