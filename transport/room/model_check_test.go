package room

import (
	"errors"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"sotto"
)

// reset checks what a reset promises: at From there is a reader of all there is.
func (m *model) reset(e *ResetError) {
	rd, err := m.r.Resume(e.From)
	if err != nil {
		m.t.Fatal(err)
	}
	u, err := now(rd)
	if err != nil {
		m.t.Fatal(err)
	}
	m.sameEvents(u.Events, min(m.visible, m.floor-1), m.visible)
	if rd.Cursor() != e.To {
		m.t.Fatalf("reset to %v ends at %v", e, rd.Cursor())
	}
}

func (m *model) sameEvents(got []Event, after, last int) {
	if len(got) != last-after {
		m.t.Fatalf("%d events after %d, want up to %d", len(got), after, last)
	}
	for i, e := range got {
		if e.Time = 0; !same(e, m.line[after+i]) {
			m.t.Fatalf("got %+v, want %+v", e, m.line[after+i])
		}
	}
}

// valid says whether a position can be followed.
func (m *model) valid(c Cursor) bool {
	seq := int(c.Seq)
	if c.Seq > uint64(m.visible) || seq+1 < m.floor {
		return false
	}
	return seq >= m.base && m.line[seq-1].Epoch == c.Epoch ||
		seq < len(m.line) && m.line[seq].Epoch == c.Epoch ||
		seq == len(m.line) && m.r.epoch == c.Epoch
}

func (rd *modelReader) apply(u Update) {
	for _, e := range u.Events {
		take(rd.view, e.Kind, e.Voice, e.Language)
	}
	for _, t := range u.Tails {
		put(rd.view, t)
	}
}

func (m *model) shownTails() map[string]string {
	view := make(map[string]string)
	for _, t := range m.tails {
		switch {
		case max(t.seq, t.after) > m.visible:
		case t.seq > 0:
			take(view, t.kind, t.tail.Voice, t.tail.Language)
		default:
			put(view, t.tail)
		}
	}
	return view
}

func put(view map[string]string, t Tail) {
	key := fmt.Sprint(t.Voice, ".", t.Language)
	if view[key] = t.Text; t.Text == "" {
		delete(view, key)
	}
}

func take(view map[string]string, kind Kind, voice int, language string) {
	switch kind {
	case Said, Ended:
		delete(view, fmt.Sprint(voice, ".", language))
	case Left:
		delete(view, fmt.Sprint(voice, ".en"))
		delete(view, fmt.Sprint(voice, ".de"))
	}
}

func (m *model) resume(t *rapid.T) {
	if len(m.cursors) == 0 {
		t.Skip()
	}
	m.resumeAt(m.cursors[m.draw("cursor", len(m.cursors))])
}

func (m *model) guess(*rapid.T) {
	m.resumeAt(Cursor{m.r.epoch, uint64(m.draw("seq", len(m.line)+5))})
}

func (m *model) resumeAt(c Cursor) {
	rd, err := m.r.Resume(c)
	var reset *ResetError
	if valid := m.valid(c); valid != (err == nil) || !valid && !errors.As(err, &reset) {
		m.t.Fatalf("resumed at %v, which is followed: %v: %v", c, valid, err)
	}
	if err == nil && len(m.readers) < 8 {
		m.readers = append(m.readers, &modelReader{rd, int(c.Seq), map[string]string{}})
	}
}

func (m *model) page(t *rapid.T) {
	before, n := m.draw("before", m.visible+3), 1+m.draw("n", 5)
	p, err := m.r.Page(uint64(before), n)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Events) > n {
		t.Fatalf("%d events, want at most %d", len(p.Events), n)
	}
	last := min(before-1, m.visible)
	if len(p.Events) == 0 {
		if last >= m.floor {
			t.Fatalf("no events before %d; those from %d on are in memory", before, m.floor)
		}
		return
	}
	m.sameEvents(p.Events, int(p.Events[0].Seq)-1, int(p.Events[0].Seq)-1+len(p.Events))
	if got := int(p.Events[len(p.Events)-1].Seq); got > last || got < last && last >= m.floor {
		t.Fatalf("a page before %d ends at %d, want %d", before, got, last)
	}
}

// check looks at the room after every step.
func (m *model) check(t *rapid.T) {
	s := m.r.Stats()
	if int(s.Shown) != m.visible || s.Events != len(m.line)-m.floor+1 || m.dir != "" && int(s.Saved) != m.saved {
		t.Fatalf("%+v, want shown %d, saved %d, first %d of %d", s, m.visible, m.saved, m.floor, len(m.line))
	}
	screen, _ := m.r.Screen()
	for _, s := range screen.Segments {
		want := m.text(&s)
		wrong := s.Whole != (s.Text() == want)
		if m.base > 1 { // the first words after a hole may be a whole segment's
			wrong = s.Whole && s.Text() != want
		}
		if wrong || !strings.HasSuffix(want, s.Text()) {
			t.Fatalf("on the screen: %+v, want %q", s, want)
		}
	}
}

// text is all that was said in a segment.
func (m *model) text(s *Segment) string {
	var all sotto.Caption
	for _, e := range m.line[:m.visible] {
		if e.Kind == Said && e.Voice == s.Voice && e.Segment == s.Segment && e.Language == s.Language {
			all.Words = append(all.Words, e.Words...)
		}
	}
	return all.Text()
}
