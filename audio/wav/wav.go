// Package wav reads RIFF WAVE streams of every PCM and float width, and writes
// 16-bit ones.
package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Format is what a WAVE header says.
type Format struct {
	Encoding string // "pcm", "float", "alaw" or "mulaw"
	Bits     int    // per sample
	RateHz   int
	Channels int
}

// Codes of the header's format tag.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagALaw       = 6
	tagMuLaw      = 7
	tagExtensible = 0xFFFE
)

// MaxChannels bounds what is read.
const MaxChannels = 32

// Reader reads samples of one stream.
type Reader struct {
	format Format
	in     *bufio.Reader
	left   uint64 // bytes of sound left; unlimited when the header does not know
	decode func([]byte) float32
	buf    []byte
}

// NewReader reads the header. A file cut short is read as far as it goes; so is
// one whose header claims no length, as programs write that cannot seek.
func NewReader(r io.Reader) (*Reader, error) {
	w := &Reader{in: bufio.NewReaderSize(r, 1<<16)}
	var head [12]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		return nil, errors.New("wav: the file ends within its header")
	}
	id := string(head[:4])
	if id != "RIFF" && id != "RF64" || string(head[8:]) != "WAVE" {
		return nil, errors.New("wav: no RIFF WAVE header")
	}
	return w, w.chunks(id == "RF64")
}

// chunks walks to the sound.
func (w *Reader) chunks(rf64 bool) error {
	var long uint64 // length of the sound in an RF64 file
	for at := 12; ; {
		var head [8]byte
		if _, err := io.ReadFull(w.in, head[:]); err != nil {
			return fmt.Errorf("wav: no data chunk before the end at byte %d", at)
		}
		id, size := string(head[:4]), uint64(binary.LittleEndian.Uint32(head[4:]))
		at += 8
		switch id {
		case "data":
			if w.decode == nil {
				return fmt.Errorf("wav: the data chunk at byte %d comes before any fmt chunk", at-8)
			}
			w.left = size
			if rf64 && size == math.MaxUint32 {
				w.left = long
			}
			if w.left == 0 || w.left == math.MaxUint32 {
				w.left = math.MaxUint64
			}
			return nil
		case "fmt ", "ds64":
			body, err := w.body(id, size, at)
			if err != nil {
				return err
			}
			if id == "ds64" {
				long = binary.LittleEndian.Uint64(body[8:])
			} else if err := w.setFormat(body); err != nil {
				return err
			}
		default:
			if _, err := io.CopyN(io.Discard, w.in, int64(size+size%2)); err != nil {
				return fmt.Errorf("wav: chunk %.8q at byte %d claims %d bytes and the file ends", id, at-8, size)
			}
		}
		at += int(size + size%2)
	}
}

// body reads a chunk that is small by nature.
func (w *Reader) body(id string, size uint64, at int) ([]byte, error) {
	if size < 16 || size > 4096 {
		return nil, fmt.Errorf("wav: chunk %.8q at byte %d has %d bytes, want 16 to 4096", id, at-8, size)
	}
	body := make([]byte, size+size%2)
	if _, err := io.ReadFull(w.in, body); err != nil {
		return nil, fmt.Errorf("wav: chunk %.8q at byte %d is cut short", id, at-8)
	}
	return body[:size], nil
}

func (w *Reader) setFormat(body []byte) error {
	tag := int(binary.LittleEndian.Uint16(body))
	w.format = Format{
		Channels: int(binary.LittleEndian.Uint16(body[2:])),
		RateHz:   int(binary.LittleEndian.Uint32(body[4:])),
		Bits:     int(binary.LittleEndian.Uint16(body[14:])),
	}
	if tag == tagExtensible {
		if len(body) < 40 {
			return fmt.Errorf("wav: extensible format of %d bytes, want 40", len(body))
		}
		tag = int(binary.LittleEndian.Uint16(body[24:])) // the first field of the sub-format
	}
	if w.format.Channels < 1 || w.format.Channels > MaxChannels {
		return fmt.Errorf("wav: %d channels, want 1 to %d", w.format.Channels, MaxChannels)
	}
	if w.format.RateHz < 1000 || w.format.RateHz > 768000 {
		return fmt.Errorf("wav: %d samples per second, want 1000 to 768000", w.format.RateHz)
	}
	return w.setDecoder(tag)
}

func (w *Reader) setDecoder(tag int) error {
	type key struct{ tag, bits int }
	decoders := map[key]struct {
		encoding string
		decode   func([]byte) float32
	}{
		{tagPCM, 8}:    {"pcm", func(b []byte) float32 { return float32(int(b[0])-128) / (1 << 7) }},
		{tagPCM, 16}:   {"pcm", func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15) }},
		{tagPCM, 24}:   {"pcm", func(b []byte) float32 { return float32(int32(b[0])<<8|int32(b[1])<<16|int32(b[2])<<24) / (1 << 31) }},
		{tagPCM, 32}:   {"pcm", func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 31) }},
		{tagFloat, 32}: {"float", func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
		{tagFloat, 64}: {"float", func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
		{tagALaw, 8}:   {"alaw", func(b []byte) float32 { return aLaw(b[0]) }},
		{tagMuLaw, 8}:  {"mulaw", func(b []byte) float32 { return muLaw(b[0]) }},
	}
	d, ok := decoders[key{tag, w.format.Bits}]
	if !ok {
		return fmt.Errorf("wav: format %d with %d bits is not one that is read: PCM of 8, 16, 24 or 32 bits, float of 32 or 64, A-law, mu-law", tag, w.format.Bits)
	}
	w.format.Encoding, w.decode = d.encoding, d.decode
	return nil
}

// Format returns what the header says.
func (w *Reader) Format() Format { return w.format }

// Read reads interleaved samples, in [−1, 1] for integer encodings. The error is
// io.EOF at the end, a sample or channel that is cut off there left out.
func (w *Reader) Read(dst []float32) (int, error) {
	width := w.format.Bits / 8
	dst = dst[:len(dst)/w.format.Channels*w.format.Channels]
	want := int(min(uint64(len(dst)*width), w.left))
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	got, err := io.ReadFull(w.in, w.buf[:want])
	w.left -= uint64(got)
	n := got / (width * w.format.Channels) * w.format.Channels
	for i := range n {
		dst[i] = w.decode(w.buf[i*width:])
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || n == 0 && w.left == 0:
		return n, io.EOF
	case err != nil:
		return n, fmt.Errorf("wav: %w", err)
	}
	return n, nil
}

// aLaw expands one byte (ITU-T G.711, table 1a).
func aLaw(b byte) float32 {
	b ^= 0x55
	exponent, mantissa := int(b>>4&7), int(b&15)
	v := mantissa<<4 + 8
	if exponent > 0 {
		v = (v + 0x100) << (exponent - 1)
	}
	if b&0x80 == 0 {
		v = -v
	}
	return float32(v) / (1 << 15)
}

// muLaw expands one byte (ITU-T G.711, table 2a).
func muLaw(b byte) float32 {
	b = ^b
	v := (int(b&15)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		v = -v
	}
	return float32(v) / (1 << 15)
}
