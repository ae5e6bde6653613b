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
	return collect(ctx, s, func() { speak(ctx, s, slices) })
}

// collect runs a session while somebody speaks to it, and reads all captions.
func collect(ctx context.Context, s *Session, speaking func()) (captions []Caption, err error) {
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	go speaking()
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

// line is all committed text of one segment in one language.
type line struct {
	Segment    int
	Language   string
	Text       string
	Start, End audio.Position // of its words
	Heard      audio.Position // when it ended
}

// lines joins the words of every segment, and checks that each language's
// captions come in order and that every line ends.
func lines(t testing.TB, captions []Caption) []line {
	t.Helper()
	open := make(map[string]*line)
	last := make(map[string]Caption)
	var all []line
	for _, c := range captions {
		before := last[c.Language]
		if c.Segment < before.Segment || c.Heard < before.Heard || c.Segment == before.Segment && before.End {
			t.Errorf("%+v comes after %+v", c, before)
		}
		last[c.Language] = c
		l := open[c.Language]
		if l == nil && len(c.Words) > 0 {
			l = &line{Segment: c.Segment, Language: c.Language, Start: c.Words[0].Start}
			open[c.Language] = l
		}
		for _, w := range c.Words {
			if w.Start > w.End || w.End > c.Heard {
				t.Errorf("word %+v of a voice heard up to %d", w, c.Heard)
			}
			l.Text, l.End = l.Text+w.Text, max(l.End, w.End)
		}
		if c.End && l != nil {
			l.Heard = c.Heard
			all = append(all, *l)
			delete(open, c.Language)
		}
	}
	for _, l := range open {
		t.Errorf("%+v has no end", *l)
	}
	return all
}
