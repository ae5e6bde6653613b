package sotto

import "context"

// cut goes on in a new window in mid-speech. What stays is the sound from where
// the kept text begins, so that no word is lost or said twice; it is heard again
// by the decoder, which also lets go of whatever drift it had. Without heads that
// say where text leans, everything is committed and nothing is kept.
func (s *Session) cut(ctx context.Context) error {
	s.stats.cuts.Add(1)
	final := len(s.engine.heads) == 0
	if err := s.draft(ctx, final); err != nil {
		return err
	}
	s.settle(final)
	return s.carry()
}

// rest decides what of the window is kept behind a segment: nothing, for a model
// that hears sentences alone; else all, until the window is half full.
func (s *Session) rest() error {
	switch {
	case s.engine.table.Context == 0:
		s.window.places = s.window.places[:0] // cleared when somebody speaks again
		for _, t := range s.targets {
			t.clear()
		}
		return nil
	case s.window.frames() < s.longest/2:
		return nil
	}
	return s.carry()
}

// carry goes on in a new window with the last sentences and what was begun
// behind them.
func (s *Session) carry() error {
	w := s.window
	if err := w.encode(); err != nil {
		return err
	}
	from := w.frames()
	for _, t := range s.targets {
		from = min(from, t.keepFrom(s.engine.table.Context))
	}
	// A third at least is let go: what has not been said by then never will be.
	from = w.quietest(from-nearCut, from)
	from = max(from, w.frames()/3)
	for _, t := range s.targets {
		t.forget(from)
	}
	s.drafted = 0
	return w.cut(from)
}

// nearCut frames before a cut are searched for a quiet place.
const nearCut = 6
