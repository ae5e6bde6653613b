package sotto

import "context"

// nearCut frames before a cut are searched for a quiet place.
const nearCut = 6

// cut goes on in a new window in mid-speech. What stays is the sound from where
// the kept text begins, so that no word is lost or said twice; it is heard again
// by the decoder, which also lets go of whatever drift it had. A language whose
// text is too far behind, or does not say where it leans, is committed as it is.
func (s *Session) cut(ctx context.Context) error {
	s.stats.cuts.Add(1)
	if err := s.draft(ctx, s.targets, true); err != nil {
		return err
	}
	s.settle(s.targets, false)
	at := s.cutAt()
	for i, t := range s.targets {
		if t.keepFrom(s.engine.table.Context) < at {
			s.settle(s.targets[i:i+1], true)
		}
	}
	return s.carry(at)
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
	return s.carry(s.cutAt())
}

// cutAt returns the frame from which on sound is kept: a quiet one, where in all
// languages the last sentences begin, and behind a third of the window at least.
func (s *Session) cutAt() int {
	w := s.window
	at := w.frames()
	for _, t := range s.targets {
		at = min(at, t.keepFrom(s.engine.table.Context))
	}
	return max(w.quietest(at-nearCut, at), w.frames()/3)
}

// carry goes on in a new window with the sound from a frame on, and the words
// that lean on it.
func (s *Session) carry(at int) error {
	if err := s.window.encode(); err != nil {
		return err
	}
	for _, t := range s.targets {
		t.forget(at)
	}
	s.drafted = 0
	return s.window.cut(at)
}
