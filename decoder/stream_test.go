package decoder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sotto/models/gemma4"
)

// tolerance is the largest relative difference from the equations in float64.
const tolerance = 1e-5

// appendAll gives items to a stream in one call per run of text or sound, and
// wants no logits.
func appendAll(t fataler, s *Stream, items []item) {
	for len(items) > 0 {
		n := run(items, len(items))
		appendRun(t, s, items[:n])
		items = items[n:]
	}
}

type fataler interface{ Fatal(...any) }

// run returns how many of the first items, at most most, are of one kind.
func run(items []item, most int) int {
	n := 1
	for n < most && (items[n].sound == nil) == (items[0].sound == nil) {
		n++
	}
	return n
}

func appendRun(t fataler, s *Stream, items []item) {
	var err error
	if items[0].sound != nil {
		var x []float32
		for _, it := range items {
			x = append(x, it.sound...)
		}
		err = s.AppendAudio(x)
	} else {
		err = s.Append(ids(items))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func ids(items []item) []int {
	out := make([]int, len(items))
	for i, it := range items {
		out[i] = it.id
	}
	return out
}

// logits asks for the last position of text.
func logits(t fataler, s *Stream, text ...int) []float32 {
	l, err := s.Logits(text)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(l)
}

// eachShape runs f on every shape with its own randomness.
func eachShape(t *testing.T, f func(t *testing.T, m *model, r *rand.Rand)) {
	for name, cfg := range shapes() {
		t.Run(name, func(t *testing.T) {
			f(t, newModel(cfg, 11), rand.New(rand.NewPCG(5, 6)))
		})
	}
}

func TestEveryStageFollowsTheEquations(t *testing.T) {
	eachShape(t, func(t *testing.T, m *model, r *rand.Rand) {
		d := m.decoder(t)
		worst := make(map[string]float64)
		for _, n := range []int{1, 2, 9, chunk, 2*chunk + 7} {
			items := make([]item, n)
			for i := range items {
				items[i].id = r.IntN(m.cfg.VocabSize)
			}
			s := d.NewStream(n, 1)
			seen := make(map[string][]float32)
			s.Observe(func(stage string, rows []float32) { seen[stage] = append(seen[stage], rows...) })
			got, err := s.LogitsAll(ids(items))
			if err != nil {
				t.Fatal(err)
			}
			want, ref := whole(m, items)
			for stage, x := range ref.stages {
				worst[stage] = max(worst[stage], relative(seen[stage], x.flat()))
			}
			worst["logits"] = max(worst["logits"], relative(got, want.flat()))
		}
		for stage, e := range worst {
			if e > tolerance {
				t.Errorf("%s: relative error %.2g", stage, e)
			}
		}
		if len(worst) != m.cfg.Layers()+4 {
			t.Errorf("%d stages compared, want %d", len(worst), m.cfg.Layers()+4)
		}
		t.Logf("worst relative error: layer 0 %.2g, norm %.2g, logits %.2g", worst["layer.0"], worst["norm"], worst["logits"])
	})
}

func TestSoundAndTextMixedFollowTheEquations(t *testing.T) {
	eachShape(t, func(t *testing.T, m *model, r *rand.Rand) {
		d := m.decoder(t)
		for range 4 {
			items := prompt(r, &m.cfg, 1+r.IntN(60))
			items = append(items, item{id: r.IntN(m.cfg.VocabSize)})
			last := len(items) - 1
			s := d.NewStream(len(items), 1)
			appendAll(t, s, items[:last])
			got := logits(t, s, items[last].id)
			want, _ := whole(m, items)
			if e := relative(got, want[last]); e > tolerance {
				t.Errorf("%d positions: relative error %.2g", len(items), e)
			}
		}
	})
}

func TestAnySlicingGivesTheSameLogits(t *testing.T) {
	decoders := everyDecoder(t, 3)
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(decoders).Draw(t, "shape")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "prompt"), 0))
		items := append(prompt(r, &d.cfg, rapid.IntRange(1, 80).Draw(t, "positions")), item{id: 9})
		whole, sliced := d.NewStream(len(items), 1), d.NewStream(len(items), 1)
		appendAll(t, whole, items[:len(items)-1])
		want := logits(t, whole, 9)
		for rest := items[:len(items)-1]; len(rest) > 0; {
			n := run(rest, rapid.IntRange(1, len(rest)).Draw(t, "piece"))
			switch how := rapid.IntRange(0, 2).Draw(t, "call"); {
			case rest[0].sound != nil || how == 0:
				appendRun(t, sliced, rest[:n])
			case how == 1:
				logits(t, sliced, ids(rest[:n])...)
			default:
				if _, err := sliced.LogitsAll(ids(rest[:n])); err != nil {
					t.Fatal(err)
				}
			}
			rest = rest[n:]
		}
		if got := logits(t, sliced, 9); !slices.Equal(got, want) {
			t.Fatalf("largest difference %g", apart(got, want))
		}
	})
}

// apart returns the largest absolute difference.
func apart(a, b []float32) float64 {
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i])-float64(b[i])))
	}
	return worst
}

// remembered returns every key and value that the next query can see.
func seen(s *Stream, layer, pos int) (keys, values []float32) {
	for _, run := range s.cache.Seen(layer, pos) {
		keys, values = append(keys, run.Keys.Single...), append(values, run.Values.Single...)
	}
	return keys, values
}

func remembered(s *Stream) []float32 {
	var all []float32
	for l := range s.d.lastOwner + 1 {
		keys, values := seen(s, l, s.Len()-1)
		all = slices.Concat(all, keys, values)
	}
	return all
}

func TestEarlyExitRemembersWhatTheFullStackRemembers(t *testing.T) {
	eachShape(t, func(t *testing.T, m *model, r *rand.Rand) {
		d := m.decoder(t)
		text := make([]int, chunk+21)
		for i := range text {
			text[i] = r.IntN(m.cfg.VocabSize)
		}
		early, full := d.NewStream(100, 1), d.NewStream(100, 1)
		if err := early.Append(text); err != nil {
			t.Fatal(err)
		}
		all, err := full.LogitsAll(text)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(remembered(early), remembered(full)) {
			t.Error("keys and values differ")
		}
		if !slices.Equal(logits(t, early, 4), logits(t, full, 4)) {
			t.Error("logits behind them differ")
		}
		last := logits(t, d.NewStream(100, 1), text...)
		if !slices.Equal(last, all[len(all)-m.cfg.VocabSize:]) {
			t.Error("logits of the last of many ids differ")
		}
	})
}

func TestEarlyExitLeavesAtTheLastOwner(t *testing.T) {
	m := newModel(shapes()["E4B in small"], 1)
	s := m.decoder(t).NewStream(10, 1)
	seen := make(map[string]int)
	s.Observe(func(stage string, rows []float32) { seen[stage] += len(rows) / m.cfg.HiddenSize })
	logits(t, s, 3, 4, 5)
	for l := range m.cfg.Layers() {
		want := 3
		if l >= m.cfg.FirstShared()-1 {
			want = 1
		}
		if got := seen[fmt.Sprintf("layer.%d", l)]; got != want {
			t.Errorf("layer %d computed for %d positions, want %d", l, got, want)
		}
	}
}

func TestTheMemoryHoldsTheKeysAndValuesOfTheEquations(t *testing.T) {
	m := newModel(shapes()["E2B in small"], 8)
	r := rand.New(rand.NewPCG(1, 1))
	items := prompt(r, &m.cfg, 40)
	s := m.decoder(t).NewStream(40, 1)
	appendAll(t, s, items)
	_, ref := whole(m, items)
	for l := range m.cfg.FirstShared() {
		keys, values := seen(s, l, 39)
		from := 0
		if m.cfg.LayerTypes[l] == gemma4.Sliding {
			from = 40 - m.cfg.SlidingWindow
		}
		if e := relative(keys, ref.keys[l][from:].flat()); e > tolerance {
			t.Errorf("layer %d: keys differ by %.2g", l, e)
		}
		if e := relative(values, ref.values[l][from:].flat()); e > tolerance {
			t.Errorf("layer %d: values differ by %.2g", l, e)
		}
	}
}

func TestARewoundStreamHasNeverSaidIt(t *testing.T) {
	decoders := everyDecoder(t, 4)
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(decoders).Draw(t, "shape")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "prompt"), 0))
		tail := rapid.IntRange(1, 2*chunk).Draw(t, "tail")
		s, fresh := d.NewStream(400, tail), d.NewStream(400, tail)
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			kept := prompt(r, &d.cfg, rapid.IntRange(1, 50).Draw(t, "kept"))
			appendAll(t, s, kept)
			appendAll(t, fresh, kept)
			mark := s.Mark()
			appendAll(t, s, prompt(r, &d.cfg, rapid.IntRange(1, tail).Draw(t, "taken back")))
			s.Rewind(mark)
		}
		if got, want := logits(t, s, 5), logits(t, fresh, 5); !slices.Equal(got, want) {
			t.Fatalf("largest difference %g", apart(got, want))
		}
	})
}

func TestEveryTargetHearsTheSameSound(t *testing.T) {
	eachShape(t, func(t *testing.T, m *model, r *rand.Rand) {
		d := m.decoder(t)
		const tail = 24
		s := d.NewStream(200, tail)
		var heard []item
		for range 3 {
			more := prompt(r, &m.cfg, 17)
			heard = append(heard, more...)
			appendAll(t, s, more)
			mark := s.Mark()
			for target := range 4 {
				question := []int{10 + target, 20, 30 + target}
				got := reply(t, s, question, tail-len(question))
				s.Rewind(mark)
				fresh := d.NewStream(200, tail)
				appendAll(t, fresh, heard)
				if want := reply(t, fresh, question, tail-len(question)); !slices.Equal(got, want) {
					t.Fatalf("behind %d positions, target %d says %v, want %v", len(heard), target, got, want)
				}
			}
		}
	})
}

// reply takes the likeliest id n times.
func reply(t fataler, s *Stream, question []int, n int) []int {
	var said []int
	for next := question; len(said) < n; {
		l := logits(t, s, next...)
		best := slices.Index(l, slices.Max(l))
		said = append(said, best)
		next = []int{best}
	}
	return said
}

func TestTheSoundPlaceholderInTextIsPadding(t *testing.T) {
	m := newModel(shapes()["E4B in small"], 2)
	d := m.decoder(t)
	got := logits(t, d.NewStream(9, 1), 5, m.tokens.AudioSoft, 6)
	if want := logits(t, d.NewStream(9, 1), 5, m.tokens.Pad, 6); !slices.Equal(got, want) {
		t.Errorf("largest difference %g", apart(got, want))
	}
}
