package voice

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sotto/audio"
	"sotto/transport/wire"
)

func mustSound(t rapid.TB, start wire.Start) *Sound {
	t.Helper()
	s, err := NewSound(start.Format, start.Rate, start.Channels)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hearAll gives messages to a new sound and returns every sample that comes out.
func hearAll(t rapid.TB, start wire.Start, messages ...[]byte) []float32 {
	t.Helper()
	s := mustSound(t, start)
	var all []float32
	for _, m := range messages {
		frames, err := s.Frames(m)
		if err != nil {
			t.Fatal(err)
		}
		for i := range frames {
			all = append(all, frames[i][:]...)
		}
	}
	last, tail := s.Rest()
	for i := range last {
		all = append(all, last[i][:]...)
	}
	if len(tail) >= audio.FrameLen {
		t.Fatalf("a tail of %d samples fills a frame", len(tail))
	}
	return append(all, tail...)
}

func f32Message(values ...float32) []byte {
	var m []byte
	for _, v := range values {
		m = binary.LittleEndian.AppendUint32(m, math.Float32bits(v))
	}
	return m
}

func TestSamplesAreReadAsAnnounced(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	tests := []struct {
		name    string
		start   wire.Start
		message []byte
		want    []float32
	}{
		{"16-bit integers by default", wire.Start{}, []byte{0, 0, 0, 0x40, 0, 0x80, 0xff, 0xff}, []float32{0, 0.5, -1, -1. / 32768}},
		{"two channels are averaged", wire.Start{Channels: 2}, []byte{0, 0x40, 0, 0, 0, 0x40, 0, 0xc0}, []float32{0.25, 0}},
		{"floats", wire.Start{Format: "f32le"}, f32Message(0.125, -1), []float32{0.125, -1}},
		{"what is no number is silence", wire.Start{Format: "f32le"}, f32Message(nan, inf), []float32{0, 0}},
		{"what is too loud is limited", wire.Start{Format: "f32le"}, f32Message(1e30, -1e30), []float32{4, -4}},
		{"two channels of floats", wire.Start{Format: "f32le", Channels: 2}, f32Message(1, 0, nan, 0.5), []float32{0.5, 0.25}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := hearAll(t, tt.start, tt.message)
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Fatalf("got %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestSoundRefuses(t *testing.T) {
	tests := []struct {
		name  string
		start wire.Start
		want  string
	}{
		{"a strange format", wire.Start{Format: "s24le"}, `format "s24le"`},
		{"too low a rate", wire.Start{Rate: 7999}, "rate is 7999"},
		{"too high a rate", wire.Start{Rate: 192001}, "rate is 192001"},
		{"a negative rate", wire.Start{Rate: -16000}, "rate is -16000"},
		{"three channels", wire.Start{Channels: 3}, "3 channels"},
		{"less than no channel", wire.Start{Channels: -1}, "-1 channels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewSound(tt.start.Format, tt.start.Rate, tt.start.Channels); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestHalfSamplesAreRefused(t *testing.T) {
	tests := []struct {
		start wire.Start
		bytes int
	}{
		{wire.Start{}, 1}, {wire.Start{}, 1281}, {wire.Start{Channels: 2}, 2}, {wire.Start{Channels: 2}, 7},
		{wire.Start{Format: "f32le"}, 6}, {wire.Start{Format: "f32le", Channels: 2}, 12},
	}
	for _, tt := range tests {
		s := mustSound(t, tt.start)
		if _, err := s.Frames(make([]byte, tt.bytes)); err == nil || !strings.Contains(err.Error(), "inside a sample") {
			t.Errorf("%+v: %d bytes give error %v", tt.start, tt.bytes, err)
		}
	}
}

// A voice's length in seconds does not change with its rate, to the sample.
func TestAnyRateKeepsTheTime(t *testing.T) {
	for _, rate := range []int{8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000} {
		for _, n := range []int{0, 1, rate / 25, rate/25*3 - 1, rate} {
			got := len(hearAll(t, wire.Start{Rate: rate}, make([]byte, 2*n)))
			if want := (n*audio.RateHz + rate - 1) / rate; got != want {
				t.Errorf("%d samples at %d Hz became %d, want %d", n, rate, got, want)
			}
		}
	}
}

func TestAnySlicingGivesTheSameSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := wire.Start{
			Rate:     rapid.SampledFrom([]int{8000, 16000, 44100, 48000}).Draw(t, "rate"),
			Channels: rapid.IntRange(1, 2).Draw(t, "channels"),
		}
		whole := 2 * start.Channels
		data := rapid.SliceOfN(rapid.Byte(), 0, 8000).Draw(t, "sound")
		data = data[:len(data)/whole*whole]
		var messages [][]byte
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)/whole).Draw(t, "samples") * whole
			messages, rest = append(messages, rest[:n]), rest[n:]
		}
		got, want := hearAll(t, start, messages...), hearAll(t, start, data)
		if len(got) != len(want) {
			t.Fatalf("%d samples, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("sample %d is %g, want %g", i, got[i], want[i])
			}
		}
	})
}
