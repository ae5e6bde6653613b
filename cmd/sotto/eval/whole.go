package eval

import (
	"context"
	"fmt"

	"sotto"
	"sotto/audio"
	"sotto/cmd/sotto/score"
)

// A sentence that is given alone comes with this much sound around it, as far
// as no other sentence lies there.
const (
	beforeMs = 300
	afterMs  = 400
)

// playWhole gives the model every sentence of a recording alone and puts what it
// says at the sentence's end.
func (u *runner) playWhole(ctx context.Context, g *gathered, r *Recording, sound []float32) error {
	logs, segments := make(map[string]*score.Log), make(map[string][]score.Segment)
	for _, language := range u.opt.Targets {
		logs[language] = newHistory(language, r.file()).committed
	}
	all := playing{}
	for i := range r.sentences("") {
		from, to := r.cut(i)
		part := sound[min(len(sound), samplesOf(from)):min(len(sound), samplesOf(to))]
		p, err := play(ctx, u.opt.Engine, part, u.session(g, r), false)
		if err != nil {
			return err
		}
		all.wall, all.worked = all.wall+p.wall, all.worked+p.worked
		for _, language := range u.opt.Targets {
			segment, err := sentenceOf(language, r, i, to, p, logs[language])
			if err != nil {
				return err
			}
			segments[language] = append(segments[language], segment)
		}
	}
	g.plays = append(g.plays, &played{recording: r, playing: &all})
	for language, log := range logs {
		if r.has(language) {
			g.samples[language] = append(g.samples[language], sample{r, r.Source == language, log, log, segments[language], segments[language]})
		}
	}
	return nil
}

func samplesOf(ms int64) int { return int(ms * audio.RateHz / 1000) }

// cut returns where the sound of a sentence begins and ends.
func (r *Recording) cut(i int) (fromMs, toMs int64) {
	if len(r.Sentences) == 0 {
		return 0, r.DurationMs
	}
	s := r.Sentences[i]
	fromMs, toMs = s.StartMs-beforeMs, s.EndMs+afterMs
	if i > 0 {
		fromMs = max(fromMs, min(r.Sentences[i-1].EndMs, s.StartMs))
	}
	if i+1 < len(r.Sentences) {
		toMs = min(toMs, max(r.Sentences[i+1].StartMs, s.EndMs))
	}
	return max(0, fromMs), min(toMs, r.DurationMs)
}

// sentenceOf returns a sentence with the words said for it, all of which came at
// the end of its sound.
func sentenceOf(language string, r *Recording, i int, endMs int64, p *playing, log *score.Log) (score.Segment, error) {
	h, err := historyOf(language, r.file(), p.emissions)
	if err != nil {
		return score.Segment{}, err
	}
	units := make([]string, 0, 16)
	for _, w := range h.committed.Words() {
		units = append(units, w.Text)
	}
	before := log.Words()
	at, clock := float64(endMs), float64(endMs)+millis(p.worked)
	if n := len(before); n > 0 {
		at, clock = max(at, before[n-1].DelayMs), max(clock, before[n-1].ElapsedMs)
	}
	if err := log.Show(at, clock, millis(p.worked), len(before), units); err != nil {
		return score.Segment{}, fmt.Errorf("eval: %s, %s: %w", r.ID, language, err)
	}
	all := r.sentences(language)
	segment := score.Whole(log.Words()[len(before):], all[i], log.Unit)
	segment.LeftMs = all[len(all)-1].EndMs - all[i].StartMs
	return segment, nil
}

// session returns the options of a session for a recording.
func (u *runner) session(g *gathered, r *Recording) sotto.SessionOptions {
	opt := sotto.SessionOptions{
		Source: u.opt.source(r), Targets: u.opt.Targets, Latency: g.Dial, Policy: g.commit,
		Step: milliseconds(g.StepMs), EveryStep: !u.opt.Realtime || g.Whole,
	}
	if g.Whole {
		opt.Step = -1
	}
	return opt
}
