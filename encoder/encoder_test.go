package encoder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"sotto/audio"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/kernel"
)

func newTiny(t testing.TB, seed uint64) (*Encoder, *whole) {
	m := gemma4test.Tiny(seed)
	e, err := New(&m.Config.Audio, &m.Audio, kernel.NewTeam(1))
	if err != nil {
		t.Fatal(err)
	}
	return e, &whole{&m.Config.Audio, &m.Audio}
}

// sound returns n samples of a wandering tone in noise.
func sound(n int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	x := make([]float32, n)
	for i := range x {
		at := float64(i) / audio.RateHz
		x[i] = float32(0.2*math.Sin(2*math.Pi*(400+300*math.Sin(3*at))*at) + 0.02*rng.NormFloat64())
	}
	return x
}

// For every number of mel rows that the last frame can hold, none included, and
// far beyond the window of attention.
func TestFrameByFrameEqualsTheWholeSignal(t *testing.T) {
	for seed := range uint64(2) {
		e, reference := newTiny(t, seed)
		for _, samples := range []int{161, 321, 481, 640, 641, 800, 801, 961, 1121, 1280, 3000, 20*audio.FrameLen + 170} {
			t.Run(fmt.Sprint(seed, "/", samples), func(t *testing.T) {
				x := sound(samples)
				near(t, e.Encode(x), reference.tokens(x), 2e-4)
			})
		}
	}
}

func TestTooLittleForARowGivesNoToken(t *testing.T) {
	e, _ := newTiny(t, 1)
	for _, samples := range []int{0, 1, 160} {
		if got := e.Encode(sound(samples)); len(got) != 0 {
			t.Errorf("%d samples gave %d values", samples, len(got))
		}
		s, token := e.NewStream(), make([]float32, e.Dims())
		s.Step(token, make([]audio.Frame, 1))
		if s.Flush(token, sound(samples)) {
			t.Errorf("a frame and %d samples gave a token at the end", samples)
		}
	}
}

// A token is final: it is the one that any longer voice gets in its place.
func TestLaterSoundChangesNoToken(t *testing.T) {
	e, _ := newTiny(t, 3)
	x := sound(18 * audio.FrameLen)
	long := stepAll(e.NewStream(), x)
	for frames := 1; frames < 18; frames++ {
		short := stepAll(e.NewStream(), x[:frames*audio.FrameLen])
		if !slices.Equal(short, long[:len(short)]) {
			t.Errorf("the tokens of %d frames are not the beginning of those of 18", frames)
		}
	}
}

func TestResetForgetsTheVoice(t *testing.T) {
	e, _ := newTiny(t, 4)
	x := sound(15 * audio.FrameLen)
	fresh := stepAll(e.NewStream(), x)
	s := e.NewStream()
	stepAll(s, sound(33*audio.FrameLen))
	s.Flush(make([]float32, e.Dims()), sound(300))
	s.Reset()
	if !slices.Equal(stepAll(s, x), fresh) {
		t.Error("a voice before Reset is heard after it")
	}
}

// Two voices share the weights and nothing else.
func TestStreamsDoNotMeet(t *testing.T) {
	e, _ := newTiny(t, 5)
	x, y := sound(10*audio.FrameLen), sound(10*audio.FrameLen+1)
	a, b := e.NewStream(), e.NewStream()
	token := make([]float32, e.Dims())
	var got []float32
	for at := 0; at < len(x); at += audio.FrameLen {
		a.Step(token, []audio.Frame{audio.Frame(x[at:])})
		got = append(got, token...)
		b.Step(token, []audio.Frame{audio.Frame(y[at:])})
	}
	if !slices.Equal(got, stepAll(e.NewStream(), x)) {
		t.Error("the tokens of one voice depend on another")
	}
}

// The state is fixed: whatever is longer ago than the tower looks back, three
// layers of 11 keys and 4 taps, a frame for the convolutions, is forgotten, and
// nothing grows.
func TestOldSoundIsForgottenAndNothingGrows(t *testing.T) {
	e, _ := newTiny(t, 6)
	const back = 3*(11+4) + 1
	x := sound(200 * audio.FrameLen)
	s := e.NewStream()
	stepAll(s, x)
	before := held(s)
	end := x[len(x)-(back+1)*audio.FrameLen:]
	long := stepAll(s, end)
	if now := held(s); now != before {
		t.Errorf("the state grew from %d to %d floats", before, now)
	}
	s.Reset()
	short := stepAll(s, end)
	last := len(long) - e.Dims()
	near(t, long[last:], short[last:], 1e-5)
}

func TestNewRefusesAnotherArchitecture(t *testing.T) {
	m := gemma4test.Tiny(1)
	for what, change := range map[string]func(){
		"mel bins":         func() { m.Config.Audio.MelBins = 80 },
		"sound to come":    func() { m.Config.Audio.ContextRight = 1 },
		"no context":       func() { m.Config.Audio.ContextLeft = 1 },
		"no heads":         func() { m.Config.Audio.Heads = 0 },
		"an uneven number": func() { m.Config.Audio.Heads = 3 },
	} {
		saved := m.Config.Audio
		change()
		if _, err := New(&m.Config.Audio, &m.Audio, kernel.NewTeam(1)); err == nil {
			t.Errorf("%s: no error", what)
		}
		m.Config.Audio = saved
	}
}

func stepAll(s *Stream, x []float32) (tokens []float32) {
	for ; len(x) >= audio.FrameLen; x = x[audio.FrameLen:] {
		token := make([]float32, s.encoder.Dims())
		s.Step(token, []audio.Frame{audio.Frame(x)})
		tokens = append(tokens, token...)
	}
	return tokens
}

// held counts what a stream holds on to.
func held(s *Stream) int {
	n := cap(s.subsample.rows) + cap(s.subsample.first) + cap(s.subsample.second)
	for _, l := range s.layers {
		n += cap(l.keys.rows) + cap(l.values.rows) + cap(l.gated.rows)
	}
	return n
}

// near compares values of the order of one.
func near(t *testing.T, got, want []float32, limit float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= limit) {
			t.Fatalf("value %d: %v, want %v", i, got[i], want[i])
		}
	}
}
