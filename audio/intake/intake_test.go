package intake_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"sotto/audio/intake"
)

// recordings are the files of testdata, all of the same 6400 samples. The error
// is what differs from ffmpeg's decoding, relative to the sound itself.
var recordings = []struct {
	file     string
	name     string // of the format
	rateHz   int
	channels int
	own      bool    // compared with ffmpeg's decoding of this very file
	delay    int     // samples in front that the format does not tell
	errorDB  float64 // at most
}{
	// Exact, or one rounding to 16 bits.
	{"s32-16000.wav", "WAV pcm 32 bit", 16000, 1, false, 0, -90},
	{"list-16000.wav", "WAV pcm 16 bit", 16000, 1, false, 0, -90},
	{"streamed-16000.wav", "WAV pcm 16 bit", 16000, 1, false, 0, -90},
	// Resampled there and back, by ffmpeg and here.
	{"s24-24000.wav", "WAV pcm 24 bit", 24000, 1, false, 0, -75},
	{"extensible-12000.wav", "WAV pcm 24 bit", 12000, 1, false, 0, -75},
	{"f32-11025.wav", "WAV float 32 bit", 11025, 1, false, 0, -75},
	{"s16-22050-stereo.wav", "WAV pcm 16 bit", 22050, 2, false, 0, -75},
	{"s16-48000.flac", "FLAC 16 bit", 48000, 1, false, 0, -75},
	{"s24-32000-stereo.flac", "FLAC 24 bit", 32000, 2, false, 0, -75},
	{"f64-8000.wav", "WAV float 64 bit", 8000, 1, false, 0, -65}, // the sound reaches both filters' edges
	// The steps of 8 bits: linear ones 28 dB below this quiet sound, logarithmic
	// ones 38 dB below what is coded, which in stereo is mostly the tone.
	{"u8-8000.wav", "WAV pcm 8 bit", 8000, 1, false, 0, -27},
	{"mulaw-8000.wav", "WAV mulaw 8 bit", 8000, 1, false, 0, -36},
	{"alaw-8000-stereo.wav", "WAV alaw 8 bit", 8000, 2, false, 0, -33},
	// Decoders agree within the last bits; filters as above.
	{"mono-24k.opus", "Ogg Opus", 48000, 1, true, 0, -60},
	{"speech-12k.opus", "Ogg Opus", 48000, 1, true, 0, -60},
	{"stereo-64k.opus", "Ogg Opus", 48000, 2, true, 0, -60},
	{"mono-16000.ogg", "Ogg Vorbis", 16000, 1, true, 0, -60},
	{"stereo-44100.ogg", "Ogg Vorbis", 44100, 2, true, 0, -60},
	// MP3 has no place for the encoder's delay. ffmpeg takes it from LAME's tag;
	// here it stays: 529+576 samples and the frame that holds the tag, which is
	// 1681 samples at 16 kHz, and 2257 at 44.1 kHz, no whole number at 16 kHz.
	{"mono-16000.mp3", "MP3", 16000, 2, true, 1681, -60},
	{"stereo-44100.mp3", "MP3", 44100, 2, true, 819, -25},
}

func TestRecordingsEqualFFmpegsDecoding(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.file, func(t *testing.T) {
			source := open(t, bytes.NewReader(load(t, r.file)), r.file)
			if got, want := source.Format(), (intake.Format{Name: r.name, RateHz: r.rateHz, Channels: r.channels}); got != want {
				t.Errorf("found to be %v, want %v", got, want)
			}
			got := readAll(t, source, 1000)
			if n := len(got) - r.delay; n < 6400 || n > 6400 && r.delay == 0 {
				t.Fatalf("%d samples, want 6400", n)
			}
			reference := "speech.s16"
			if r.own {
				reference = r.file + ".s16"
			}
			if db := errorDB(got[r.delay:], samples(t, reference)); !(db <= r.errorDB) {
				t.Errorf("the error is %.1f dB, want at most %.0f", db, r.errorDB)
			}
		})
	}
}

// No call may have to be of any size, nor any piece that arrives.
func TestSlicingChangesNothing(t *testing.T) {
	for _, r := range recordings {
		data := load(t, r.file)
		whole := readAll(t, open(t, bytes.NewReader(data), r.file), 1<<16)
		for name, in := range map[string]io.Reader{
			"half of what is asked for": iotest.HalfReader(bytes.NewReader(data)),
			"one byte at a time":        iotest.OneByteReader(bytes.NewReader(data)),
			"the end with the data":     iotest.DataErrReader(bytes.NewReader(data)),
		} {
			if got := readAll(t, open(t, in, r.file), 7); !slices.Equal(got, whole) {
				t.Errorf("%s, %s: other samples", r.file, name)
			}
		}
	}
}

// A file cut short is read as far as it goes.
func TestCutShort(t *testing.T) {
	for _, r := range recordings {
		data := load(t, r.file)
		whole := readAll(t, open(t, bytes.NewReader(data), r.file), 1000)
		got := readAll(t, open(t, bytes.NewReader(data[:len(data)*9/10]), r.file), 1000)
		if len(got) >= len(whole) {
			t.Errorf("%s: %d samples of nine tenths, %d of the whole", r.file, len(got), len(whole))
		}
		same := max(0, len(got)-1500) // what leans on what is missing may differ
		if !slices.Equal(got[:same], whole[:same]) {
			t.Errorf("%s: nine tenths do not begin like the whole", r.file)
		}
	}
}

func TestRaw(t *testing.T) {
	want := samples(t, "speech.s16")
	source, err := intake.OpenRaw(bytes.NewReader(load(t, "speech.s16")), 16000, 1, "s16le")
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, source, 333); !slices.Equal(got, want) {
		t.Error("s16le: other samples")
	}
	var floats []byte // stereo, the sound in the middle of a difference
	for i, v := range want {
		side := float32(i%3) / 8
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(v+side))
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(v-side))
	}
	source, err = intake.OpenRaw(bytes.NewReader(append(floats, 1, 2, 3, 4, 5)), 16000, 2, "f32le")
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, source, 333); len(got) != len(want) || errorDB(got, want) > -90 {
		t.Errorf("f32le: %d samples, %.1f dB of error", len(got), errorDB(got, want))
	}
}

func TestRawRefuses(t *testing.T) {
	for _, c := range []struct {
		rateHz, channels int
		encoding, want   string
	}{
		{0, 1, "s16le", "0 samples per second, want 1000 to 768000"},
		{16000, 0, "s16le", "0 channels, want 1 to 32"},
		{16000, 33, "f32le", "33 channels, want 1 to 32"},
		{16000, 1, "s17", `unknown encoding "s17", want s16le or f32le`},
	} {
		_, err := intake.OpenRaw(strings.NewReader(""), c.rateHz, c.channels, c.encoding)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// What is no number, or far too loud, does not get past the door.
func TestFloatsAreTamed(t *testing.T) {
	var data []byte
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e30, -1e30, 0.25} {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
	}
	source, err := intake.OpenRaw(bytes.NewReader(data), 16000, 1, "f32le")
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, source, 10); !slices.Equal(got, []float32{0, 0, 0, 4, -4, 0.25}) {
		t.Errorf("read %v", got)
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"nothing":   {"", "is empty; there is no sound in it"},
		"text":      {"Good morning.\n", "is text, not sound"},
		"no format": {"RIFF\x00\x00\x00\x00WAVE", "no data chunk"},
		"rubbish":   {"\x00\x01\x02\x03\x04\x05\x06\x07", "ffmpeg"},
	} {
		_, err := intake.Open(context.Background(), strings.NewReader(c.data), "x")
		var said *intake.Error
		if !errors.As(err, &said) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	broken := errors.New("the cable is cut")
	if _, err := intake.Open(context.Background(), iotest.ErrReader(broken), "x"); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestThroughFFmpeg(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed; M4A is read through it")
	}
	const file = "mono-44100.m4a"
	f, err := os.Open(filepath.Join("testdata", file)) // its index may stand at its end
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	source := open(t, f, f.Name())
	defer source.Close()
	if db := errorDB(readAll(t, source, 1000), samples(t, file+".s16")); db > -60 {
		t.Errorf("the error is %.1f dB", db)
	}
}

func TestWithoutFFmpegItIsAskedFor(t *testing.T) {
	t.Setenv("PATH", "")
	_, err := intake.Open(context.Background(), bytes.NewReader(load(t, "mono-44100.m4a")), "voice.m4a")
	if err == nil || !strings.Contains(err.Error(), "install it") || !strings.Contains(err.Error(), "voice.m4a") {
		t.Errorf("error %v", err)
	}
}

func open(t *testing.T, in io.Reader, name string) intake.Source {
	t.Helper()
	s, err := intake.Open(context.Background(), in, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readAll(t *testing.T, s intake.Source, piece int) (all []float32) {
	t.Helper()
	buf := make([]float32, piece)
	for {
		n, err := s.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func load(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// samples loads 16-bit ones.
func samples(t *testing.T, file string) []float32 {
	b := load(t, file)
	x := make([]float32, len(b)/2)
	for i := range x {
		x[i] = float32(int16(binary.LittleEndian.Uint16(b[2*i:]))) / (1 << 15)
	}
	return x
}

// errorDB returns the power of the difference over that of what is wanted, as far
// as both go: ffmpeg does not end every Vorbis stream where it ends.
func errorDB(got, want []float32) float64 {
	var difference, power float64
	for i := range min(len(got), len(want)) {
		d, w := float64(got[i]-want[i]), float64(want[i])
		difference += d * d
		power += w * w
	}
	return 10 * math.Log10(difference/power)
}
