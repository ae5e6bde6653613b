package eval

import (
	"math"
	"slices"

	"sotto/cmd/sotto/score"
)

// binSeconds is the length of a stretch in figures over time.
const binSeconds = 10

// bins are means by stretch.
type bins struct {
	sums   []float64
	counts []int
}

// add takes a value at a time. Recordings last at most a week, so there are at
// most 60480 bins.
func (b *bins) add(seconds, value float64) {
	i := max(0, int(seconds/binSeconds))
	for len(b.sums) <= i {
		b.sums, b.counts = append(b.sums, 0), append(b.counts, 0)
	}
	b.sums[i] += value
	b.counts[i]++
}

func (b *bins) means() []Bin {
	out := []Bin{}
	for i, n := range b.counts {
		if n > 0 {
			out = append(out, Bin{float64(i) * binSeconds, b.sums[i] / float64(n), n})
		}
	}
	return out
}

// delayOverTime is LongYAAL by the time at which sentences began.
func delayOverTime(samples []sample) []Bin {
	var b bins
	for _, one := range samples {
		for i, sentence := range one.recording.sentences("") {
			m, err := score.LongYAAL(one.soft[i:i+1], score.Unaware)
			if err == nil && m.Scored > 0 {
				b.add(sentence.StartMs/1000, m.Value)
			}
		}
	}
	return b.means()
}

// Cost is what a configuration took, over the recordings with speech and for all
// languages together.
type Cost struct {
	AudioSeconds   float64 `json:"audio_s"`
	ComputeSeconds float64 `json:"compute_s"` // of the sessions, up to their last captions
	WallSeconds    float64 `json:"wall_s"`
	RealTimeFactor float64 `json:"real_time_factor"` // compute / audio
	// P50, P95 and Most are the real-time factors of stretches of 10 s.
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	Most float64 `json:"most"`
	// OverTime is the real-time factor by the time of the recording.
	OverTime []Bin `json:"over_time"`
}

func costOf(plays []*played) Cost {
	var c Cost
	var over bins
	var all []float64
	for _, p := range plays {
		if p.recording.Silent() {
			continue
		}
		c.AudioSeconds += float64(p.recording.DurationMs) / 1000
		c.ComputeSeconds += p.worked.Seconds()
		c.WallSeconds += p.wall.Seconds()
		for i, factor := range p.stretches() {
			over.add(float64(i)*binSeconds, factor)
			all = append(all, factor)
		}
	}
	if c.AudioSeconds > 0 {
		c.RealTimeFactor = c.ComputeSeconds / c.AudioSeconds
	}
	slices.Sort(all)
	c.P50, c.P95, c.Most = quantile(all, 0.5), quantile(all, 0.95), quantile(all, 1)
	c.OverTime = over.means()
	return c
}

// quantile is the nearest rank of sorted values, 0 where there are none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

// stretches returns the real-time factor of every 10 s that lie before the last
// caption. Computing between two captions is spread evenly over their sound.
func (p *playing) stretches() []float64 {
	var out []float64
	done := 0.0 // ms of computing at the end of the stretch before
	edge := binSeconds * 1000.0
	heard, worked := 0.0, 0.0
	for i := range p.emissions {
		toHeard, toWorked := float64(p.emissions[i].Heard.Millis()), millis(p.emissions[i].Worked)
		for toHeard > heard && edge <= toHeard {
			at := worked + (toWorked-worked)*(edge-heard)/(toHeard-heard)
			out = append(out, (at-done)/(binSeconds*1000))
			done, edge = at, edge+binSeconds*1000
		}
		heard, worked = toHeard, toWorked
	}
	return out
}
