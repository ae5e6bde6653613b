package feed

import (
	"context"
	"errors"
	"slices"
	"sync"

	"sotto/transport/room"
	"sotto/transport/subtitle"
)

const (
	segmentMs = 4000
	// holdMs is how long a segment stays open behind its end, for words that are
	// committed after their sound.
	holdMs  = 4000
	window  = 75     // segments that are listed at most: 5 minutes
	lead    = 3      // empty ones before the first event, so that a player starts at once
	quietMs = 60_000 // from when the last voice left to the end of the stream
	skewMs  = 10_000 // that a voice may fall behind before its sound is taken to have paused
)

// live is a room as segments of fixed length, numbered by the time of day they show:
// segment n is what was said from n·4 s after the Unix epoch on. What is in a segment
// depends on the room's events before it was closed, and on nothing else. Times are Unix
// milliseconds.
type live struct {
	room *room.Room

	mu     sync.Mutex // guards the following
	reader *room.Reader
	latest int64 // time of the newest event; the clock may go back, this does not

	running     bool
	begin, next int64 // segments from begin on are listed, next is open
	left        int64 // when the last voice left
	voices      map[int]*liveVoice
	tracks      map[string]*track
}

type liveVoice struct {
	zero    int64 // when its sound began, as far as it did not pause
	present bool
}

// track is one language.
type track struct {
	open []*openSegment // in the order they began
	cues []subtitle.Cue // that are in listed segments
	free int64          // end of the last cue
}

type openSegment struct {
	place
	text  subtitle.Open
	ended bool
}

// look follows the room up to now.
func (l *live) look(now int64) {
	if l.reader == nil {
		l.restart()
	}
	settled := l.room.Settled() // then all events before now are read below
	done, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		u, err := l.reader.Next(done)
		var lost *room.ResetError
		switch {
		case errors.As(err, &lost):
			l.restart()
			continue
		case errors.Is(err, room.ErrForgotten):
			l.restart()
			return
		case err != nil:
			if settled {
				l.closeUntil(now)
			}
			return
		}
		for i := range u.Events {
			l.event(&u.Events[i])
		}
	}
}

func (l *live) restart() {
	l.reader, _ = everything(l.room)
	l.running, l.latest, l.begin, l.next = false, 0, 0, 0
	l.voices, l.tracks = make(map[int]*liveVoice), make(map[string]*track)
}

func (l *live) event(e *room.Event) {
	l.latest = max(l.latest, e.Time)
	if l.closeUntil(l.latest); !l.running {
		l.start(l.latest / segmentMs)
	}
	switch e.Kind {
	case room.Joined:
		l.voices[e.Voice] = &liveVoice{l.latest, true}
	case room.Left:
		l.leave(e.Voice)
	default:
		zero := l.follow(e)
		if e.Kind == room.Said {
			l.say(e, zero)
		}
		if e.Kind == room.Ended {
			l.end(e)
		}
	}
}

func (l *live) start(segment int64) {
	l.running, l.begin, l.next = true, max(segment-lead, l.next), segment
	for _, t := range l.tracks {
		t.cues = nil
	}
}

// follow says when the sound of a voice began. Sound cannot be heard before it is made,
// and what comes much too late has paused on its way.
func (l *live) follow(e *room.Event) (zero int64) {
	at := l.latest - e.Heard.Millis()
	v := l.voices[e.Voice]
	switch {
	case v == nil:
		v = &liveVoice{at, true}
		l.voices[e.Voice] = v
	case at > v.zero+skewMs:
		v.zero = at
	default:
		v.zero = min(v.zero, at)
	}
	return v.zero
}

func (l *live) say(e *room.Event, zero int64) {
	t := l.tracks[e.Language]
	if t == nil {
		t = new(track)
		l.tracks[e.Language] = t
	}
	i := slices.IndexFunc(t.open, func(s *openSegment) bool { return s.place == placeOf(e) })
	if i < 0 {
		i = len(t.open)
		t.open = append(t.open, &openSegment{place: placeOf(e)})
	}
	for _, w := range e.Words {
		t.open[i].text.Add(subtitle.Word{Text: w.Text, StartMs: zero + w.Start.Millis(), EndMs: zero + w.End.Millis()})
	}
}

func (l *live) end(e *room.Event) {
	if t := l.tracks[e.Language]; t != nil {
		t.end(func(s *openSegment) bool { return s.place == placeOf(e) })
	}
}

func (l *live) leave(voice int) {
	delete(l.voices, voice)
	l.left = l.latest
	for _, t := range l.tracks {
		t.end(func(s *openSegment) bool { return s.voice == voice })
	}
}

func (t *track) end(which func(*openSegment) bool) {
	for _, s := range t.open {
		s.ended = s.ended || which(s)
	}
}

// closeUntil closes the segments that are due at a time.
func (l *live) closeUntil(now int64) {
	for l.running && (l.next+1)*segmentMs+holdMs <= now {
		idle := l.idle()
		if idle && len(l.voices) == 0 && l.next*segmentMs >= l.left+quietMs {
			l.running = false
			return
		}
		if far := now/segmentMs - 2*window; idle && l.next < far && len(l.voices) > 0 {
			l.next = far // hours of silence: none of these segments is listed any more
		}
		l.close()
	}
}

// idle reports whether nothing waits to be shown.
func (l *live) idle() bool {
	for _, t := range l.tracks {
		if len(t.open) > 0 || t.free > l.next*segmentMs {
			return false
		}
	}
	return true
}

// close lists the open segment. What should have been shown before it is shown in it.
func (l *live) close() {
	from, to := l.next*segmentMs, (l.next+1)*segmentMs
	l.next++
	l.begin = max(l.begin, l.next-window)
	for _, t := range l.tracks {
		t.close(from, to)
		t.cues = slices.DeleteFunc(t.cues, func(c subtitle.Cue) bool { return c.EndMs <= l.begin*segmentMs })
	}
}

// close takes the cues that begin in a segment; those of a voice stay in order.
func (t *track) close(from, to int64) {
	var waits []int // voices whose next words are for later
	for _, s := range t.open {
		if slices.Contains(waits, s.voice) {
			continue
		}
		for _, c := range s.text.Take(max(from, t.free), to) {
			t.cues = append(t.cues, c)
			t.free = c.EndMs
		}
		if !s.text.Empty() {
			waits = append(waits, s.voice)
		}
	}
	t.open = slices.DeleteFunc(t.open, func(s *openSegment) bool { return s.ended && s.text.Empty() })
}

// segment returns the cues that are on screen in a segment, also those of its
// neighbours; false where it is not listed.
func (l *live) segment(language string, n int64) (cues []subtitle.Cue, ok bool) {
	t := l.tracks[language]
	if t == nil || n < l.begin || n >= l.next {
		return nil, false
	}
	for _, c := range t.cues {
		if c.StartMs < (n+1)*segmentMs && c.EndMs > n*segmentMs {
			cues = append(cues, c)
		}
	}
	return cues, true
}
