package eval

import (
	"fmt"
	"unicode/utf8"
)

// The goal that the drawings show: what a listener bears, and what that may cost.
const (
	goalDelaySeconds = 2
	goalLoss         = 5 // points below whole sentences
)

// leastPoints of quality are shown, so that rounding does not look like a cliff.
const leastPoints = 8

// box is a part of a drawing, from left top to right bottom.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) meets(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

// good is what the drawing's other axis shows: BLEU, or for a transcript the
// share of right words.
func (s *Scores) good() float64 {
	if s.WER != nil {
		return max(0, 100-*s.WER)
	}
	return s.BLEU
}

// qualityAgainstDelay draws every configuration as a point.
func (r *Report) qualityAgainstDelay(language string) string {
	var xs, ys []float64
	yName, title := "BLEU", language
	for i := range r.Results {
		if s := r.Results[i].of(language); s != nil {
			xs = append(xs, s.LongYAAL.Unaware.Value/1000, s.LongYAAL.Aware.Value/1000)
			ys = append(ys, s.good())
			if s.WER != nil {
				yName, title = "words right, %", language+", transcript"
			}
		}
	}
	c := newChart(title, 560, 400, around("LongYAAL, s", xs, true), around(yName, ys, false).atLeast(leastPoints))
	r.drawGoal(c, language)
	r.drawDials(c, language)
	var taken []box
	for i := range r.Results {
		if s := r.Results[i].of(language); s != nil {
			taken = append(taken, drawPoint(c, &r.Results[i].Config, s))
		}
	}
	for i := range r.Results {
		if s := r.Results[i].of(language); s != nil {
			taken = append(taken, drawLabel(c, &r.Results[i].Config, s, taken))
		}
	}
	return c.String()
}

// drawGoal shows where a configuration is quick and good enough, and the level
// of whole sentences.
func (r *Report) drawGoal(c *chart, language string) {
	for i := range r.Results {
		s := r.Results[i].of(language)
		if s == nil || !r.Results[i].Whole {
			continue
		}
		top, floor := c.atY(c.y.high), c.atY(max(s.good()-goalLoss, c.y.low))
		right := min(c.atX(goalDelaySeconds), c.width-chartRight)
		fmt.Fprintf(&c.b, `<rect class="goal" x="%d" y="%.1f" width="%.1f" height="%.1f"/>`+"\n", chartLeft, top, right-chartLeft, floor-top)
		fmt.Fprintf(&c.b, `<path class="level c%d" d="M%d %.1fH%.1f"/>`+"\n", wholeFamily, chartLeft, c.atY(s.good()), c.width-chartRight)
	}
}

// drawDials joins the points of one policy.
func (r *Report) drawDials(c *chart, language string) {
	for i := 1; i < len(r.Results); i++ {
		a, b := &r.Results[i-1], &r.Results[i]
		from, to := a.of(language), b.of(language)
		if a.Policy == b.Policy && a.StepMs == b.StepMs && from != nil && to != nil {
			c.line(fmt.Sprintf("c%d thin", familyOf(a.Policy).Class),
				[]float64{from.LongYAAL.Unaware.Value / 1000, to.LongYAAL.Unaware.Value / 1000}, []float64{from.good(), to.good()}, false, a.Policy)
		}
	}
}

func drawPoint(c *chart, config *Config, s *Scores) box {
	x, aware, y := s.LongYAAL.Unaware.Value/1000, s.LongYAAL.Aware.Value/1000, s.good()
	class := familyOf(config.Policy).Class
	fmt.Fprintf(&c.b, `<path class="whisker c%d" d="M%.1f %.1fH%.1fm0 -3v6"/>`+"\n", class, c.atX(x), c.atY(y), c.atX(aware))
	c.mark(class, config.hollow(), x, y, fmt.Sprintf("%s: %.1f at %.2f s, with computing %.2f s", config.Name, y, x, aware))
	return box{c.atX(x) - 7, c.atY(y) - 7, max(c.atX(x)+7, c.atX(aware)+2), c.atY(y) + 7}
}

// drawLabel writes a point's name where nothing stands yet.
func drawLabel(c *chart, config *Config, s *Scores, taken []box) box {
	x, y, label := c.atX(s.LongYAAL.Unaware.Value/1000), c.atY(s.good()), config.label()
	width := 6.4 * float64(utf8.RuneCountInString(label))
	right := max(x+10, c.atX(s.LongYAAL.Aware.Value/1000)+6)
	places := []struct {
		at     box
		anchor string
	}{
		{box{right, y - 7, right + width, y + 6}, "start"},
		{box{x - 10 - width, y - 7, x - 10, y + 6}, "end"},
		{box{x - width/2, y - 22, x + width/2, y - 9}, "middle"},
		{box{x - width/2, y + 9, x + width/2, y + 22}, "middle"},
		{box{x + 10, y - 20, x + 10 + width, y - 7}, "start"},
		{box{x + 10, y + 7, x + 10 + width, y + 20}, "start"},
		{box{x - 10 - width, y - 20, x - 10, y - 7}, "end"},
		{box{x - 10 - width, y + 7, x - 10, y + 20}, "end"},
		{box{x - width/2, y - 38, x + width/2, y - 25}, "middle"},
		{box{x - width/2, y + 25, x + width/2, y + 38}, "middle"},
		{box{x + 10, y - 36, x + 10 + width, y - 23}, "start"},
		{box{x + 10, y + 23, x + 10 + width, y + 36}, "start"},
	}
	if config.Whole { // not on its own line
		places = places[2:]
	}
	best := places[0]
	for _, p := range places {
		if c.free(p.at, taken) {
			best = p
			break
		}
	}
	at := map[string]float64{"start": best.at.x0, "end": best.at.x1, "middle": x}[best.anchor]
	c.text(fmt.Sprintf("label c%d", familyOf(config.Policy).Class), at, best.at.y1-2, best.anchor, label)
	return best.at
}

// free reports whether a box is inside the drawing and meets no other.
func (c *chart) free(b box, taken []box) bool {
	if b.x0 < chartLeft || b.x1 > c.width || b.y0 < chartTop || b.y1 > c.height-chartBottom {
		return false
	}
	for _, o := range taken {
		if b.meets(o) {
			return false
		}
	}
	return true
}
