// Package intake turns whatever holds sound into 16 kHz mono samples: WAV, FLAC,
// MP3, Ogg Opus and Ogg Vorbis by itself, anything else through ffmpeg when that
// is installed. What a stream is, its first bytes say, not its name. Everything
// streams: memory does not grow with length.
package intake

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"

	"sotto/audio"
	"sotto/audio/opus"
	"sotto/audio/resample"
	"sotto/audio/wav"
)

// Format is what a stream was found to be.
type Format struct {
	Name     string // such as "WAV pcm 16 bit"
	RateHz   int
	Channels int
}

// Source gives the samples of one stream.
type Source interface {
	// Format says what the stream is.
	Format() Format
	// Read reads mono samples at 16 kHz in [-1, 1]. The error is io.EOF at the
	// end, or an *Error.
	Read(dst []float32) (int, error)
	// Close gives up what reading needed; it does not close the stream.
	Close() error
}

// Error is a sentence for people about sound that cannot be read.
type Error struct {
	Name string // of the stream
	What string // what is wrong with it, and what to do
	Err  error  // the reason underneath, if any
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Name, e.What, e.Err)
	}
	return e.Name + ": " + e.What
}

func (e *Error) Unwrap() error { return e.Err }

// decoder gives interleaved samples of one stream at its own rate.
type decoder interface {
	Read(dst []float32) (int, error)
}

// Open finds out what r holds. name is for messages; ctx ends a helper program
// that Open may start.
func Open(ctx context.Context, r io.Reader, name string) (Source, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if err := skipID3(in); err != nil {
		return nil, &Error{name, "is cut short", err}
	}
	head, err := in.Peek(sniffLen)
	if len(head) == 0 {
		if err != nil && err != io.EOF {
			return nil, &Error{name, "cannot be read", err}
		}
		return nil, &Error{name, "is empty; there is no sound in it", nil}
	}
	switch {
	case bytes.HasPrefix(head, []byte("RIFF")) || bytes.HasPrefix(head, []byte("RF64")):
		return openWAV(in, name)
	case bytes.HasPrefix(head, []byte("fLaC")):
		return openFLAC(in, name)
	case bytes.HasPrefix(head, []byte("OggS")) && bytes.Contains(head, []byte("OpusHead")):
		return openOpus(in, name)
	case bytes.HasPrefix(head, []byte("OggS")) && bytes.Contains(head, []byte("\x01vorbis")):
		return openVorbis(in, name)
	case isMP3(head):
		return openMP3(in, name)
	}
	return openFFmpeg(ctx, in, name, pathOf(r), head)
}

// pathOf returns the path of a file that can be opened anew, else "".
func pathOf(r io.Reader) string {
	f, ok := r.(*os.File)
	if !ok || f == os.Stdin {
		return ""
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return f.Name()
}

// sniffLen first bytes say what a stream is: enough for an Ogg page's header and
// the beginning of its first packet.
const sniffLen = 64

// OpenRaw reads headerless samples: encoding is "s16le" or "f32le", channels are
// interleaved.
func OpenRaw(r io.Reader, rateHz, channels int, encoding string) (Source, error) {
	const name = "raw sound"
	if err := (Format{RateHz: rateHz, Channels: channels}).check(); err != nil {
		return nil, &Error{name, err.Error(), nil}
	}
	decode, err := rawDecoder(r, encoding, channels)
	if err != nil {
		return nil, &Error{name, err.Error(), nil}
	}
	return newSource(name, Format{"raw " + encoding, rateHz, channels}, decode)
}

func openWAV(in *bufio.Reader, name string) (Source, error) {
	return tryOpen(name, "WAV", func() (Source, error) {
		r, err := wav.NewReader(in)
		if err != nil {
			return nil, err
		}
		f := r.Format()
		return newSource(name, Format{fmt.Sprintf("WAV %s %d bit", f.Encoding, f.Bits), f.RateHz, f.Channels}, r)
	})
}

func openOpus(in *bufio.Reader, name string) (Source, error) {
	return tryOpen(name, "Ogg Opus", func() (Source, error) {
		r, err := opus.NewReader(in)
		if err != nil {
			return nil, err
		}
		// The decoder mixes and resamples by itself.
		s, err := newSource(name, Format{"Ogg Opus", audio.RateHz, 1}, r)
		s.format.Channels, s.format.RateHz = r.Channels(), 48000
		return s, err
	})
}

// What a stream may be: sound for people, and nothing that makes a resampler huge.
const (
	minRateHz   = 1000
	maxRateHz   = 768000
	maxChannels = 32
)

func (f Format) check() error {
	switch {
	case f.RateHz < minRateHz || f.RateHz > maxRateHz:
		return fmt.Errorf("%d samples per second, want %d to %d", f.RateHz, minRateHz, maxRateHz)
	case f.Channels < 1 || f.Channels > maxChannels:
		return fmt.Errorf("%d channels, want 1 to %d", f.Channels, maxChannels)
	}
	return nil
}

// source mixes a decoder's channels and brings them to 16 kHz.
type source struct {
	name    string
	format  Format
	decoder decoder
	close   func() error

	channels  int
	resampler *resample.Resampler
	raw       []float32 // interleaved, as decoded
	ready     []float32 // mono, 16 kHz
	sounded   bool      // a sample came
	err       error     // what Read returns once ready is empty
}

func newSource(name string, f Format, d decoder) (*source, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return &source{
		name: name, format: f, decoder: d, channels: f.Channels,
		resampler: resample.New(f.RateHz, audio.RateHz),
		raw:       make([]float32, audio.FrameLen*f.Channels),
	}, nil
}

func (s *source) Format() Format { return s.format }

func (s *source) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// emptyReads is how often in a row a decoder may give nothing.
const emptyReads = 1000

func (s *source) Read(dst []float32) (int, error) {
	for range emptyReads {
		if len(s.ready) > 0 {
			n := copy(dst, s.ready)
			s.ready = s.ready[n:]
			s.sounded = true
			return n, nil
		}
		if s.err != nil {
			return 0, s.err
		}
		s.fill()
	}
	return 0, &Error{s.name, "gives no sound; the file is damaged", nil}
}

// fill decodes the next piece into s.ready.
func (s *source) fill() {
	n, err := s.guarded()
	s.ready = s.resampler.Write(s.mix(s.raw[:n-n%s.channels]))
	switch {
	case err == io.EOF:
		s.err = io.EOF
		s.ready = append(append([]float32(nil), s.ready...), s.resampler.Flush()...)
		if len(s.ready) == 0 && !s.sounded {
			s.err = &Error{s.name, "holds no sound", nil}
		}
	case err != nil:
		s.err = &Error{s.name, "is damaged", err}
	}
}

// guarded turns a decoder's panic on damaged bytes into an error.
func (s *source) guarded() (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("the %s decoder gave up", s.format.Name)
		}
	}()
	return s.decoder.Read(s.raw)
}

// mix averages channels in place and returns the mono samples. What is no number
// becomes silence, what is too loud is limited: nothing behind this point has to
// expect either.
func (s *source) mix(raw []float32) []float32 {
	n := len(raw) / s.channels
	for i := range n {
		var sum float32
		for _, v := range raw[i*s.channels : (i+1)*s.channels] {
			sum += v
		}
		raw[i] = tame(sum / float32(s.channels))
	}
	return raw[:n]
}

func tame(v float32) float32 {
	if v != v || math.IsInf(float64(v), 0) {
		return 0
	}
	return max(-loudest, min(loudest, v))
}

// loudest leaves room for the overshoot of float recordings.
const loudest = 4
