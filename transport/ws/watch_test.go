package ws

import (
	"strings"
	"testing"
	"time"

	"sotto/audio"
	"sotto/transport/voice"
)

// level is a frame of one value.
func level(v float32) (f audio.Frame) {
	for i := range f {
		f[i] = v
	}
	return f
}

// warned lets a watch look at seconds of sound that comes at a pace, and returns
// the codes of its warnings.
func warned(w *watch, seconds, pace float64, frame func(i int) audio.Frame, faults voice.Faults) string {
	now := time.Unix(0, 0)
	var codes []string
	for i := range int(seconds * framesASec) {
		f := frame(i)
		w.tooFast(int64(w.rate/framesASec), now)
		for _, m := range w.warnings([]audio.Frame{f}, faults, now) {
			codes = append(codes, m.Code)
		}
		now = now.Add(time.Duration(float64(time.Second) / framesASec / pace))
	}
	return strings.Join(codes, " ")
}

func TestWarnings(t *testing.T) {
	steady := func(v float32) func(int) audio.Frame { return func(int) audio.Frame { return level(v) } }
	every := func(n int, v, other float32) func(int) audio.Frame {
		return func(i int) audio.Frame {
			if i%n == 0 {
				return level(v)
			}
			return level(other)
		}
	}
	for _, tt := range []struct {
		name    string
		rate    int
		live    bool
		seconds float64
		pace    float64 // 1: as it is spoken
		frame   func(int) audio.Frame
		faults  voice.Faults
		want    string
	}{
		{"a voice", 16000, true, 300, 1, steady(0.1), voice.Faults{}, ""},
		{"silence of a minute", 16000, true, 60, 1, steady(0), voice.Faults{}, "silent"},
		{"silence of less", 16000, true, 59.9, 1, steady(0), voice.Faults{}, ""},
		{"silence for long", 16000, true, 200, 1, steady(0), voice.Faults{}, "silent"},
		{"silence again", 16000, true, 200, 1, func(i int) audio.Frame { return level(float32(i / (70 * framesASec) % 2)) }, voice.Faults{}, "silent clipping silent"},
		{"nearly silence", 16000, true, 200, 1, every(100, 1e-5, 0), voice.Faults{}, ""},
		{"clipping", 16000, true, 30, 1, every(4, 1, 0.1), voice.Faults{}, "clipping"},
		{"negative clipping", 16000, true, 30, 1, every(4, -1, 0.1), voice.Faults{}, "clipping"},
		{"some clipping", 16000, true, 30, 1, every(6, 1, 0.1), voice.Faults{}, ""},
		{"48000 that are 16000", 48000, false, 60, 1. / 3, steady(0.1), voice.Faults{}, "pace"},
		{"48000 that are 44100", 48000, true, 60, 44.1 / 48, steady(0.1), voice.Faults{}, "pace"},
		{"live 16000 that are 48000", 16000, true, 8, 3, steady(0.1), voice.Faults{}, ""}, // too short to know
		{"live 44100 that are 48000", 44100, true, 60, 48 / 44.1, steady(0.1), voice.Faults{}, "pace"},
		{"a recording three times as fast", 16000, false, 300, 3, steady(0.1), voice.Faults{}, ""},
		{"a voice with pauses", 16000, false, 60, 0.8, steady(0.1), voice.Faults{}, ""},
		{"no numbers", 16000, true, 2, 1, steady(0.1), voice.Faults{Samples: 37}, "samples"},
		{"packets of rubbish", 48000, true, 2, 1, steady(0.1), voice.Faults{Packets: 60, Running: 50}, "undecodable"},
		{"some packets of rubbish", 48000, true, 2, 1, steady(0.1), voice.Faults{Packets: 60, Running: 49}, ""},
	} {
		if got := warned(newWatch(tt.rate, tt.live), tt.seconds, tt.pace, tt.frame, tt.faults); got != tt.want {
			t.Errorf("%s: warned of %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWarningsNameTheNumbers(t *testing.T) {
	w := newWatch(48000, false)
	now := time.Unix(0, 0)
	var said []string
	for range 60 * framesASec {
		w.tooFast(1920, now)
		for _, m := range w.warnings([]audio.Frame{level(0)}, voice.Faults{Samples: 37}, now) {
			said = append(said, m.Message)
		}
		now = now.Add(120 * time.Millisecond)
	}
	want := []string{
		"37 samples are no numbers; they are heard as silence",
		"sound announced with 48000 samples a second comes as 16000 a second do; announce the rate it has",
		"only digital silence for 60 seconds; is the microphone muted?",
	}
	if strings.Join(said, "\n") != strings.Join(want, "\n") {
		t.Errorf("said %q", said)
	}
}

// Live sound may be early by a burst, and catch up after a pause.
func TestHowFastLiveSoundMayCome(t *testing.T) {
	for _, tt := range []struct {
		name string
		live bool
		at   func(i int) time.Duration // when second i comes
		want int                       // the second that is too much; -1: none
	}{
		{"as it is spoken", true, func(i int) time.Duration { return time.Duration(i) * time.Second }, -1},
		{"all at once", true, func(int) time.Duration { return 0 }, 10},
		{"a recording", false, func(int) time.Duration { return 0 }, -1},
		{"twice as fast", true, func(i int) time.Duration { return time.Duration(i) * time.Second / 2 }, 25},
		{"a fifth faster", true, func(i int) time.Duration { return time.Duration(i) * time.Second * 5 / 6 }, -1},
		{"late, then all that waited", true, func(i int) time.Duration { return max(60*time.Second, time.Duration(i)*time.Second) }, 10},
	} {
		w, got := newWatch(16000, tt.live), -1
		for i := range 200 {
			if _, _, is := w.tooFast(16000, time.Unix(0, 0).Add(tt.at(i))); is {
				got = i
				break
			}
		}
		if got != tt.want {
			t.Errorf("%s: second %d is too much, want %d", tt.name, got, tt.want)
		}
	}
}
