package room

import (
	"cmp"
	"slices"
)

// lane is one voice in one language: its tail, and how far it has come.
type lane struct {
	voice    int
	language string

	last    uint64 // seq of its newest event, shown or not
	segment int    // of its newest shown words; -1 before any

	tail Tail
	turn uint64 // of the tail; 0: there is none

	// waiting is a tail that must not be seen before event after is shown.
	waiting *Tail
	after   uint64
}

// lanes are few: voices times languages.
type lanes struct {
	all    []*lane
	turn   uint64       // rises with every tail that is shown
	joined map[int]bool // voices of which all events were shown
}

// of returns the lane of a voice and language, and begins it if needed.
func (ls *lanes) of(voice int, language string) *lane {
	for _, l := range ls.all {
		if l.voice == voice && l.language == language {
			return l
		}
	}
	l := &lane{voice: voice, language: language, segment: -1}
	ls.all = append(ls.all, l)
	slices.SortFunc(ls.all, func(a, b *lane) int {
		return cmp.Or(cmp.Compare(a.voice, b.voice), cmp.Compare(a.language, b.language))
	})
	return l
}

// begins reports whether words are the first of their segment: the segment is newer
// than any seen, and no event of the voice was missed.
func (ls *lanes) begins(e *Event) bool {
	l := ls.of(e.Voice, e.Language)
	return e.Segment > l.segment && (l.segment >= 0 || ls.joined[e.Voice])
}

// seen follows an event that is shown now.
func (ls *lanes) seen(e *Event) {
	switch e.Kind {
	case Said, Ended:
		l := ls.of(e.Voice, e.Language)
		l.turn = 0
		if e.Kind == Said {
			l.segment = max(l.segment, e.Segment)
		}
	case Joined:
		if ls.joined == nil {
			ls.joined = make(map[int]bool)
		}
		ls.joined[e.Voice] = true
	case Left:
		delete(ls.joined, e.Voice)
		ls.all = slices.DeleteFunc(ls.all, func(l *lane) bool { return l.voice == e.Voice })
	}
}

// settle shows the tails that waited for events up to shown.
func (ls *lanes) settle(shown uint64) {
	for _, l := range ls.all {
		if l.waiting != nil && l.after <= shown {
			ls.turn++
			l.tail, l.turn, l.waiting = *l.waiting, ls.turn, nil
		}
	}
}

// tails returns those shown after a turn, by voice and language.
func (ls *lanes) tails(after uint64) []Tail {
	var tails []Tail
	for _, l := range ls.all {
		if l.turn > after {
			tails = append(tails, l.tail)
		}
	}
	return tails
}

// forget takes all tails away.
func (ls *lanes) forget() {
	for _, l := range ls.all {
		l.turn, l.waiting = 0, nil
	}
}
