package sotto

import (
	"context"
	"slices"
	"time"

	"sotto/audio"
)

// react does what is due after a frame.
func (s *Session) react(ctx context.Context) error {
	frames := s.window.frames()
	switch {
	case s.quiet >= pauseFrames:
		return s.pause(ctx)
	case frames >= s.longest:
		return s.cut(ctx)
	case s.stepFrames == 0, s.rung >= NobodyEnters:
		return nil
	case s.quiet == shortPause:
		if err := s.step(ctx); err != nil {
			return err
		}
		if s.drafted == frames && s.allComplete() {
			return s.pause(ctx)
		}
	case s.quiet == 0 && frames%(s.stepFrames<<min(s.rung, LongerSteps)) == 0:
		return s.step(ctx)
	}
	return nil
}

// step lets every target draft, and commits what the policy allows. Without
// EveryStep it is left out while sound is waiting.
func (s *Session) step(ctx context.Context) error {
	if !s.opt.EveryStep && len(s.mailbox) >= behindLen {
		s.stats.skipped.Add(1)
		s.engine.observe(Skipped, 1)
		return nil
	}
	targets := s.targets
	if s.rung >= OneLanguage {
		targets = targets[:1]
	}
	if err := s.draft(ctx, targets, false); err != nil {
		return err
	}
	s.settle(targets, false)
	return nil
}

// draft has targets write what they would say, in the same passes.
func (s *Session) draft(ctx context.Context, targets []*target, final bool) error {
	w := s.window
	if err := w.encode(); err != nil {
		return err
	}
	s.stats.steps.Add(1)
	s.engine.observe(Steps, 1)
	defer func(began time.Time) { s.engine.observe(StepTime, time.Since(began).Seconds()) }(time.Now())
	if s.drafted = 0; len(targets) == len(s.targets) {
		s.drafted = w.frames()
	}
	s.engine.bear(0, len(targets))
	for _, t := range targets {
		t.begin(t.saidIDs(), len(w.head), w.frames(), final)
	}
	for {
		s.asks, s.asked = s.asks[:0], s.asked[:0]
		for _, t := range targets {
			if a, ok := t.ask(); ok {
				s.asks, s.asked = append(s.asks, a), append(s.asked, t)
				s.stats.positions.Add(int64(len(a.IDs)))
			}
		}
		if len(s.asks) == 0 {
			s.weigh()
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.engine.decoder.Together(s.asks...); err != nil {
			return err
		}
		for _, t := range s.asked {
			t.take()
		}
	}
}

// weigh counts what is remembered.
func (s *Session) weigh() {
	n := s.window.trunk.Bytes()
	for _, t := range s.targets {
		n += t.fork.Bytes()
	}
	s.engine.memory.Add(int64(n) - s.stats.bytes.Swap(int64(n)))
}

// settle commits and shows what the drafts give: nothing before one of the
// languages has been certain that there is something to say.
func (s *Session) settle(targets []*target, final bool) {
	if !s.sure && !s.certain(targets, final) {
		s.guarded()
		return
	}
	for _, t := range targets {
		words, tail, guarded := t.settle(final, s.window)
		if guarded {
			s.guarded()
		}
		if final {
			tail = ""
		}
		for i := range words { // the last frame may be longer than the voice
			words[i].Start, words[i].End = min(words[i].Start, s.heard), min(words[i].End, s.heard)
		}
		s.observeWords(words, t.shown, tail)
		if len(words) > 0 || tail != t.shown {
			s.put(t, Caption{Words: words, Tail: tail})
		}
		t.shown = tail
	}
}

func (s *Session) guarded() {
	s.stats.guarded.Add(1)
	s.engine.observe(Guarded, 1)
}

// certain asks every target about its draft, so that each remembers its own.
func (s *Session) certain(targets []*target, final bool) bool {
	for _, t := range targets {
		s.sure = t.certain(final) || s.sure
	}
	return s.sure
}

// put hands over a caption of a target.
func (s *Session) put(t *target, c Caption) {
	c.Segment, c.Language = s.segment, t.task.language()
	c.Heard, c.Worked = s.heard, s.worked+time.Since(s.began)
	s.captions.put(c)
}

// allComplete reports that every language has ended its reply with a sentence.
func (s *Session) allComplete() bool {
	return !slices.ContainsFunc(s.targets, func(t *target) bool { return !t.complete() })
}

func (s *Session) allEnded() bool {
	return !slices.ContainsFunc(s.targets, func(t *target) bool { return !t.ended })
}

// pause commits everything and ends the segment.
func (s *Session) pause(ctx context.Context) error {
	if s.drafted != s.window.frames() || !s.allEnded() {
		if err := s.draft(ctx, s.targets, true); err != nil {
			return err
		}
	}
	s.settle(s.targets, true)
	s.observePause()
	for _, t := range s.targets {
		s.complete(t)
	}
	s.speaking = false
	return s.rest()
}

// complete ends a target's segment.
func (s *Session) complete(t *target) {
	if t.spoke || t.shown != "" {
		s.put(t, Caption{End: true})
	}
	t.spoke, t.passed, t.shown = false, false, ""
}

// end hears the last samples and commits what is open. They are heard as a frame
// that ends in silence: the reference would give the model a part of a frame;
// that tells a model trained on whole sentences that the sentence is complete,
// and it completes one that was cut off.
func (s *Session) end(ctx context.Context, tail []float32) error {
	s.heard += audio.Position(len(tail))
	if !s.speaking {
		return nil
	}
	if len(tail) > 0 {
		var last audio.Frame
		copy(last[:], tail)
		if err := s.window.hear(&last, silentDB); err != nil {
			return err
		}
	}
	return s.pause(ctx)
}
