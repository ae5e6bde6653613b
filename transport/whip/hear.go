package whip

import (
	"context"
	"time"
)

// hearing is what a session's ear waits for.
type hearing struct {
	*session
	ear     *ear
	began   time.Time
	last    time.Time // a packet came
	bye     time.Time // the stream ends then; zero: no
	warned  bool
	waiting <-chan struct{} // for the connection; nil: it stands
}

// hear hears packets until the session is over, and finishes the voice.
func (s *session) hear(run context.Context) stats {
	e, err := newEar(s.voice)
	if err != nil {
		s.end(err)
		s.voice.Finish(nil)
		return stats{}
	}
	h := &hearing{session: s, ear: e, began: time.Now(), last: time.Now(), waiting: s.connected}
	for h.step(run) {
	}
	s.voice.Finish(e.end(run, time.Since(h.began)))
	return e.stats()
}

// step waits for one thing to happen. It is false when the session is over.
func (h *hearing) step(run context.Context) bool {
	timer := time.NewTimer(time.Until(h.wake()))
	defer timer.Stop()
	select {
	case a := <-h.arrivals:
		h.last, h.bye = a.at, time.Time{}
		h.ear.put(a.data, a.format, a.at.Sub(h.began))
	case <-h.waiting:
		h.waiting, h.last = nil, time.Now()
	case <-h.byes:
		if h.bye.IsZero() {
			h.bye = time.Now().Add(farewell)
		}
	case <-timer.C:
		h.late()
	case <-h.over.Done():
		return false
	case <-run.Done():
		return false
	}
	if h.ear.hear(run, time.Since(h.began)) != nil {
		return false
	}
	if h.ear.deaf >= deafAfter && !h.warned {
		h.warned = true
		h.log.Warn("audio cannot be decoded", "packets", h.ear.deaf)
	}
	return true
}

// wake returns when there is something to do though nothing happens.
func (h *hearing) wake() time.Time {
	at := h.deadline()
	if due, waiting := h.ear.buffer.Wake(); waiting {
		if due := h.began.Add(due); due.Before(at) {
			at = due
		}
	}
	return at
}

// deadline returns when the session ends if nothing happens.
func (h *hearing) deadline() time.Time {
	switch {
	case h.waiting != nil:
		return h.began.Add(h.door.opt.Connect)
	case !h.bye.IsZero():
		return h.bye
	}
	return h.last.Add(h.door.opt.Idle)
}

// late ends a session whose deadline has passed.
func (h *hearing) late() {
	if time.Now().Before(h.deadline()) {
		return
	}
	switch {
	case h.waiting != nil:
		h.end(errConnect)
	case !h.bye.IsZero():
		h.end(errBye)
	default:
		h.end(errIdle)
	}
}
