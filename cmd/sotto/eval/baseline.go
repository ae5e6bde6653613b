package eval

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Tolerance is how much worse than a baseline a report may be.
type Tolerance struct {
	BLEU         float64 // points
	WER          float64 // points
	DelaySeconds float64 // of LongYAAL, computation-unaware
	Cost         float64 // times the baseline's real-time factor; beyond it is noted, not failed
}

// DefaultTolerance allows what a change of training or rounding does.
func DefaultTolerance() Tolerance {
	return Tolerance{BLEU: 1, WER: 1, DelaySeconds: 0.2, Cost: 1.5}
}

// ParseTolerance reads a list such as "bleu=1,delay=0.2"; what it does not name
// stays at the default.
func ParseTolerance(text string) (Tolerance, error) {
	t := DefaultTolerance()
	names := map[string]*float64{"bleu": &t.BLEU, "wer": &t.WER, "delay": &t.DelaySeconds, "cost": &t.Cost}
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, number, _ := strings.Cut(part, "=")
		value, err := strconv.ParseFloat(number, 64)
		to := names[name]
		if to == nil || err != nil || !(value >= 0 && value <= 1000) {
			return t, fmt.Errorf("tolerance %.32q; write bleu=POINTS, wer=POINTS, delay=SECONDS or cost=TIMES, 0 to 1000", part)
		}
		*to = value
	}
	return t, nil
}

// Comparison is what became worse.
type Comparison struct {
	Fallen []string // beyond the tolerance
	Notes  []string // what does not count as fallen
}

// Compare holds the report against a baseline of the same recordings.
func (r *Report) Compare(base *Report, t Tolerance) (*Comparison, error) {
	if r.Set.SHA256 != base.Set.SHA256 || r.Set.From != base.Set.From {
		return nil, errors.New("the baseline was measured on other recordings; measure it anew")
	}
	if r.Pace != base.Pace {
		return nil, fmt.Errorf("the baseline was measured with --pace %s; use the same", base.Pace)
	}
	c, common := &Comparison{}, 0
	for i := range base.Results {
		before := &base.Results[i]
		now := r.result(before.Name)
		if now == nil {
			c.note("%s: not measured this time", before.Name)
			continue
		}
		common++
		c.result(before, now, t)
	}
	if common == 0 {
		return nil, errors.New("the baseline has none of the configurations measured; ask for the same policies")
	}
	return c, nil
}

func (r *Report) result(name string) *Result {
	for i := range r.Results {
		if r.Results[i].Name == name {
			return &r.Results[i]
		}
	}
	return nil
}

func (c *Comparison) result(before, now *Result, t Tolerance) {
	for i := range before.Languages {
		language := before.Languages[i].Language
		if scores := now.of(language); scores != nil {
			c.scores(now.Name+", "+language, &before.Languages[i], scores, t)
		} else {
			c.note("%s, %s: not measured this time", before.Name, language)
		}
	}
	if was, is := before.Silence.WithText, now.Silence.WithText; is > was {
		c.fall("%s: text in %d recordings without speech, was %d", now.Name, is, was)
	}
	if was, is := before.Cost.RealTimeFactor, now.Cost.RealTimeFactor; was > 0 && is > t.Cost*was {
		c.note("%s: real-time factor %.3f, was %.3f", now.Name, is, was)
	}
}

func (c *Comparison) scores(where string, before, now *Scores, t Tolerance) {
	if now.BLEU < before.BLEU-t.BLEU {
		c.fall("%s: BLEU %.1f, was %.1f", where, now.BLEU, before.BLEU)
	}
	if now.WER != nil && before.WER != nil && *now.WER > *before.WER+t.WER {
		c.fall("%s: word error rate %.1f %%, was %.1f %%", where, *now.WER, *before.WER)
	}
	was, is := before.LongYAAL.Unaware, now.LongYAAL.Unaware
	if is.Value > was.Value+1000*t.DelaySeconds {
		c.fall("%s: LongYAAL %.2f s, was %.2f s", where, is.Value/1000, was.Value/1000)
	}
	if now.ErasureCommitted > before.ErasureCommitted {
		c.fall("%s: %.3f words taken back for each that stayed, was %.3f", where, now.ErasureCommitted, before.ErasureCommitted)
	}
}

func (c *Comparison) fall(format string, args ...any) {
	c.Fallen = append(c.Fallen, fmt.Sprintf(format, args...))
}

func (c *Comparison) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}
