package intake

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/hajimehoshi/go-mp3"
	"github.com/mewkiz/flac"

	"sotto/audio/vorbis"
)

// tryOpen calls open, which a damaged header may make panic.
func tryOpen(name, kind string, open func() (Source, error)) (s Source, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, &Error{name, "is no " + kind + " file that can be read", errors.New("its header is damaged")}
		}
	}()
	if s, err = open(); err != nil {
		return nil, &Error{name, "is no " + kind + " file that can be read", err}
	}
	return s, nil
}

// stream hides everything but Read: some decoders would seek if they could.
type stream struct{ io.Reader }

func openFLAC(in *bufio.Reader, name string) (Source, error) {
	return tryOpen(name, "FLAC", func() (Source, error) {
		f, err := flac.New(stream{in})
		if err != nil {
			return nil, err
		}
		info := f.Info
		if info.BitsPerSample == 0 {
			return nil, errors.New("its stream info is empty")
		}
		d := &flacDecoder{stream: f, scale: 1 / float32(int64(1)<<(info.BitsPerSample-1)), channels: int(info.NChannels)}
		format := Format{fmt.Sprintf("FLAC %d bit", info.BitsPerSample), int(info.SampleRate), int(info.NChannels)}
		return newSource(name, format, d)
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
	return tryOpen(name, "MP3", func() (Source, error) {
		d, err := mp3.NewDecoder(stream{in})
		if err != nil {
			return nil, err
		}
		return newSource(name, Format{"MP3", d.SampleRate(), 2}, newS16Decoder(d, 2))
	})
}

// isMP3 recognises the header of an MPEG audio layer III frame. Version 2.5, with
// its low rates, is not read here.
func isMP3(head []byte) bool {
	return len(head) >= 4 && head[0] == 0xFF && head[1]&0xF6 == 0xF2 && head[2]>>4 != 15 && head[2]>>2&3 != 3
}

// skipID3 skips ID3v2 tags, which stand before MP3 and sometimes FLAC streams.
func skipID3(in *bufio.Reader) error {
	for {
		head, err := in.Peek(10)
		if err != nil || string(head[:3]) != "ID3" {
			return nil
		}
		size := 10 // four times seven bits, and a footer as long as the header
		for i, b := range head[6:] {
			size += int(b&0x7F) << (7 * (3 - i))
		}
		if head[5]&0x10 != 0 {
			size += 10
		}
		if _, err := in.Discard(size); err != nil {
			return fmt.Errorf("an ID3 tag claims %d bytes and the file ends", size)
		}
	}
}

func openVorbis(in *bufio.Reader, name string) (Source, error) {
	return tryOpen(name, "Ogg Vorbis", func() (Source, error) {
		r, err := vorbis.NewReader(in)
		if err != nil {
			return nil, err
		}
		return newSource(name, Format{"Ogg Vorbis", r.RateHz(), r.Channels()}, r)
	})
}

func rawDecoder(r io.Reader, encoding string, channels int) (decoder, error) {
	switch encoding {
	case "s16le":
		return newS16Decoder(r, channels), nil
	case "f32le":
		return &pcmDecoder{in: r, channels: channels, width: 4, decode: func(b []byte) float32 {
			return math.Float32frombits(binary.LittleEndian.Uint32(b))
		}}, nil
	}
	return nil, fmt.Errorf("unknown encoding %.32q, want s16le or f32le", encoding)
}

func newS16Decoder(r io.Reader, channels int) *pcmDecoder {
	return &pcmDecoder{in: r, channels: channels, width: 2, decode: func(b []byte) float32 {
		return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15)
	}}
}

// pcmDecoder reads headerless samples of width bytes.
type pcmDecoder struct {
	in       io.Reader
	channels int
	width    int
	decode   func([]byte) float32
	buf      []byte
}

func (d *pcmDecoder) Read(dst []float32) (int, error) {
	b, err := readWhole(d.in, &d.buf, len(dst)/d.channels, d.channels*d.width)
	n := len(b) / d.width
	for i := range n {
		dst[i] = d.decode(b[i*d.width:])
	}
	return n, err
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
