package decoder

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sotto/models/batch"
	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/kernel"
	"sotto/models/packed"
	"sotto/models/synthetic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// packed returns the model for the fast kernels.
func (m *model) packed(t testing.TB) *model {
	t.Helper()
	g := &gemma4.Model{Text: m.w}
	g.Text.Layers = slices.Clone(m.w.Layers)
	if err := packed.Memory(g); err != nil {
		t.Fatal(err)
	}
	return &model{m.cfg, m.tokens, g.Text}
}

// on returns a decoder on a team whose workers are there until the test ends.
func (m *model) on(t testing.TB, workers int) *Decoder {
	t.Helper()
	team := kernel.NewTeam(workers)
	d, err := New(&m.cfg, &m.tokens, &m.w, team)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- team.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return d
}

// forms are a small tower for the reference and for the fast kernels, the toy in
// the types that packing gives it, and one that comes from a file in Q4_0.
func forms(t testing.TB) map[string]*model {
	t.Helper()
	shape, err := synthetic.ByName("tiny")
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := synthetic.Write(t.TempDir(), shape, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := gemma4.Open(text, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	of := func(m *gemma4.Model) *model { return &model{m.Config.Text, m.Config.Tokens, m.Text} }
	small, toy := newModel(shapes()["E4B in small"], 6), of(gemma4test.TinyE2B(6))
	return map[string]*model{"reference": small, "packed": small.packed(t), "packed toy": toy.packed(t), "packed Q4_0": of(file).packed(t)}
}

func eachForm(t *testing.T, f func(t *testing.T, m *model)) {
	for name, m := range forms(t) {
		t.Run(name, func(t *testing.T) { f(t, m) })
	}
}

// say hears a prompt and returns the logits of the last position of every
// question behind it, each taken back.
func say(t fataler, d *Decoder, seed uint64, questions int) []float32 {
	r := rand.New(rand.NewPCG(seed, 0))
	s := d.NewStream(120, chunk)
	var all []float32
	for range questions {
		appendAll(t, s, prompt(r, &d.cfg, 1+r.IntN(30)))
		mark := s.Mark()
		all = append(all, logits(t, s, 3, 5+int(seed))...)
		all = append(all, logits(t, s, 9)...)
		s.Rewind(mark)
	}
	return all
}

// Streams that come together go through the network together, and each gets the
// bits that it gets alone.
func TestStreamsInOnePassDoNotKnowEachOther(t *testing.T) {
	eachForm(t, func(t *testing.T, m *model) {
		d := m.on(t, 2)
		shared, together := 0, false
		serve := d.queue.Do
		d.queue.Do = func(tickets []*batch.Ticket[request]) {
			if len(tickets) > 1 {
				shared++
			} else if together && shared == 0 {
				time.Sleep(5 * time.Millisecond) // the others come meanwhile
			}
			serve(tickets)
		}
		var want [6][]float32
		for i := range want {
			want[i] = say(t, d, uint64(i), 3)
		}
		together = true
		var wait sync.WaitGroup
		for i := range want {
			wait.Go(func() {
				if got := say(t, d, uint64(i), 3); !slices.Equal(got, want[i]) {
					t.Errorf("stream %d: largest difference %g beside others", i, apart(got, want[i]))
				}
			})
		}
		if wait.Wait(); shared == 0 {
			t.Error("no two streams shared a pass")
		}
	})
}

func TestTeamsOfAnySizeGiveTheSameLogits(t *testing.T) {
	eachForm(t, func(t *testing.T, m *model) {
		want := say(t, m.on(t, 1), 1, 3)
		for _, workers := range []int{2, 3, 5} {
			if got := say(t, m.on(t, workers), 1, 3); !slices.Equal(got, want) {
				t.Errorf("%d workers: largest difference %g", workers, apart(got, want))
			}
		}
	})
}

// Every level that the processor can use says nearly the same, and the forms of
// a product the very same: only exponentials and sums of attention differ.
func TestLevelsGiveNearlyTheSameLogits(t *testing.T) {
	m := forms(t)["packed Q4_0"]
	want := say(t, m.on(t, 1), 2, 3)
	for _, level := range kernel.Levels() {
		back, err := kernel.Force(level)
		if err != nil {
			t.Fatal(err)
		}
		got := say(t, m.on(t, 1), 2, 3)
		back()
		wide := make([]float64, len(want))
		for i, v := range want {
			wide[i] = float64(v)
		}
		// A rounding here may move an input's code there by one.
		if e := relative(got, wide); e > 0.02 {
			t.Errorf("%s: relative difference %.2g", level, e)
		}
	}
}

// Packed models keep keys and values in halves.
func TestPackedKeysAndValuesTakeHalf(t *testing.T) {
	small := newModel(shapes()["E4B in small"], 6)
	reference, fast := small.decoder(t).NewStream(300, 1), small.packed(t).decoder(t).NewStream(300, 1)
	for _, s := range []*Stream{reference, fast} {
		if err := s.Append(make([]int, 270)); err != nil {
			t.Fatal(err)
		}
	}
	if 2*fast.Bytes() != reference.Bytes() {
		t.Errorf("%d bytes packed, %d for the reference", fast.Bytes(), reference.Bytes())
	}
}

func TestNothingIsAllocatedPerToken(t *testing.T) {
	all := forms(t)
	all["pocket sizes"] = newModel(pocketShape(), 1)
	all["pocket sizes, packed"] = all["pocket sizes"].packed(t)
	for name, m := range all {
		for _, workers := range []int{1, 2} {
			checkAllocations(t, name, m.on(t, workers))
		}
	}
}

func checkAllocations(t *testing.T, name string, d *Decoder) {
	t.Helper()
	s := d.NewStream(600, 64)
	sound := soundToken(rand.New(rand.NewPCG(1, 1)), d.cfg.HiddenSize)
	if err := s.Append(make([]int, 100)); err != nil {
		t.Fatal(err)
	}
	one, twelve := []int{3}, make([]int, 12)
	fork, other := s.Fork(), s.Fork()
	fork.Watch([]Head{{0, 1}, {d.cfg.Layers() - 1, 0}}, 10, 90)
	asks := []Ask{
		{Stream: fork, IDs: twelve, Keep: 3, Best: make([]int, 3), Probs: make([]float32, 3), Attention: make([]float32, 3*2*80)},
		{Stream: other, IDs: one, Keep: 1, Best: make([]int, 1)},
	}
	mark := s.Mark()
	for call, step := range map[string]func(){
		"Logits":       func() { _, _ = s.Logits(one); s.Rewind(mark) },
		"Logits of 12": func() { _, _ = s.Logits(twelve); s.Rewind(mark) },
		"Append":       func() { _ = s.Append(one); s.Rewind(mark) },
		"AppendAudio":  func() { _ = s.AppendAudio(sound); s.Rewind(mark) },
		"Together":     func() { _ = d.Together(asks...); fork.Drop(len(twelve)); other.Drop(1) },
	} {
		step() // scratch of its size
		if n := allocations(step); n != 0 {
			t.Errorf("%s, %s: %v allocations, want none", name, call, n)
		}
	}
}

// allocations returns how many f makes each time. The system's own part of
// sleeping and waking allocates at times; what f does it does in every try.
func allocations(f func()) float64 {
	least := testing.AllocsPerRun(10, f)
	for try := 0; try < 4 && least > 0; try++ {
		least = min(least, testing.AllocsPerRun(10, f))
	}
	return least
}
