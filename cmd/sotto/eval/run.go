package eval

import (
	"context"
	"fmt"
	"time"

	"sotto"
	"sotto/cmd/sotto/score"
)

// Options say what is measured.
type Options struct {
	Engine   *sotto.Engine
	Targets  []string // codes of the languages wanted; the source's own gives a transcript
	From     string   // language to listen for, whatever the manifest says; "": as it says
	Configs  []Config
	Realtime bool // every frame waits until it has been spoken
	// Progress hears how much sound is done, of all configurations together.
	Progress func(done, total time.Duration, what string)
}

// runner carries a set through all configurations.
type runner struct {
	opt         Options
	gathered    []*gathered
	done, total time.Duration
}

// gathered is what one configuration has given.
type gathered struct {
	Config
	plays   []*played
	samples map[string][]sample // by language
}

// played is one recording of one configuration.
type played struct {
	recording *Recording
	*playing
	words int // committed where every text is wrong, in all languages
	shown int // of those languages, in how many anything was shown
}

// sample is one recording in one language, with its reference.
type sample struct {
	recording        *Recording
	transcript       bool
	committed, shown *score.Log
	soft, mwer       []score.Segment // cut along the sentences, in two ways
}

// Check opens a session for every language that is spoken in the set and names
// the first line that the model cannot serve.
func (s *Set) Check(opt Options) error {
	seen := make(map[string]bool)
	for i := range s.Recordings {
		r := &s.Recordings[i]
		source := opt.source(r)
		if seen[source] {
			continue
		}
		seen[source] = true
		session, err := opt.Engine.Open(sotto.SessionOptions{Source: source, Targets: opt.Targets})
		if err != nil {
			return fmt.Errorf("%s: source %q: %w; --from and --to name other languages", r.place, source, err)
		}
		session.Close()
	}
	return nil
}

// source is the language to listen for in a recording.
func (o *Options) source(r *Recording) string {
	if o.From != "" {
		return o.From
	}
	return r.Source
}

// file is the recording's name in logs.
func (r *Recording) file() string { return r.ID + ".wav" }

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// Run measures every configuration on every recording, one session at a time.
func (s *Set) Run(ctx context.Context, opt Options) (*Report, error) {
	if err := s.Check(opt); err != nil {
		return nil, err
	}
	u := &runner{opt: opt}
	for _, c := range opt.Configs {
		u.gathered = append(u.gathered, &gathered{Config: c, samples: make(map[string][]sample)})
	}
	for i := range s.Recordings {
		u.total += milliseconds(s.Recordings[i].DurationMs) * time.Duration(len(u.gathered))
	}
	for i := range s.Recordings {
		if err := u.recording(ctx, &s.Recordings[i]); err != nil {
			return nil, err
		}
	}
	return u.report(s)
}

// recording loads the sound once for all configurations.
func (u *runner) recording(ctx context.Context, r *Recording) error {
	sound, err := r.load(ctx)
	if err != nil {
		return err
	}
	for _, g := range u.gathered {
		if u.opt.Progress != nil {
			u.opt.Progress(u.done, u.total, r.ID+", "+g.Name)
		}
		switch {
		case !g.Whole:
			err = u.play(ctx, g, r, sound)
		case !r.Silent():
			err = u.playWhole(ctx, g, r, sound)
		}
		if err != nil {
			return err
		}
		u.done += milliseconds(r.DurationMs)
	}
	return nil
}

func (u *runner) play(ctx context.Context, g *gathered, r *Recording, sound []float32) error {
	p, err := play(ctx, u.opt.Engine, sound, u.session(g, r), u.opt.Realtime)
	if err != nil {
		return err
	}
	one := &played{recording: r, playing: p}
	g.plays = append(g.plays, one)
	for _, language := range u.opt.Targets {
		h, err := historyOf(language, r.file(), p.emissions)
		if err != nil {
			return err
		}
		switch {
		case r.Silent():
			one.words += len(h.committed.Words())
			one.shown += rank(len(h.shown.Steps()) > 0)
		case r.has(language):
			aligned, err := h.align(r, language)
			if err != nil {
				return err
			}
			g.samples[language] = append(g.samples[language], aligned)
		}
	}
	return nil
}

// align cuts the committed words along the sentences.
func (h *history) align(r *Recording, language string) (sample, error) {
	words, sentences := h.committed.Words(), r.sentences(language)
	soft, err := score.SoftSegment(words, sentences, h.committed.Unit)
	if err != nil {
		return sample{}, fmt.Errorf("%s, %s: %w", r.place, language, err)
	}
	mwer, err := score.MWERSegment(words, sentences, h.committed.Unit)
	if err != nil {
		return sample{}, fmt.Errorf("%s, %s: %w", r.place, language, err)
	}
	return sample{r, r.Source == language, h.committed, h.shown, soft.Segments, mwer.Segments}, nil
}
