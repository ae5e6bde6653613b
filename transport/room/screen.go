package room

import (
	"fmt"
	"slices"
	"strings"

	"sotto"
)

// onScreen is how many segments of a language a screen shows: more only while more
// are open. Of languages it shows those spoken last:
// so a screen has less than 500 segments.
const (
	onScreen          = 4
	languagesOnScreen = 60
)

// Segment is the text of a stretch of speech in one language.
type Segment struct {
	Voice, Segment int
	Language       string
	Words          []sotto.Word
	Ended          bool
	Whole          bool  // the words are all of the segment's so far, as far as segments come in order
	Time           int64 // Unix milliseconds of its newest event
}

// Text returns the segment's words.
func (s *Segment) Text() string {
	var b strings.Builder
	for i := range s.Words {
		b.WriteString(s.Words[i].Text)
	}
	return b.String()
}

// Screen is what someone who joins late sees at once.
type Screen struct {
	Segments []Segment // by language, the oldest of each first
	Tails    []Tail    // by voice and language
	Durable  bool      // as that of an Update
}

// Screen returns the last segments of every language, and a reader of what follows.
func (r *Room) Screen() (Screen, *Reader) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := Screen{Segments: r.board.segments(), Tails: r.lanes.tails(0), Durable: r.durable(r.shown)}
	return s, &Reader{room: r, at: r.list.cursor(r.shown), turn: r.lanes.turn}
}

// board keeps the last segments of each language.
type board struct {
	languages []*column // the one spoken last at the end
}

type column struct {
	language string
	segments []Segment
}

// seen follows an event that is shown now.
func (b *board) seen(e *Event, ls *lanes) {
	switch e.Kind {
	case Said:
		b.of(e.Language).say(e, ls.begins(e))
	case Ended:
		if s := b.of(e.Language).find(e.Voice, e.Segment); s != nil {
			s.Ended, s.Time = true, e.Time
		}
	case Left:
		b.leave(e.Voice)
	}
}

// of returns the column of a language and moves it to the end.
func (b *board) of(language string) *column {
	i := slices.IndexFunc(b.languages, func(c *column) bool { return c.language == language })
	c := &column{language: language}
	if i >= 0 {
		c = b.languages[i]
		b.languages = slices.Delete(b.languages, i, i+1)
	} else if len(b.languages) == languagesOnScreen {
		b.languages = slices.Delete(b.languages, 0, 1)
	}
	b.languages = append(b.languages, c)
	return c
}

func (b *board) leave(voice int) {
	for _, c := range b.languages {
		for i := range c.segments {
			if c.segments[i].Voice == voice {
				c.segments[i].Ended = true
			}
		}
	}
}

// expire drops segments whose newest event is older than limit, in Unix milliseconds.
func (b *board) expire(limit int64) {
	for _, c := range b.languages {
		c.segments = slices.DeleteFunc(c.segments, func(s Segment) bool { return s.Time < limit })
	}
}

func (b *board) segments() []Segment {
	var all []Segment
	byName := slices.Clone(b.languages)
	slices.SortFunc(byName, func(x, y *column) int { return strings.Compare(x.language, y.language) })
	for _, c := range byName {
		all = append(all, c.segments...)
	}
	return all
}

func (c *column) find(voice, segment int) *Segment {
	for i := range c.segments {
		if s := &c.segments[i]; s.Voice == voice && s.Segment == segment {
			return s
		}
	}
	return nil
}

// say adds words. The slice of words that readers may hold is not written to: it
// is only appended to, behind what they see.
func (c *column) say(e *Event, whole bool) {
	s := c.find(e.Voice, e.Segment)
	if s == nil {
		c.segments = append(c.segments, Segment{
			Voice: e.Voice, Segment: e.Segment, Language: e.Language, Whole: whole,
		})
		c.scroll()
		s = c.find(e.Voice, e.Segment)
	}
	s.Words = append(s.Words, e.Words...)
	s.Time = e.Time
}

// scroll takes the oldest segment away when there are too many: an ended one, or
// an open one when there are twice too many.
func (c *column) scroll() {
	if len(c.segments) <= onScreen {
		return
	}
	i := slices.IndexFunc(c.segments[:len(c.segments)-1], func(s Segment) bool { return s.Ended })
	if i < 0 && len(c.segments) > 2*onScreen {
		i = 0
	}
	if i >= 0 {
		c.segments = slices.Delete(c.segments, i, i+1)
	}
}

// Page is a stretch of history.
type Page struct {
	Events []Event // in order
	More   bool    // there may be events before these
}

// Page returns the last events, at most n, before a seq that readers have seen:
// from memory, or, where they are no longer there, from the log.
func (r *Room) Page(before uint64, n int) (Page, error) {
	if n < 1 {
		return Page{}, fmt.Errorf("room: page of %d events, want at least 1", n)
	}
	r.mu.RLock()
	before = min(before, r.shown+1)
	first := r.list.first()
	if before > first {
		from := before - min(uint64(n), before-first)
		p := Page{Events: slices.Clone(r.list.since(from, before-1)), More: from > first || r.log != nil && from > 1}
		r.mu.RUnlock()
		return p, nil
	}
	r.mu.RUnlock()
	if r.log == nil {
		return Page{}, nil
	}
	return r.log.page(before, n)
}
