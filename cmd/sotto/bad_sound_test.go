package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wave is a WAV file of n bytes of sound, whose header says what it is told to.
func wave(tag, channels, bits uint16, rate uint32, n int) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00")
	frame := channels * (bits / 8)
	for _, v := range []any{tag, channels, rate, rate * uint32(frame), frame, bits} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString("data")
	binary.Write(&b, binary.LittleEndian, uint32(n))
	return append(b.Bytes(), make([]byte, n)...)
}

func good() []byte { return wave(1, 1, 16, 16000, 640) }

// with overwrites bytes at an offset.
func with(data []byte, offset int, b ...byte) []byte {
	copy(data[offset:], b)
	return data
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func clip() []byte { return must(os.ReadFile(sentence)) }

// replaced is the clip with one text changed for another of the same length.
func replaced(from, to string) []byte {
	return bytes.Replace(clip(), []byte(from), []byte(to), 1)
}

// head is how far into the clip its two header pages go.
func head() int { return bytes.Index(clip(), []byte("OpusTags")) }

var badSounds = []struct {
	name, file, says string
	data             []byte
}{
	{"nothing", "a.wav", "is empty", nil},
	{"one byte", "a.wav", "", []byte{0}},
	{"text", "a.wav", "is text, not sound", []byte("Dear recorder,\nplease speak.\n")},
	{"zeros", "a.wav", "", make([]byte, 4096)},
	{"a picture", "a.ogg", "", append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 200)...)},
	{"a pointer instead of the file", "a.ogg", "is text", []byte("version https://example.org/lfs\noid sha256:0\n")},
	{"RIFF alone", "a.wav", "header", []byte("RIFF")},
	{"a RIFF of pictures", "a.wav", "RIFF WAVE", with(good(), 8, []byte("AVI ")...)},
	{"the header alone", "a.wav", "no data chunk", good()[:12]},
	{"a format cut short", "a.wav", "cut short", good()[:28]},
	{"no sound chunk", "a.wav", "no data chunk", good()[:36]},
	{"sound without a format", "a.wav", "before any fmt", append(good()[:12:12], good()[36:]...)},
	{"a format of 2 bytes", "a.wav", "2 bytes", with(good(), 16, 2)},
	{"a format of 2³² bytes", "a.wav", "want 16 to 4096", with(good(), 16, 255, 255, 255, 255)},
	{"a note of 2³² bytes", "a.wav", "claims", append(with(good()[:20:20], 12, []byte("LIST\xff\xff\xff\xff")...), 1, 2, 3)},
	{"a header without sound", "a.wav", "no sound", good()[:44]},
	{"half a sample", "a.wav", "no sound", wave(1, 1, 16, 16000, 1)},
	{"no rate", "a.wav", "0 samples per second", wave(1, 1, 16, 0, 640)},
	{"a rate of 2³²", "a.wav", "4294967295 samples per second", wave(1, 1, 16, math.MaxUint32, 640)},
	{"no channels", "a.wav", "0 channels", wave(1, 0, 16, 16000, 640)},
	{"65,535 channels", "a.wav", "65535 channels", wave(1, 65535, 16, 16000, 640)},
	{"samples of no bits", "a.wav", "0 bits", wave(1, 1, 0, 16000, 640)},
	{"samples of 13 bits", "a.wav", "13 bits", wave(1, 1, 13, 16000, 640)},
	{"floats of 16 bits", "a.wav", "16 bits", wave(3, 1, 16, 16000, 640)},
	{"ADPCM", "a.wav", "format 2", wave(2, 1, 4, 16000, 640)},
	{"extensible and short", "a.wav", "extensible", wave(0xFFFE, 1, 16, 16000, 640)},
	{"an RF64 of a short ds64", "a.wav", "ds64", []byte("RF64\xff\xff\xff\xffWAVEds64\x04\x00\x00\x00\x00\x00\x00\x00")},
	{"Ogg's mark alone", "a.ogg", "", []byte("OggS")},
	{"Ogg cut in its first page", "a.ogg", "", clip()[:20]},
	{"Ogg cut after OpusHead", "a.ogg", "", clip()[:head()-28]},
	{"Ogg cut in its second page", "a.ogg", "", clip()[:head()+6]},
	{"the first page's checksum", "a.ogg", "", with(clip(), 22, 1, 2, 3, 4)},
	{"a bit of the first page", "a.ogg", "", with(clip(), 28+8, 0xee)},
	{"Opus without its tags", "a.ogg", "", replaced("OpusTags", "OpusBags")},
	{"Opus of no channels", "a.ogg", "", with(clip(), 28+9, 0)},
	{"Ogg of nothing known", "a.ogg", "", replaced("OpusHead", "OpusFoot")},
	{"Vorbis without its setup", "a.ogg", "", append(slices.Clone(clip()[:28]), "\x01vorbis\x00\x00\x00\x00\x02\x44\xac\x00\x00"...)},
	{"FLAC's mark alone", "a.flac", "FLAC", []byte("fLaC")},
	{"FLAC of zeros", "a.flac", "FLAC", append([]byte("fLaC\x80\x00\x00\x22"), make([]byte, 34)...)},
	{"FLAC with a note of 16 MiB", "a.flac", "FLAC", []byte("fLaC\x84\xff\xff\xff")},
	{"an MP3 frame and nothing", "a.mp3", "", []byte{0xff, 0xfb, 0x90, 0x64}},
	{"an ID3 tag and nothing", "a.mp3", "", []byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f")},
	{"an MP4 of nothing", "a.m4a", "MP4", []byte("\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42")},
	{"a Matroska of nothing", "a.webm", "Matroska", []byte("\x1aE\xdf\xa3\x80\x00\x00\x00\x00\x00\x00\x00")},
	{"an AIFF of nothing", "a.aiff", "AIFF", []byte("FORM\x00\x00\x00\x04AIFF\x00\x00\x00\x00")},
}

func TestBadRecordingsAreRefused(t *testing.T) {
	for _, c := range badSounds {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(files{c.file: c.data}.write(t), c.file)
			r := callSoon(t, "translate", "--model", toyDir, "--to", "en", name)
			checkRefusal(t, r, exitAudio, name, c.says, "; ")
		})
	}
}

func TestBadRawSoundIsRefused(t *testing.T) {
	name := filepath.Join(files{"a.pcm": make([]byte, 640)}.write(t), "a.pcm")
	for flags, says := range map[string]string{
		"--raw s24le":                       "s16le or f32le",
		"--raw s16le --rate 0":              "0 samples per second",
		"--raw s16le --rate -16000":         "-16000 samples per second",
		"--raw s16le --rate 99999999":       "99999999 samples per second",
		"--raw s16le --channels 0":          "0 channels",
		"--raw f32le --channels 2000000000": "2000000000 channels",
	} {
		r := callSoon(t, strings.Fields(fmt.Sprintf("translate --model %s --to en %s %s", toyDir, name, flags))...)
		checkRefusal(t, r, exitAudio, says, "; ")
	}
}

func TestAFolderIsNoRecording(t *testing.T) {
	dir := t.TempDir()
	checkRefusal(t, callSoon(t, "translate", "--model", toyDir, "--to", "en", dir), exitAudio, dir, "; ")
}

// A recording that was cut, or holds nonsense, is heard as far as it goes.
func TestShortRecordingsAreHeardAsFarAsTheyGo(t *testing.T) {
	ogg := clip()
	for name, data := range map[string][]byte{
		"a WAV of a sample":        wave(1, 1, 16, 16000, 2),
		"a WAV that claims more":   good()[:100],
		"a WAV of NaN":             append(wave(3, 1, 32, 16000, 0), bytes.Repeat([]byte{0, 0, 0xc0, 0x7f}, 32000)...),
		"a WAV of Inf":             append(wave(3, 1, 32, 16000, 0), bytes.Repeat([]byte{0, 0, 0x80, 0xff}, 32000)...),
		"half an Ogg":              ogg[:len(ogg)/2],
		"an Ogg but its last byte": ogg[:len(ogg)-1],
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(files{"a": data}.write(t), "a")
			if r := callSoon(t, "translate", "--model", toyDir, "--to", "en", file); r.code != 0 || r.stderr != "" {
				t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
			}
		})
	}
}

// Whatever happens to bytes in the middle, the program ends in one of two ways.
func TestDamagedSoundNeverPanics(t *testing.T) {
	for _, from := range []int{100, 600, 2000} {
		for _, b := range []byte{0x00, 0xff, 'O'} {
			data := clip()
			if from+400 > len(data) {
				t.Fatalf("the clip has only %d bytes", len(data))
			}
			copy(data[from:from+400], bytes.Repeat([]byte{b}, 400))
			file := filepath.Join(files{"a.ogg": data}.write(t), "a.ogg")
			r := callSoon(t, "translate", "--model", toyDir, "--to", "en", file)
			if r.code != 0 && r.code != exitAudio || strings.Count(r.stderr, "\n") > 1 {
				t.Errorf("%#x from byte %d: exit code %d, stderr %q", b, from, r.code, r.stderr)
			}
		}
	}
}
