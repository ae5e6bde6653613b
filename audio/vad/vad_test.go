package vad_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"sotto/audio"
	"sotto/audio/intake"
	"sotto/audio/vad"
)

const testset = "../../models/pocket/testset"

// Nearly all of a clip between its first and its last word is speech, and
// nearly none of one without a voice that is silent, hums or hisses steadily.
// Music, clicks and speech played backwards may pass: a word missed is worse.
func TestClips(t *testing.T) {
	heard := map[string]int{}
	for i, c := range clips(t) {
		if i%4 != 0 && c.Kind != "none" {
			continue // a quarter of the voices is enough
		}
		switch {
		case c.Kind == "one", c.Kind == "many":
			if missed, total := missed(c, decode(t, c.File)); missed*20 > total {
				t.Errorf("%s: %d of %d frames between the first word and the last are not heard", c.File, missed, total)
			}
			heard[c.Kind]++
		case c.Form == "silence", c.Form == "floor", c.Form == "pink", c.Form == "tone":
			if from, ok := first(decode(t, c.File)); ok {
				t.Errorf("%s, %s: speech in frame %d", c.File, c.Form, from)
			}
			heard["none"]++
		}
	}
	if heard["one"] < 6 || heard["many"] < 1 || heard["none"] < 4 {
		t.Errorf("the test set holds too few clips of a kind: %v", heard)
	}
}

func TestWhatIsNoSpeech(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := func(level float64) func(float64) float64 {
		return func(float64) float64 { return level * rng.NormFloat64() }
	}
	hum := func(harmonics int) func(float64) float64 {
		return func(seconds float64) (v float64) {
			for k := 1; k <= harmonics; k++ {
				v += 0.05 / float64(k) * math.Sin(2*math.Pi*50*float64(k)*seconds)
			}
			return v
		}
	}
	for _, c := range []struct {
		name    string
		at      func(seconds float64) float64
		settles int // frames after which it must be known for what it is
	}{
		{"silence", func(float64) float64 { return 0 }, 0},
		{"a constant", func(float64) float64 { return 0.5 }, 0},
		{"faint noise", noise(0.001), 0},
		{"hum of the mains", hum(1), 0},
		{"noise", noise(0.01), 25},
		{"loud noise", noise(0.1), 75},
		{"hum with harmonics", hum(7), 50},
	} {
		sound := make([]float32, 6*audio.RateHz)
		for i := range sound {
			sound[i] = float32(c.at(float64(i) / audio.RateHz))
		}
		for frame, speech := range detect(sound) {
			if speech && frame >= c.settles {
				t.Errorf("%s: speech in frame %d, want none from %d on", c.name, frame, c.settles)
				break
			}
		}
	}
}

func TestOneClickIsNoSpeech(t *testing.T) {
	sound := make([]float32, 2*audio.RateHz)
	for i := range 80 {
		sound[audio.RateHz+i] = float32(0.8 * math.Sin(float64(i)/2))
	}
	if frame, ok := first(sound); ok {
		t.Errorf("speech in frame %d", frame)
	}
}

func TestSilenceIsCountedFromTheLastSpeech(t *testing.T) {
	d := vad.NewDetector()
	var quiet, loud audio.Frame
	for i := range loud {
		loud[i] = float32(0.3 * math.Sin(2*math.Pi*500*float64(i)/audio.RateHz))
	}
	for range 10 {
		d.Step(&loud)
	}
	if got := d.SilenceMillis(); got != 0 {
		t.Errorf("%d ms of silence during speech", got)
	}
	off := 0
	for range 25 {
		if !d.Step(&quiet).Speech {
			off++
		}
	}
	if got := d.SilenceMillis(); off < 15 || got != off*audio.FrameMilli {
		t.Errorf("%d ms of silence after %d frames without speech", got, off)
	}
}

// missed counts the frames between the first word and the last, and those of
// them that are not heard. The first two frames are the detector's to hesitate.
func missed(c clip, sound []float32) (missed, total int) {
	speech := detect(sound)
	from := c.Spans[0][0]/audio.FrameMilli + 2
	to := min(c.Spans[len(c.Spans)-1][1]/audio.FrameMilli, len(speech))
	for _, heard := range speech[from:to] {
		total++
		if !heard {
			missed++
		}
	}
	return missed, total
}

// detect says of each frame whether it is speech.
func detect(sound []float32) (speech []bool) {
	var f audio.Framer
	f.Write(sound)
	d := vad.NewDetector()
	for frame, ok := f.Next(); ok; frame, ok = f.Next() {
		speech = append(speech, d.Step(frame).Speech)
	}
	return speech
}

// first returns the first frame of speech.
func first(sound []float32) (frame int, ok bool) {
	for frame, speech := range detect(sound) {
		if speech {
			return frame, true
		}
	}
	return 0, false
}

// clip is a line of the test set's manifest.
type clip struct {
	File, Kind string
	Form       string   `json:"tpl"` // of a clip without speech, what it is instead
	Spans      [][2]int // of the words, in milliseconds
}

func clips(t *testing.T) (all []clip) {
	f, err := os.Open(filepath.Join(testset, "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c clip
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func decode(t *testing.T, file string) (all []float32) {
	f, err := os.Open(filepath.Join(testset, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := intake.Open(context.Background(), f, file)
	if err != nil {
		t.Fatal(err)
	}
	for buf := make([]float32, 4096); ; {
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
