package policy_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"sotto/decoder/policy"
)

// scene makes attention [heads, span] as a decoder's chosen heads show it: a
// bump around the frame a token was read from, noise, and sinks.
type scene struct {
	heads, span int
	sinks       []int // columns that take 0.1 of every row each
	rng         *rand.Rand
}

// row leans with mass in all on the frames around center; below 0, on none.
func (s scene) row(center int, mass float32) []float32 {
	row := make([]float32, s.heads*s.span)
	for h := range s.heads {
		head := row[h*s.span : (h+1)*s.span]
		for j := range head {
			head[j] = 0.05 * s.rng.Float32() / float32(s.span)
			if center >= 0 { // a Gaussian of 1.5 frames, whose sum is 3.76
				d := float64(j - center)
				head[j] += mass / 3.76 * float32(math.Exp(-d*d/4.5))
			}
		}
		for _, j := range s.sinks {
			head[j] += 0.1
		}
		if h == 0 {
			head[s.rng.IntN(s.span)] += 0.3 // one head looks somewhere on its own
		}
	}
	return row
}

func TestAlignerFindsFrames(t *testing.T) {
	s := scene{heads: 6, span: 300, sinks: []int{0, 1, 2, 3, 4, 150, 151, 152, 153, 154}, rng: rand.New(rand.NewPCG(1, 1))}
	a := new(policy.Aligner)
	for range 6 { // the prompt behind the sound
		a.Observe(s.row(-1, 0), s.heads, s.span)
	}
	misled := 0
	for center := 10; center < 290; center += 7 {
		row := s.row(center, 0.3)
		frame, mass, recent := a.Frames(row, s.heads, s.span, -1, 7)
		if frame < center-1 || frame > center+1 {
			t.Errorf("frame %d, want %d", frame, center)
		}
		if mass < 0.25 || mass > 0.5 {
			t.Errorf("frame %d: mass %v, want about 0.3 and the noise", center, mass)
		}
		if recent > 0.2 {
			t.Errorf("frame %d: %v of it on the newest frames", center, recent)
		}
		if frame, mass, _ := policy.Frames(row, s.heads, s.span, -1, 7); frame < center-1 || frame > center+1 {
			misled++
		} else if mass < 0.9 {
			t.Errorf("mass %v without means, want the sinks in it", mass)
		}
	}
	if misled < 30 {
		t.Errorf("sinks misled %d of 40 rows without means: they are too weak to test anything", misled)
	}
	if _, mass, _ := a.Frames(s.row(-1, 0), s.heads, s.span, -1, 7); mass > 0.15 {
		t.Errorf("mass %v of a row that reads nothing but sinks", mass)
	}
	if _, _, recent := a.Frames(s.row(298, 0.5), s.heads, s.span, -1, 7); recent < 0.6 {
		t.Errorf("%v on the newest frames, want most", recent)
	}
	a.Reset()
	if frame, _, _ := a.Frames(s.row(80, 0.2), s.heads, s.span, -1, 7); frame == 80 {
		t.Error("a reset aligner still knows the sinks")
	}
}

func TestAlignerFormulas(t *testing.T) {
	for name, c := range map[string]struct {
		attention                 []float32
		heads, span, prev, median int
		frame                     int
		mass, recent              float32
		newest                    int
	}{
		"heads are averaged":          {[]float32{.4, 0, 0, 0, 0, 0, 0, 0, 0, .6, 0, 0}, 2, 6, -1, 1, 3, .5, .6, 3},
		"never before the previous":   {[]float32{0, .5, 0, 0}, 1, 4, 3, 1, 3, .5, 0, 1},
		"equals: the newest":          {[]float32{.2, .2, .2, 0}, 1, 4, -1, 1, 2, .6, 0, 1},
		"a median drops a spike":      {[]float32{0, .5, 0, 0, .1, .1, .1, 0}, 1, 8, -1, 3, 6, .8, .125, 2},
		"at the edge as well":         {[]float32{.5, 0, 0, .1, .1, .1, 0, 0}, 1, 8, -1, 3, 5, .8, 0, 2},
		"and at the newest edge":      {[]float32{0, 0, .1, .1, .1, 0, 0, .5}, 1, 8, -1, 3, 4, .8, .625, 2},
		"an even width is one less":   {[]float32{0, .5, 0, 0, .1, .1, .1, 0}, 1, 8, -1, 4, 6, .8, .125, 2},
		"too wide is 7":               {[]float32{0, 0, 0, .5, .5, .5, 0, 0, 0, 0, .1, .1, .1, .1, .1}, 1, 15, -1, 99, 14, 1, .05, 1},
		"nothing left: the spike":     {[]float32{0, 0, .5, 0, 0, 0, 0, 0}, 1, 8, -1, 7, 2, .5, 0, 2},
		"a single frame":              {[]float32{.5}, 1, 1, -1, 7, 0, .5, 1, 4},
		"all zero":                    {[]float32{0, 0, 0}, 1, 3, -1, 3, -1, 0, 0, 1},
		"NaN and below 0 are nothing": {[]float32{float32(math.NaN()), -3, .25, float32(math.Inf(-1))}, 1, 4, -1, 1, 2, .25, 0, 1},
		"above 1 is 1":                {[]float32{0, float32(math.Inf(1)), .25, 0}, 1, 4, -1, 1, 1, 1, 0, 1},
		"no heads":                    {[]float32{.5}, 0, 1, -1, 1, -1, 0, 0, 1},
		"no sound":                    {nil, 1, 0, -1, 1, -1, 0, 0, 1},
		"too short a row":             {[]float32{.5, .5, .5}, 2, 2, -1, 1, -1, 0, 0, 1},
		"a product that overflows":    {[]float32{.5}, math.MaxInt, math.MaxInt, -1, 1, -1, 0, 0, 1},
		"a negative span":             {[]float32{.5}, -1, -1, -1, 1, -1, 0, 0, 1},
	} {
		a := &policy.Aligner{Newest: c.newest}
		frame, mass, recent := a.Frames(c.attention, c.heads, c.span, c.prev, c.median)
		if frame != c.frame || !near(mass, c.mass) || !near(recent, c.recent) {
			t.Errorf("%s: frame %d, mass %v, recent %v, want %d, %v, %v", name, frame, mass, recent, c.frame, c.mass, c.recent)
		}
	}
}

func near(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 }

// TestAlignerMeans grows the sound between rows: a column's mean is over the
// rows that had it.
func TestAlignerMeans(t *testing.T) {
	a := &policy.Aligner{Newest: 1}
	for range 4 {
		a.Observe([]float32{.4, 0}, 1, 2)
	}
	for range 4 {
		a.Observe([]float32{.2, 0, .2}, 1, 3)
	}
	frame, mass, recent := a.Frames([]float32{.4, .05, .25, .02}, 1, 4, -1, 1)
	if frame != 0 || !near(mass, .1+.05+.05+.02) || !near(recent, .02/.22) {
		t.Errorf("frame %d, mass %v, recent %v, want 0, 0.22, 0.0909", frame, mass, recent)
	}
	a.Reset()
	for range 3 {
		a.Observe([]float32{.4, 0}, 1, 2)
	}
	a.Observe([]float32{.4}, 1, 2) // too short: left out
	if _, mass, _ := a.Frames([]float32{.4, 0}, 1, 2, -1, 1); !near(mass, .4) {
		t.Errorf("mass %v: three rows already make a mean", mass)
	}
}

// TestAlignerFeedsAlignAtt goes the whole way: attention to tokens to a count.
func TestAlignerFeedsAlignAtt(t *testing.T) {
	s := scene{heads: 6, span: 200, sinks: []int{0, 1, 2, 3, 4}, rng: rand.New(rand.NewPCG(2, 2))}
	table := policy.E4B()
	table.Floor = 0.2
	a := table.Aligner()
	for range 4 {
		a.Observe(s.row(-1, 0), s.heads, s.span)
	}
	said := []int{20, 40, 30, 90, 150, 186, 194} // frontier: 4 of 200 frames, 12, 20
	d := policy.Draft{Frames: s.span}
	for i, center := range said {
		frame, mass, recent := a.Frames(s.row(center, 0.5), s.heads, s.span, -1, table.Median)
		d.Tokens = append(d.Tokens, policy.Token{ID: i, Frame: frame, Mass: mass, Recent: recent})
	}
	e := policy.Evidence{Drafts: []policy.Draft{d, d}, LastFrame: -1}
	for dial, want := range map[policy.Dial]int{policy.Fast: 7, policy.Balanced: 6, policy.Quality: 5} {
		if got := must(table.Policy(dial)).Commit(e); got != want {
			t.Errorf("%s: %d tokens, want %d: %+v", dial, got, want, d.Tokens)
		}
	}
	frame, mass, recent := a.Frames(s.row(-1, 0), s.heads, s.span, -1, table.Median)
	e.Drafts = []policy.Draft{{Frames: s.span, Tokens: []policy.Token{{Frame: frame, Mass: mass, Recent: recent}}}}
	e.Final = true
	if got := must(table.Policy(policy.Fast)).Commit(e); got != 0 {
		t.Errorf("text on nothing (mass %v) is committed at the end", mass)
	}
}

func TestAlignerAllocatesOnce(t *testing.T) {
	s := scene{heads: 6, span: 700, rng: rand.New(rand.NewPCG(3, 3))}
	row := s.row(300, 0.5)
	a := new(policy.Aligner)
	step := func() {
		a.Observe(row, s.heads, s.span)
		a.Frames(row, s.heads, s.span, -1, 7)
	}
	step()
	if n := testing.AllocsPerRun(20, step); n != 0 {
		t.Errorf("%v allocations a row, want 0", n)
	}
}

func BenchmarkAligner(b *testing.B) {
	s := scene{heads: 6, span: 700, rng: rand.New(rand.NewPCG(4, 4))}
	row := s.row(300, 0.5)
	a := new(policy.Aligner)
	for b.Loop() {
		a.Frames(row, s.heads, s.span, -1, 7)
	}
}
