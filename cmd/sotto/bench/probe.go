package bench

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// probe is one station of one size while it is measured.
type probe struct {
	Station
	ops, bytes float64 // of a run: arithmetic, and weights read
	run        func() error

	turns int // runs that are timed together, so that the clock is exact enough
	times []float64
}

const (
	// leastTimed is the shortest time worth a look at the clock.
	leastTimed = 2 * time.Millisecond
	// A first run of longer than this is a sample: what warms up is not seen in it.
	longRun = time.Second
)

// what describes a probe to the one who waits.
func (p *probe) what() string { return fmt.Sprintf("%s of %d %s", p.Name, p.Size, p.Unit) }

// warm runs the probe once or a few times and finds out how long it takes.
func (p *probe) warm() error {
	start := time.Now()
	if err := p.run(); err != nil {
		return err
	}
	p.turns = 1
	if first := time.Since(start); first >= longRun {
		p.times = append(p.times, first.Seconds())
		return nil
	}
	start = time.Now()
	if err := p.run(); err != nil {
		return err
	}
	p.turns = max(1, int(math.Ceil(float64(leastTimed)/float64(max(1, time.Since(start))))))
	p.times = nil
	return p.sample()
}

// sample times the probe once more.
func (p *probe) sample() error {
	start := time.Now()
	for range p.turns {
		if err := p.run(); err != nil {
			return err
		}
	}
	p.times = append(p.times, time.Since(start).Seconds()/float64(p.turns))
	return nil
}

// seconds is how long one more sample will take.
func (p *probe) seconds() float64 { return p.times[0] * float64(p.turns) }

// station returns what was measured, beside the roofs.
func (p *probe) station(r *Roofs) Station {
	s := p.Station
	s.Millis = spread(p.times)
	seconds := s.Millis.Median
	s.Millis = s.Millis.times(1e3)
	s.PerSecond = float64(s.Size) / seconds
	s.ShareOfReading = p.bytes / seconds / r.ReadBytesPerSecond
	switch s.Peak {
	case "int8":
		s.ShareOfPeak = p.ops / seconds / r.IntegerOpsPerSecond
	case "f32":
		s.ShareOfPeak = p.ops / seconds / r.FloatOpsPerSecond
	}
	return s
}

// spread returns the quartiles of samples.
func spread(samples []float64) Spread {
	x := slices.Sorted(slices.Values(samples))
	at := func(share float64) float64 { // between neighbours, by distance
		p := share * float64(len(x)-1)
		i := int(p)
		if i+1 == len(x) {
			return x[i]
		}
		return x[i] + (p-float64(i))*(x[i+1]-x[i])
	}
	return Spread{Median: at(0.5), Quartile1: at(0.25), Quartile3: at(0.75), Runs: len(x)}
}

func (s Spread) times(by float64) Spread {
	return Spread{s.Median * by, s.Quartile1 * by, s.Quartile3 * by, s.Runs}
}

// percent is the interquartile range over the median.
func (s Spread) percent() float64 { return 100 * (s.Quartile3 - s.Quartile1) / s.Median }

// group is probes that are measured in turn, one sample of each after the other,
// so that what disturbs one disturbs all.
type group struct {
	probes []*probe
	budget float64 // seconds
	rounds int
}

// plan chooses the rounds once the probes are warm.
func (g *group) plan(quick bool) {
	least, most := 5, 41
	if quick {
		least, most = 2, 9
	}
	if g.round() > 2 {
		least = 1
	}
	g.rounds = max(least, min(most, int(g.budget/g.round())))
}

// round is how many seconds one round takes.
func (g *group) round() float64 {
	sum := 0.0
	for _, p := range g.probes {
		sum += p.seconds()
	}
	return sum
}

// expect is how many seconds are still to come.
func (g *group) expect() float64 {
	if g.rounds == 0 {
		return g.budget
	}
	left := 0.0
	for _, p := range g.probes {
		left += float64(max(0, g.rounds-len(p.times))) * p.seconds()
	}
	return left
}
