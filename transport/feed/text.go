package feed

import (
	"context"
	"fmt"
	"io"
	"strings"

	"sotto/transport/room"
	"sotto/transport/subtitle"
)

// missing stands where text is lost.
const missing = "[…]"

// text writes lines: of one language word by word, of several when their segments
// end.
func text(ctx context.Context, v *visit) {
	if v.language != "" {
		v.read(ctx, &running{out: v})
		return
	}
	v.read(ctx, &labelled{out: v})
}

// place is a segment of a voice in a language.
type place struct {
	voice, segment int
	language       string
}

func placeOf(e *room.Event) place { return place{e.Voice, e.Segment, e.Language} }

// running writes words at once. When another voice speaks in between, each goes on
// in a new line.
type running struct {
	out  io.Writer
	at   place
	open bool // the line has text
}

func (r *running) event(e *room.Event, _ bool) {
	at := placeOf(e)
	if r.at != at || e.Kind == room.Left && r.at.voice == e.Voice {
		r.end()
	}
	switch e.Kind {
	case room.Said:
		words := subtitle.Plain(e.Text())
		if !r.open {
			words = strings.TrimLeft(words, " ")
		}
		r.at, r.open = at, r.open || words != ""
		io.WriteString(r.out, words)
	case room.Ended:
		r.end()
	}
}

func (r *running) lost(string) {
	r.end()
	fmt.Fprintln(r.out, missing)
}

func (r *running) end() {
	if r.open {
		fmt.Fprintln(r.out)
	}
	r.open = false
}

// labelled writes whole segments.
type labelled struct {
	out  io.Writer
	open gathered
}

func (l *labelled) event(e *room.Event, _ bool) {
	for _, s := range l.open.add(e) {
		l.write(s)
	}
}

func (l *labelled) write(s *stretch) {
	var words strings.Builder
	for i := range s.events {
		words.WriteString(s.events[i].Text())
	}
	fmt.Fprintf(l.out, "[%s] %s\n", subtitle.Plain(s.language), strings.TrimSpace(subtitle.Plain(words.String())))
}

func (l *labelled) lost(string) {
	l.end()
	fmt.Fprintln(l.out, missing)
}

func (l *labelled) end() {
	for _, s := range l.open {
		l.write(s)
	}
	l.open = nil
}

// stretch is the words of a segment.
type stretch struct {
	place
	events []room.Event
}

// gathered are the segments that have not ended, in the order they began.
type gathered []*stretch

// add takes an event, and returns the segments that it ends.
func (g *gathered) add(e *room.Event) (over []*stretch) {
	var rest gathered
	found := false
	for _, s := range *g {
		own := s.place == placeOf(e)
		if own && e.Kind == room.Said {
			s.events, found = append(s.events, *e), true
		}
		if own && e.Kind == room.Ended || e.Kind == room.Left && s.voice == e.Voice {
			over = append(over, s)
			continue
		}
		rest = append(rest, s)
	}
	if e.Kind == room.Said && !found {
		rest = append(rest, &stretch{placeOf(e), []room.Event{*e}})
	}
	*g = rest
	return over
}
