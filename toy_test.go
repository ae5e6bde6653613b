package sotto

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"

	"sotto/audio"
	"sotto/models/gemma4"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const second = audio.RateHz

// toyModel is a checkpoint of random weights: its replies are noise, but they
// depend on every sound token it has heard.
func toyModel(t testing.TB) *gemma4.Model {
	t.Helper()
	m, err := gemma4.Open("models/gemma4/gemma4test/testdata/folder", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func toyEngine(t testing.TB, opt EngineOptions) *Engine {
	t.Helper()
	return engineOf(t, toyModel(t), opt)
}

func engineOf(t testing.TB, m *gemma4.Model, opt EngineOptions) *Engine {
	t.Helper()
	e, err := NewEngine(m, opt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// babble is as loud and as uneven as speech: harmonics under syllables of random
// strength.
func babble(samples int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, samples)
	pitch, strength := 0.0, 0.0
	for i := range out {
		if i%(second/5) == 0 {
			pitch, strength = 100+100*rng.Float64(), 0.05+0.1*rng.Float64()
		}
		syllable := math.Sin(math.Pi * float64(i%(second/5)) / (second / 5))
		for h := 1.0; h <= 12; h++ {
			out[i] += float32(strength * syllable / h * math.Sin(2*math.Pi*h*pitch*float64(i)/second))
		}
	}
	return out
}

// voice joins stretches of sound.
func voice(parts ...[]float32) []float32 {
	var all []float32
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func silence(samples int) []float32 { return make([]float32, samples) }

// hear gives a whole voice to a new session and returns its captions.
func hear(t testing.TB, e *Engine, opt SessionOptions, samples []float32) ([]Caption, Stats) {
	t.Helper()
	s, err := e.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	return listenTo(t, s, samples)
}

func listenTo(t testing.TB, s *Session, slices ...[]float32) ([]Caption, Stats) {
	t.Helper()
	captions, err := run(t.Context(), s, slices...)
	if err != nil {
		t.Fatal(err)
	}
	return captions, s.Stats()
}

// run speaks a voice and reads until the session has said everything.
func run(ctx context.Context, s *Session, slices ...[]float32) (captions []Caption, err error) {
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	go speak(ctx, s, slices)
	for err == nil {
		var c Caption
		if c, err = s.Next(ctx); err == nil {
			captions = append(captions, c)
		}
	}
	if err == io.EOF {
		err = nil
	}
	return captions, errors.Join(err, <-ran)
}

// speak pushes slices of a voice through a framer, then finishes it.
func speak(ctx context.Context, s *Session, slices [][]float32) {
	var framer audio.Framer
	for _, slice := range slices {
		framer.Write(slice)
		for f, ok := framer.Next(); ok; f, ok = framer.Next() {
			if s.Push(ctx, f) != nil {
				return
			}
		}
	}
	s.Finish(framer.Rest())
}

// committed returns the captions that stay.
func committed(captions []Caption) []Caption {
	var stay []Caption
	for _, c := range captions {
		if c.Committed {
			stay = append(stay, c)
		}
	}
	return stay
}
