package wav

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
)

// file builds a stream of chunks.
func file(id string, chunks ...string) string {
	return id + "\xff\xff\xff\xffWAVE" + strings.Join(chunks, "")
}

func chunk(id, body string) string {
	return sized(id, len(body), body+strings.Repeat("\x00", len(body)%2))
}

// sized claims a length of its own.
func sized(id string, size int, body string) string {
	return string(binary.LittleEndian.AppendUint32([]byte(id), uint32(size))) + body
}

// format is a plain fmt chunk.
func format(tag, channels, rateHz, bits int) string {
	var b []byte
	for _, v := range []int{tag, channels} {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(rateHz))
	b = binary.LittleEndian.AppendUint32(b, uint32(rateHz*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	return chunk("fmt ", string(b))
}

func TestChunks(t *testing.T) {
	mono := format(tagPCM, 1, 16000, 16)
	ds64 := chunk("ds64", strings.Repeat("\x00", 8)+"\x04"+strings.Repeat("\x00", 19))
	const sound = "\x00\x40\x00\xc0" // a half, then minus a half
	for name, data := range map[string]string{
		"plain":                     file("RIFF", mono, chunk("data", sound)),
		"an odd chunk in between":   file("RIFF", mono, chunk("LIST", "odd"), chunk("data", sound)),
		"a chunk before the format": file("RIFF", chunk("JUNK", "12345678"), mono, chunk("data", sound)),
		"a chunk behind the sound":  file("RIFF", mono, chunk("data", sound), chunk("LIST", "1234")),
		"no length, of zero":        file("RIFF", mono, sized("data", 0, sound)),
		"no length, of ones":        file("RIFF", mono, sized("data", -1, sound)),
		"cut within a sample":       file("RIFF", mono, sized("data", 100, sound+"\x01")),
		"64 bits of length":         file("RF64", ds64, mono, sized("data", -1, sound), chunk("LIST", "1234")),
	} {
		r, err := NewReader(strings.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		buf := make([]float32, 10)
		n, err := r.Read(buf)
		if err != nil && err != io.EOF || !slices.Equal(buf[:n], []float32{0.5, -0.5}) {
			t.Errorf("%s: %v, error %v", name, buf[:n], err)
		}
		if n, err := r.Read(buf); n != 0 || err != io.EOF {
			t.Errorf("%s: %d samples after the end, error %v", name, n, err)
		}
	}
}

func TestRefused(t *testing.T) {
	mono := format(tagPCM, 1, 16000, 16)
	for _, c := range []struct{ data, want string }{
		{"", "ends within its header"},
		{"RIFF\x00\x00\x00\x00AVI ", "no RIFF WAVE header"},
		{file("RIFF"), "no data chunk"},
		{file("RIFF", mono), "no data chunk"},
		{file("RIFF", chunk("data", "1234")), "before any fmt chunk"},
		{file("RIFF", mono, sized("LIST", -1, "1234")), "the file ends"},
		{file("RIFF", chunk("fmt ", "1234")), "4 bytes, want 16 to 4096"},
		{file("RIFF", sized("fmt ", -1, "")), "want 16 to 4096"},
		{file("RIFF", sized("fmt ", 16, "1234")), "cut short"},
		{file("RIFF", format(tagExtensible, 1, 16000, 16)), "extensible format of 16 bytes, want 40"},
		{file("RIFF", format(tagPCM, 0, 16000, 16)), "0 channels"},
		{file("RIFF", format(tagPCM, 33, 16000, 16)), "33 channels"},
		{file("RIFF", format(tagPCM, 1, 0, 16)), "0 samples per second"},
		{file("RIFF", format(tagPCM, 1, 4000000000, 16)), "4000000000 samples per second"},
		{file("RIFF", format(tagPCM, 1, 16000, 12)), "format 1 with 12 bits"},
		{file("RIFF", format(tagFloat, 1, 16000, 16)), "format 3 with 16 bits"},
		{file("RIFF", format(85, 2, 44100, 0)), "format 85 with 0 bits"}, // MP3 in WAV
	} {
		_, err := NewReader(strings.NewReader(c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: error %v, want %q", c.data, err, c.want)
		}
	}
}

// ITU-T G.711: the ends and the middle of both curves, in steps of 16 bits.
func TestCompanding(t *testing.T) {
	for _, c := range []struct {
		tag  int
		code byte
		want float32
	}{
		{tagMuLaw, 0x00, -32124}, {tagMuLaw, 0x80, 32124}, {tagMuLaw, 0x7F, 0}, {tagMuLaw, 0xFF, 0}, {tagMuLaw, 0xFE, 8},
		{tagALaw, 0xD5, 8}, {tagALaw, 0x55, -8}, {tagALaw, 0xAA, 32256}, {tagALaw, 0x2A, -32256},
	} {
		data := file("RIFF", format(c.tag, 1, 8000, 8), chunk("data", string([]byte{c.code})))
		r, err := NewReader(bytes.NewReader([]byte(data)))
		if err != nil {
			t.Fatal(err)
		}
		var one [1]float32
		if n, _ := r.Read(one[:]); n != 1 || one[0]*(1<<15) != c.want {
			t.Errorf("format %d, code %#x: %v, want %v", c.tag, c.code, one[0]*(1<<15), c.want)
		}
	}
}
