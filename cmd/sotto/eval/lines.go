package eval

import (
	"fmt"
	"slices"

	"sotto/cmd/sotto/score"
)

// series is one line of a drawing.
type series struct {
	config *Config
	bins   []Bin
	scale  float64
}

// overTime draws means by stretch, each at its middle.
func overTime(title, yName string, width float64, all []series) string {
	var xs, ys []float64
	for _, s := range all {
		for _, b := range s.bins {
			xs, ys = append(xs, b.StartSeconds+binSeconds), append(ys, b.Value*s.scale)
		}
	}
	c := newChart(title, width, 300, around("s of the recording", xs, true), around(yName, ys, true))
	for _, s := range all {
		var x, y []float64
		for _, b := range s.bins {
			x, y = append(x, b.StartSeconds+binSeconds/2), append(y, b.Value*s.scale)
		}
		c.line(fmt.Sprintf("c%d%s", familyOf(s.config.Policy).Class, s.config.dash()), x, y, false, s.config.Name)
	}
	return c.String()
}

// delayOverTime draws LongYAAL by the time at which sentences began.
func (r *Report) delayOverTime(language string) string {
	var all []series
	for i := range r.Results {
		if s := r.Results[i].of(language); s != nil {
			all = append(all, series{&r.Results[i].Config, s.DelayOverTime, 1e-3})
		}
	}
	return overTime(language, "LongYAAL, s", 560, all)
}

// costOverTime draws the real-time factor by the time of the recording.
func (r *Report) costOverTime() string {
	var all []series
	for i := range r.Results {
		if !r.Results[i].Whole {
			all = append(all, series{&r.Results[i].Config, r.Results[i].Cost.OverTime, 1e3})
		}
	}
	return overTime(fmt.Sprintf("all %d languages together", len(r.Targets)), "ms of computing a second", 1140, all)
}

// wordByWord draws how the words of one recording came, of the first
// configuration of every policy, and when they were spoken.
func (r *Report) wordByWord(language string) string {
	typical := r.typical(language)
	if typical == nil {
		return ""
	}
	unit := score.UnitOf(language)
	sentences := firstOf(typical.recording.sentences(language))
	units := 0
	for _, s := range sentences {
		units += len(unit.Split(s.Text))
	}
	end := min(sentences[len(sentences)-1].EndMs+3000, float64(typical.recording.DurationMs)) / 1000
	c := newChart(fmt.Sprintf("%s, %s", typical.recording.ID, language), 1140, 420, axis{"s", 0, end}, axis{"words", 0, 1.06 * float64(units)})
	c.drawSpeech(sentences, unit)
	seen := make(map[string]bool)
	for _, g := range slices.Backward(r.gathered) { // the default, named first, on top
		i := slices.IndexFunc(g.samples[language], func(s sample) bool { return s.recording == typical.recording })
		if i < 0 || g.Whole || seen[g.Policy] {
			continue
		}
		if main := r.main(); g.Policy == main.Policy && g.Name != main.Name {
			continue
		}
		seen[g.Policy] = true
		x, y := []float64{0}, []float64{0}
		for n, w := range g.samples[language][i].committed.Words() {
			if at := w.DelayMs / 1000; at <= end && float64(n+1) <= c.y.high {
				x, y = append(x, at), append(y, float64(n+1))
			}
		}
		x, y = append(x, end), append(y, y[len(y)-1])
		c.line(fmt.Sprintf("c%d", familyOf(g.Policy).Class), x, y, true, g.Name)
	}
	return c.String()
}

// firstOf returns the sentences that end in the first seconds, at least one.
func firstOf(sentences []score.Sentence) []score.Sentence {
	n := 1
	for n < len(sentences) && sentences[n].EndMs <= wordByWordSeconds*1000 {
		n++
	}
	return sentences[:n]
}

// wordByWordSeconds of a recording are drawn: more would be too small to read.
const wordByWordSeconds = 24

// drawSpeech shades the sentences and draws an ideal speaker, who says the words
// of the reference evenly.
func (c *chart) drawSpeech(sentences []score.Sentence, unit score.Unit) {
	x, y, n := []float64{0}, []float64{0}, 0
	for _, s := range sentences {
		from, to := s.StartMs/1000, s.EndMs/1000
		fmt.Fprintf(&c.b, `<rect class="speech" x="%.1f" y="%d" width="%.1f" height="%.1f"><title>%s</title></rect>`+"\n",
			c.atX(from), chartTop, c.atX(to)-c.atX(from), c.height-chartTop-chartBottom, escape(s.Text))
		x, y = append(x, from), append(y, float64(n))
		n += len(unit.Split(s.Text))
		x, y = append(x, to), append(y, float64(n))
	}
	c.line("ideal", x, y, false, "as spoken")
}

// typical returns the recording whose delay in the main configuration is the
// median, of those that last up to 90 s if there are any.
func (r *Report) typical(language string) *sample {
	var all []*sample
	delays := make(map[*sample]float64)
	for _, g := range r.gathered {
		if g.Name != r.main().Name {
			continue
		}
		for i := range g.samples[language] {
			s := &g.samples[language][i]
			if m, err := score.LongYAAL(s.soft, score.Unaware); err == nil && m.Scored > 0 {
				all, delays[s] = append(all, s), m.Value
			}
		}
	}
	if brief := slices.DeleteFunc(slices.Clone(all), func(s *sample) bool { return s.recording.DurationMs > 90_000 }); len(brief) > 0 {
		all = brief
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b *sample) int { return int(delays[a] - delays[b]) })
	return all[len(all)/2]
}

// main is the configuration that a user gets: the default at balanced, else the
// first.
func (r *Report) main() *Result {
	for i := range r.Results {
		if r.Results[i].Policy == "default" && r.Results[i].Dial == "balanced" {
			return &r.Results[i]
		}
	}
	return &r.Results[0]
}

// ceiling is what whole sentences give, nil where they were not measured.
func (r *Report) ceiling() *Result {
	for i := range r.Results {
		if r.Results[i].Whole {
			return &r.Results[i]
		}
	}
	return nil
}
