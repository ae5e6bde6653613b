package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/kernel"
	"sotto/models/packed"
	"sotto/models/pocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick measures a model of some thousand weights.
var quick = Options{Open: openToy, Source: openStoredToy, Threads: 2, Quick: true}

func openStoredToy() (*gemma4.Model, error) { return gemma4test.Tiny(1), nil }

func openToy() (*gemma4.Model, error) {
	m := gemma4test.Tiny(1)
	return m, packed.Memory(m)
}

func TestEveryStationIsMeasured(t *testing.T) {
	r, err := Run(t.Context(), quick)
	if err != nil {
		t.Fatal(err)
	}
	want := "mel 1; encoder 1 4 12 24; prefill 1 12 64 512; decode 1 2 4 8; verify 1 12 64"
	for part := range strings.SplitSeq(want, "; ") {
		words := strings.Fields(part)
		for _, size := range words[1:] {
			at := slices.IndexFunc(r.Stations, func(s Station) bool { return s.Name == words[0] && fmt.Sprint(s.Size) == size })
			if at < 0 {
				t.Errorf("no station %s of %s", words[0], size)
				continue
			}
			s := &r.Stations[at]
			if m := s.Millis; m.Quartile1 > m.Median || m.Median > m.Quartile3 || m.Runs < 1 || m.Quartile1 <= 0 {
				t.Errorf("%s of %s: %+v", s.Name, size, m)
			}
			if s.Name != "mel" && (s.ShareOfReading <= 0 || s.ShareOfPeak <= 0) {
				t.Errorf("%s of %s: shares %v and %v", s.Name, size, s.ShareOfReading, s.ShareOfPeak)
			}
		}
	}
	if len(r.Stations) != 16 || len(r.LeftOut) != 0 {
		t.Errorf("%d stations, and left out %q", len(r.Stations), r.LeftOut)
	}
	for _, l := range r.Live {
		if l.RealTimeFactor <= 0 || len(l.ByContext) != quickCount || l.AudioSeconds != quickCount*quickSpan*0.48 {
			t.Errorf("live: %+v", l)
		}
	}
}

// What leaves early goes through half of the pocket model, which has as many
// layers that share keys and values as others.
func TestWorkIsCountedFromTheMatrices(t *testing.T) {
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b := &bench{model: m, report: &Report{}}
	b.count()
	c := &m.Config.Text
	head := 2 * float64(c.VocabSize*c.HiddenSize)
	if rest := b.costs.decode.ops - head; b.costs.prefill.ops <= 0 || b.costs.prefill.ops >= rest {
		t.Errorf("%v operations with early exit, %v through all layers", b.costs.prefill.ops, rest)
	}
	if got := b.report.Model; got.ExitLayers != c.FirstShared() || got.Layers != c.Layers() {
		t.Errorf("out after %d of %d layers, want %d of %d", got.ExitLayers, got.Layers, c.FirstShared(), c.Layers())
	}
	bytes := 0.0
	for _, n := range m.Multiplied() {
		bytes += float64(n.Matrix.Size())
	}
	if got := b.costs.decode.bytes + b.costs.encoder.bytes; got != bytes {
		t.Errorf("%v bytes of weights, want %v", got, bytes)
	}
}

// An interrupt ends a run wherever it is.
func TestAnInterruptEndsARun(t *testing.T) {
	for _, at := range []string{"the peak", "to warm up", "decode of 4 streams", "is packed"} {
		ctx, cancel := context.WithCancel(t.Context())
		opt, reached := quick, false
		opt.Progress = func(what string, left time.Duration) {
			if reached {
				t.Errorf("%q is measured after the interrupt", what)
			}
			if left < 0 {
				t.Errorf("%q: %v are left", what, left)
			}
			if reached = strings.Contains(what, at); reached {
				cancel()
			}
		}
		if _, err := Run(ctx, opt); !errors.Is(err, context.Canceled) || !reached {
			t.Errorf("interrupted at %q: %v", at, err)
		}
		cancel()
	}
}

func TestAModelThatDoesNotOpenEndsTheRun(t *testing.T) {
	broken := errors.New("broken")
	opt := quick
	opt.Open = func() (*gemma4.Model, error) { return nil, broken }
	if _, err := Run(t.Context(), opt); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestEveryPanelIsPackedOnce(t *testing.T) {
	source, err := pocket.Reference()
	if err != nil {
		t.Fatal(err)
	}
	laidOut, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	p := newPacking(source, laidOut, kernel.NewTeam(1))
	seen := make(map[[2]int]bool)
	for i := range p.ends[len(p.ends)-1] {
		k, at := p.place(i)
		if seen[[2]int{k, at}] || at < 0 || at >= p.to[k].Panels() {
			t.Fatalf("number %d is panel %d of matrix %d", i, at, k)
		}
		seen[[2]int{k, at}] = true
		p.Chunk(0, i)
	}
	size := 0
	for i := range p.to {
		size += p.to[i].Size()
	}
	if err := p.err.Load(); err != nil || p.bytes.Load() != int64(size) {
		t.Errorf("%d bytes packed, want %d (%v)", p.bytes.Load(), size, err)
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		samples []float64
		want    Spread
	}{
		{[]float64{3}, Spread{3, 3, 3, 1}},
		{[]float64{4, 2}, Spread{3, 2.5, 3.5, 2}},
		{[]float64{9, 1, 3, 2, 4}, Spread{3, 2, 4, 5}},
	} {
		if got := spread(c.samples); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.samples, got, c.want)
		}
	}
}

func TestTicks(t *testing.T) {
	for top, want := range map[float64][]float64{
		1.08: {0, 0.5, 1},
		2.5:  {0, 1, 2},
		540:  {0, 200, 400},
		0.03: {0, 0.01, 0.02, 0.03},
	} {
		if got := ticks(top); !slices.EqualFunc(got, want, func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }) {
			t.Errorf("up to %v: %v, want %v", top, got, want)
		}
	}
}
