package intake

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/hajimehoshi/go-mp3"
	"github.com/jfreymuth/oggvorbis"
	"github.com/mewkiz/flac"
)

// tryOpen calls open, which a damaged header may make panic.
func tryOpen(name, kind string, open func() (*source, error)) (s Source, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, &Error{name, "is no " + kind + " file that can be read", errors.New("its header is damaged")}
		}
	}()
	opened, err := open()
	if err != nil {
		return nil, &Error{name, "is no " + kind + " file that can be read", err}
	}
	return opened, nil
}

// stream hides everything but Read: some decoders would seek if they could.
type stream struct{ io.Reader }

func openFLAC(in *bufio.Reader, name string) (Source, error) {
	return tryOpen(name, "FLAC", func() (*source, error) {
		f, err := flac.New(stream{in})
		if err != nil {
			return nil, err
		}
		info := f.Info
		if info.SampleRate == 0 || info.NChannels == 0 || info.BitsPerSample == 0 {
			return nil, errors.New("its stream info is empty")
		}
		d := &flacDecoder{stream: f, scale: 1 / float32(int64(1)<<(info.BitsPerSample-1)), channels: int(info.NChannels)}
		format := Format{fmt.Sprintf("FLAC %d bit", info.BitsPerSample), int(info.SampleRate), int(info.NChannels)}
		return newSource(name, format, d), nil
	})
}

type flacDecoder struct {
	stream   *flac.Stream
	channels int
	scale    float32
	ready    []float32
	frame    []float32
}

func (d *flacDecoder) Read(dst []float32) (int, error) {
	if len(d.ready) == 0 {
		if err := d.next(); err != nil {
			return 0, err
		}
	}
	n := copy(dst, d.ready)
	d.ready = d.ready[n:]
	return n, nil
}

func (d *flacDecoder) next() error {
	f, err := d.stream.ParseNext()
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF // a file cut short is read as far as it goes
	}
	if err != nil {
		return err
	}
	if len(f.Subframes) != d.channels {
		return fmt.Errorf("a frame of %d channels, want %d", len(f.Subframes), d.channels)
	}
	d.frame = d.frame[:0]
	for i := range int(f.BlockSize) {
		for _, c := range f.Subframes {
			d.frame = append(d.frame, float32(c.Samples[i])*d.scale)
		}
	}
	d.ready = d.frame
	return nil
}

func openMP3(in *bufio.Reader, name string) (Source, error) {
	return tryOpen(name, "MP3", func() (*source, error) {
		d, err := mp3.NewDecoder(stream{in})
		if err != nil {
			return nil, err
		}
		return newSource(name, Format{"MP3", d.SampleRate(), 2}, &s16Decoder{in: d}), nil
	})
}

// isMP3 recognises an ID3 tag, or the header of an MPEG audio layer III frame.
func isMP3(head []byte) bool {
	if string(head[:min(3, len(head))]) == "ID3" {
		return true
	}
	return len(head) >= 4 && head[0] == 0xFF && head[1]&0xE6 == 0xE2 && head[2]>>4 != 15 && head[2]>>2&3 != 3
}

func openVorbis(in *bufio.Reader, name string) (Source, error) {
	return tryOpen(name, "Ogg Vorbis", func() (*source, error) {
		d, err := oggvorbis.NewReader(stream{in})
		if err != nil {
			return nil, err
		}
		if d.Channels() < 1 || d.SampleRate() < 1 {
			return nil, errors.New("its header names no channel or rate")
		}
		return newSource(name, Format{"Ogg Vorbis", d.SampleRate(), d.Channels()}, cutShort{d}), nil
	})
}

// cutShort ends a stream where its file was cut.
type cutShort struct{ decoder }

func (c cutShort) Read(dst []float32) (int, error) {
	n, err := c.decoder.Read(dst)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

func rawDecoder(r io.Reader, encoding string) (decoder, error) {
	switch encoding {
	case "s16le":
		return &s16Decoder{in: r}, nil
	case "f32le":
		return &f32Decoder{in: r}, nil
	}
	return nil, fmt.Errorf("unknown encoding %.32q, want s16le or f32le", encoding)
}

// s16Decoder reads 16-bit little-endian integers.
type s16Decoder struct {
	in  io.Reader
	buf []byte
}

func (d *s16Decoder) Read(dst []float32) (int, error) {
	b, err := readWhole(d.in, &d.buf, len(dst), 2)
	for i := range len(b) / 2 {
		dst[i] = float32(int16(binary.LittleEndian.Uint16(b[2*i:]))) / (1 << 15)
	}
	return len(b) / 2, err
}

// f32Decoder reads 32-bit little-endian floats.
type f32Decoder struct {
	in  io.Reader
	buf []byte
}

func (d *f32Decoder) Read(dst []float32) (int, error) {
	b, err := readWhole(d.in, &d.buf, len(dst), 4)
	for i := range len(b) / 4 {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return len(b) / 4, err
}

// readWhole reads at least one and at most n units of width bytes: what has
// arrived is handed on at once. A unit cut off by the end is left out.
func readWhole(in io.Reader, buf *[]byte, n, width int) ([]byte, error) {
	if cap(*buf) < n*width {
		*buf = make([]byte, n*width)
	}
	b := (*buf)[:n*width]
	got, err := io.ReadAtLeast(in, b, width)
	if err == nil && got%width != 0 {
		var more int
		more, err = io.ReadFull(in, b[got:got+width-got%width])
		got += more
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return b[:got-got%width], err
}
