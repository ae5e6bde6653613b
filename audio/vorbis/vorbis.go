// Package vorbis reads Ogg Vorbis streams. The decoder beneath believes its
// headers; here they are checked before it sees them.
package vorbis

import (
	"errors"
	"fmt"
	"io"

	"github.com/jfreymuth/vorbis"

	"sotto/audio/ogg"
)

// Reader reads a Vorbis stream, or a chain of them that agree in rate and
// channels, of an Ogg file.
type Reader struct {
	pages   *ogg.Reader
	ident   ident // of the first stream
	decoder vorbis.Decoder
	given   int64 // samples of the stream handed on so far, per channel
	buf     []float32
	ready   []float32
	ended   bool
}

// NewReader reads the stream's three headers.
func NewReader(r io.Reader) (*Reader, error) {
	v := &Reader{pages: ogg.NewReader(r)}
	head, err := v.pages.Next()
	if err != nil {
		return nil, errors.New("vorbis: no complete Ogg page that begins a stream")
	}
	if v.ident, err = parseIdent(head.Data); err != nil {
		return nil, err
	}
	return v, v.begin(head.Data)
}

// begin starts a stream with its three headers, of which head is the first. The
// second, with comments, is not looked at.
func (v *Reader) begin(head []byte) error {
	id, err := parseIdent(head)
	if err != nil {
		return err
	}
	if id.channels != v.ident.channels || id.rateHz != v.ident.rateHz {
		return fmt.Errorf("vorbis: a part of %d Hz and %d channels follows one of %d Hz and %d channels; cut the file there", id.rateHz, id.channels, v.ident.rateHz, v.ident.channels)
	}
	_, err1 := v.pages.Next()
	setup, err2 := v.pages.Next()
	if err1 != nil || err2 != nil {
		return errors.New("vorbis: the file ends within its headers")
	}
	if err := checkSetup(setup.Data); err != nil {
		return err
	}
	v.given, v.decoder = 0, vorbis.Decoder{}
	return v.headers(head, setup.Data)
}

// headers hands the checked headers to the decoder, which may still panic on a
// damaged one.
func (v *Reader) headers(packets ...[]byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("vorbis: the setup header is damaged")
		}
	}()
	for _, p := range packets {
		if err := v.decoder.ReadHeader(p); err != nil {
			return errors.New("vorbis: the setup header is damaged")
		}
	}
	v.buf = make([]float32, v.decoder.BufferSize())
	return nil
}

// RateHz returns the samples per second of each channel.
func (v *Reader) RateHz() int { return v.ident.rateHz }

// Channels returns the number of channels.
func (v *Reader) Channels() int { return v.ident.channels }

// Read reads interleaved samples, of all channels if dst has room for them. The
// error is io.EOF at the end.
func (v *Reader) Read(dst []float32) (int, error) {
	dst = dst[:len(dst)/v.ident.channels*v.ident.channels]
	for len(v.ready) == 0 {
		if v.ended {
			return 0, io.EOF
		}
		if err := v.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(dst, v.ready)
	v.ready = v.ready[n:]
	return n, nil
}

// fill decodes the next packet into v.ready.
func (v *Reader) fill() error {
	k, err := v.pages.Next()
	switch {
	case errors.Is(err, io.EOF):
		v.ended = true
		return nil
	case err != nil:
		return err
	case k.First:
		return v.begin(k.Data)
	}
	v.ready = v.decode(k.Data)
	n := int64(len(v.ready) / v.ident.channels)
	if k.End >= 0 { // the last page says where the sound ends
		n = min(n, max(0, k.End-v.given))
		v.ready = v.ready[:n*int64(v.ident.channels)]
	}
	v.given += n
	return nil
}

// decode returns a packet's samples; a damaged packet has none.
func (v *Reader) decode(data []byte) (samples []float32) {
	defer func() {
		if recover() != nil {
			samples = nil
			v.decoder.Clear()
		}
	}()
	samples, err := v.decoder.DecodeInto(data, v.buf)
	if err != nil {
		return nil
	}
	return samples
}
