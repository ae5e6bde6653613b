package eval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/decoder/policy"
)

const (
	// A head finds a word when it looks at most at the word's own sound, give or
	// take so much.
	nearMs = 200
	// Heads are kept that find nearly as much as the best one does, and enough.
	nearlyBest, leastFound = 0.85, 0.5
	mostHeads              = 6
	// So many sentences tell heads apart.
	enoughSentences = 300
	// Around a sentence, as for --whole.
	leadMs, trailMs = 300, 400
)

// floors are tried in turn, from none, until no text is left where none is right.
var floors = []float32{0, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9}

// ErrCalibrate says that a set or a model cannot be calibrated with.
var ErrCalibrate = errors.New("cannot calibrate")

// HeadScore says how well a head shows where in the sound a word is.
type HeadScore struct {
	policy.Head
	Found float64 `json:"found"`  // share of the tokens of transcripts for which it looks at their word
	Mass  float64 `json:"mass"`   // mean share of its attention on the sound
	LagMs float64 `json:"lag_ms"` // median of where it looks behind the word's middle
}

// FloorScore says what a floor of certainty lets through.
type FloorScore struct {
	Floor float32 `json:"floor"`
	None  int     `json:"none_words"`   // committed where no text is right
	Words int     `json:"speech_words"` // committed where somebody speaks
}

// Calibration is what was found out about a model.
type Calibration struct {
	Table     policy.Table
	Sentences int          // whose transcripts were right and told heads apart
	Heads     []HeadScore  // the best first
	Floors    []FloorScore // as far as they were tried
}

// Calibrate finds the heads of a model that show where in the sound a word is,
// from transcripts of the set's sentences and the times of their words, and then
// the least floor of certainty at which the set's recordings without speech give
// no text. The other settings stay those of the engine's table, or those that
// Gemma 4 E4B starts with.
func (s *Set) Calibrate(ctx context.Context, opt Options) (*Calibration, error) {
	c := &calibrator{set: s, opt: opt, text: opt.Engine.Model().Tokenizer.Decode}
	if err := c.heads(ctx); err != nil {
		return nil, err
	}
	if err := c.floor(ctx); err != nil {
		return nil, err
	}
	return &c.found, nil
}

// calibrator carries one calibration.
type calibrator struct {
	set   *Set
	opt   Options
	text  func(ids []int) string
	all   []policy.Head
	lags  [][]float64 // by head, of tokens that are found
	mass  []float64   // by head, the sum
	total int         // tokens
	found Calibration
}

// heads traces sentences and chooses.
func (c *calibrator) heads(ctx context.Context) error {
	text := &c.opt.Engine.Model().Config.Text
	for l := range text.Layers() {
		for h := range text.Heads {
			c.all = append(c.all, policy.Head{Layer: l, Head: h})
		}
	}
	c.lags, c.mass = make([][]float64, len(c.all)), make([]float64, len(c.all))
	for i := range c.set.Recordings {
		r := &c.set.Recordings[i]
		if c.found.Sentences >= enoughSentences {
			break
		}
		if len(r.Words) == 0 || len(r.Sentences) == 0 {
			continue
		}
		sound, err := r.load(ctx)
		if err != nil {
			return err
		}
		for k := range r.Sentences {
			if err := c.sentence(ctx, r, &r.Sentences[k], sound); err != nil {
				return err
			}
		}
		c.tell(i, len(c.set.Recordings), "looking where heads look")
	}
	if c.total == 0 {
		return fmt.Errorf("%w: no sentence was transcribed exactly, so no head can be judged; take recordings that the model understands and whose manifest has words with times", ErrCalibrate)
	}
	return c.choose()
}

func (c *calibrator) tell(done, total int, what string) {
	if c.opt.Progress != nil {
		c.opt.Progress(time.Duration(done)*time.Second, time.Duration(total)*time.Second, what)
	}
}

// sentence traces the transcript of one sentence. One that is not right word for
// word says nothing.
func (c *calibrator) sentence(ctx context.Context, r *Recording, s *Sentence, sound []float32) error {
	from := max(s.StartMs-leadMs, 0)
	samples := sound[min(at(from), len(sound)):min(at(s.EndMs+trailMs), len(sound))]
	if len(samples) == 0 {
		return nil
	}
	source := c.opt.source(r)
	trace, err := c.opt.Engine.Trace(ctx, samples, source, source, c.all)
	if err != nil {
		return err
	}
	words := r.within(s)
	if !slices.EqualFunc(strings.Fields(c.text(trace.IDs)), words, func(got string, want SpokenWord) bool { return got == want.Text }) {
		return nil
	}
	c.found.Sentences++
	for i := range trace.IDs {
		word := words[max(len(strings.Fields(c.text(trace.IDs[:i+1])))-1, 0)]
		c.total++
		for h, frame := range trace.Frames[i] {
			c.mass[h] += float64(trace.Masses[i][h])
			ms := from + int64(frame)*audio.FrameMilli + audio.FrameMilli/2
			if frame >= 0 && ms >= word.StartMs-nearMs && ms <= word.EndMs+nearMs {
				c.lags[h] = append(c.lags[h], float64(ms-(word.StartMs+word.EndMs)/2))
			}
		}
	}
	return nil
}

func at(ms int64) int { return int(ms * audio.RateHz / 1000) }

// within returns the words of one sentence.
func (r *Recording) within(s *Sentence) []SpokenWord {
	var words []SpokenWord
	for _, w := range r.Words {
		if middle := (w.StartMs + w.EndMs) / 2; middle >= s.StartMs && middle <= s.EndMs {
			words = append(words, w)
		}
	}
	return words
}

// choose ranks the heads and takes the best.
func (c *calibrator) choose() error {
	for h, head := range c.all {
		score := HeadScore{Head: head, Found: float64(len(c.lags[h])) / float64(c.total), Mass: c.mass[h] / float64(c.total)}
		if slices.Sort(c.lags[h]); len(c.lags[h]) > 0 {
			score.LagMs = c.lags[h][len(c.lags[h])/2]
		}
		c.found.Heads = append(c.found.Heads, score)
	}
	slices.SortStableFunc(c.found.Heads, func(a, b HeadScore) int { return cmp.Compare(b.Found, a.Found) })
	best := c.found.Heads[0].Found
	if best < leastFound {
		return fmt.Errorf("%w: the best head, %d of layer %d, looks at the word it writes for %.0f %% of the tokens only, and %.0f %% are wanted; this model's attention does not show where words are",
			ErrCalibrate, c.found.Heads[0].Head.Head, c.found.Heads[0].Layer, 100*best, 100*leastFound)
	}
	t := c.opt.Engine.Policy()
	if len(t.Heads) == 0 {
		t = policy.E4B()
	}
	t.Heads = nil
	for _, h := range c.found.Heads[:min(mostHeads, len(c.found.Heads))] {
		if h.Found >= nearlyBest*best {
			t.Heads = append(t.Heads, h.Head)
		}
	}
	c.found.Table = t
	return nil
}

// floor raises the floor of certainty until silence gives no text.
func (c *calibrator) floor(ctx context.Context) error {
	for i, floor := range floors {
		c.found.Table.Certainty = floor
		engine, err := c.opt.Engine.WithPolicy(c.found.Table)
		if err != nil {
			return err
		}
		score := FloorScore{Floor: floor}
		for k := range c.set.Recordings {
			r := &c.set.Recordings[k]
			n, err := c.words(ctx, engine, r)
			if err != nil {
				return err
			}
			if r.Silent() {
				score.None += n
			} else {
				score.Words += n
			}
			c.tell(i*len(c.set.Recordings)+k, len(floors)*len(c.set.Recordings), "looking for the floor of certainty")
		}
		c.found.Floors = append(c.found.Floors, score)
		if score.None == 0 {
			return nil
		}
	}
	return nil
}

// words counts what is committed for a recording, in all languages.
func (c *calibrator) words(ctx context.Context, engine *sotto.Engine, r *Recording) (int, error) {
	sound, err := r.load(ctx)
	if err != nil {
		return 0, err
	}
	source := c.opt.source(r)
	p, err := play(ctx, engine, sound, sotto.SessionOptions{Source: source, Targets: c.opt.Targets, EveryStep: true}, false)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range p.emissions {
		n += len(e.Words)
	}
	return n, nil
}
