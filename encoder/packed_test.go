package encoder

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"sotto/audio"
	"sotto/models/batch"
	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/kernel"
	"sotto/models/packed"
	"sotto/models/synthetic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// forms are the same small tower for the reference and for the fast kernels, and
// one that comes from a file in halves.
func forms(t testing.TB) map[string]*gemma4.Model {
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
	fast := gemma4test.Tiny(2)
	for _, m := range []*gemma4.Model{fast, file} {
		if err := packed.Memory(m); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]*gemma4.Model{"reference": gemma4test.Tiny(2), "packed": fast, "packed halves": file}
}

func eachForm(t *testing.T, f func(t *testing.T, m *gemma4.Model)) {
	for name, m := range forms(t) {
		t.Run(name, func(t *testing.T) { f(t, m) })
	}
}

// on returns the tower on a team whose workers are there until the test ends.
func on(t testing.TB, m *gemma4.Model, workers int) *Encoder {
	t.Helper()
	team := kernel.NewTeam(workers)
	e, err := New(&m.Config.Audio, &m.Audio, team)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- team.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return e
}

func framesOf(x []float32) []audio.Frame {
	frames := make([]audio.Frame, len(x)/audio.FrameLen)
	for i := range frames {
		copy(frames[i][:], x[i*audio.FrameLen:])
	}
	return frames
}

// However a voice is cut into steps, its tokens are the same to the bit.
func TestAnySlicingGivesTheSameTokens(t *testing.T) {
	x := sound((2*MaxBlock + 5) * audio.FrameLen)
	all := framesOf(x)
	eachForm(t, func(t *testing.T, m *gemma4.Model) {
		e := on(t, m, 1)
		want := stepAll(e.NewStream(), x)
		for seed := range uint64(6) {
			rng := rand.New(rand.NewPCG(seed, 1))
			most := []int{3, MaxBlock, len(all)}[seed%3]
			s, got := e.NewStream(), make([]float32, len(want))
			var steps []int
			for at := 0; at < len(all); {
				n := min(1+rng.IntN(most), len(all)-at)
				s.Step(got[at*e.Dims():], all[at:at+n])
				at, steps = at+n, append(steps, n)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("the tokens in steps of %v are not those of steps of one", steps)
			}
		}
	})
}

// A rounding apart: the fast kernels sum in another order and in float32.
func TestThePackedTowerEqualsTheWholeSignal(t *testing.T) {
	m := forms(t)["packed"]
	reference := &whole{&m.Config.Audio, &gemma4test.Tiny(2).Audio}
	for _, samples := range []int{161, 641, 801, 3000, 20*audio.FrameLen + 170} {
		x := sound(samples)
		near(t, on(t, m, 1).Encode(x), reference.tokens(x), 2e-4)
	}
}

func TestTeamsOfAnySizeGiveTheSameTokens(t *testing.T) {
	x := sound(30*audio.FrameLen + 500)
	eachForm(t, func(t *testing.T, m *gemma4.Model) {
		want := on(t, m, 1).Encode(x)
		for _, workers := range []int{2, 3, 5} {
			if !slices.Equal(on(t, m, workers).Encode(x), want) {
				t.Errorf("%d workers give other tokens than one", workers)
			}
		}
	})
}

// Voices that come together are computed together and do not meet.
func TestVoicesInOnePassDoNotMeet(t *testing.T) {
	eachForm(t, func(t *testing.T, m *gemma4.Model) {
		e := on(t, m, 2)
		shared := 0
		serve := e.queue.Do
		e.queue.Do = func(tickets []*batch.Ticket[request]) {
			if len(tickets) > 1 {
				shared++
			}
			serve(tickets)
		}
		var voices sync.WaitGroup
		for v := range 5 {
			x := sound(13*audio.FrameLen + v)
			want := e.Encode(x)
			voices.Go(func() {
				for range 2 { // the last frame is one or a rest
					if !slices.Equal(e.Encode(x), want) {
						t.Errorf("voice %d is another among others in blocks", v)
					}
					if n := 12 * e.Dims(); !slices.Equal(stepAll(e.NewStream(), x)[:n], want[:n]) {
						t.Errorf("voice %d is another among others in steps", v)
					}
				}
			})
		}
		if voices.Wait(); shared == 0 {
			t.Error("no two voices shared a pass")
		}
	})
}

func TestStepAllocatesNothing(t *testing.T) {
	eachForm(t, func(t *testing.T, m *gemma4.Model) {
		for _, workers := range []int{1, 2} {
			e := on(t, m, workers)
			for _, n := range []int{1, 5} {
				s, tokens, frames := e.NewStream(), make([]float32, n*e.Dims()), framesOf(sound(n*audio.FrameLen))
				s.Step(tokens, frames)
				if got := allocations(func() { s.Step(tokens, frames) }); got != 0 {
					t.Errorf("%d workers: %v allocations per step of %d frames", workers, got, n)
				}
			}
		}
	})
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
