package room

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// model is a room as its documentation has it, in the plainest form: everything
// that ever happened, and which part of it must be where.
type model struct {
	t       *rapid.T
	dir     string // "": in memory
	r       *Room
	failing bool // the disk

	line    []Event // of seq 1, 2 and so on; without times
	visible int     // seqs up to here were shown
	saved   int     // up to here they are on disk, or given up
	floor   int     // first seq in memory
	base    int     // first seq of which the room knows the epoch
	broken  bool    // the last write failed
	disk    []Event
	voices  []*Voice
	// segments are the newest of voices and languages; they come in order.
	segments map[string]int
	tails    []modelTail // those that wait, and those that are shown, in order

	readers []*modelReader
	cursors []Cursor // that readers once had
}

// modelTail is a tail, or with seq > 0 an event that takes tails away.
type modelTail struct {
	seq, after int
	tail       Tail
	kind       Kind
}

type modelReader struct {
	*Reader
	at   int
	view map[string]string // tails as a viewer would have them
}

const modelEvents = 12

func (m *model) options() Options {
	d := newFaulty(func(int, string) bool { return m.failing })
	return Options{Events: modelEvents, FileBytes: 150, system: d.system()}
}

func TestARoomIsAsItsModel(t *testing.T) {
	top := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		m := &model{t: t, floor: 1, base: 1, segments: make(map[string]int)}
		if rapid.Bool().Draw(t, "durable") {
			n++
			m.dir = filepath.Join(top, fmt.Sprint(n))
			defer os.RemoveAll(m.dir)
		}
		m.openRoom()
		defer m.shut()
		t.Repeat(map[string]func(*rapid.T){
			"join": m.join, "caption": m.caption, "caption again": m.caption, "gap": m.gap, "leave": m.leave,
			"flush": m.flush, "disk": m.breakDisk, "forget": m.forget, "restart": m.restart,
			"follow": m.follow, "read": m.read, "read again": m.read, "resume": m.resume, "guess": m.guess,
			"page": m.page, "": m.check,
		})
	})
}

func (m *model) openRoom() {
	if m.dir == "" {
		m.r = New(m.options())
		return
	}
	r, err := Open(m.dir, m.options())
	if err != nil {
		m.t.Fatal(err)
	}
	if err := r.start(); err != nil {
		m.t.Fatal(err)
	}
	m.r = r
}

func (m *model) shut() {
	if m.dir != "" {
		m.r.log.close()
	}
}

// add follows appended events.
func (m *model) add(events ...Event) {
	for _, e := range events {
		e.Epoch, e.Seq = m.r.epoch, uint64(len(m.line)+1)
		m.line = append(m.line, e)
		if e.Kind != Gap && e.Kind != Joined {
			m.tails = append(m.tails, modelTail{seq: int(e.Seq), kind: e.Kind, tail: Tail{Voice: e.Voice, Language: e.Language}})
		}
	}
}

func (m *model) settle() {
	last := len(m.line)
	if m.dir == "" || m.broken || last-modelEvents > m.visible {
		m.visible = last
	}
	m.floor = max(m.floor, last-modelEvents+1)
}

func (m *model) draw(name string, n int) int { return rapid.IntRange(0, n-1).Draw(m.t, name) }

func (m *model) join(t *rapid.T) {
	if len(m.voices) == 3 {
		t.Skip()
	}
	v, err := m.r.Join("name")
	if err != nil {
		t.Fatal(err)
	}
	m.voices = append(m.voices, v)
	m.add(Event{Kind: Joined, Voice: v.number, Note: "name"})
	m.settle()
}

func (m *model) voice() *Voice {
	if len(m.voices) == 0 {
		m.t.Skip()
	}
	return m.voices[m.draw("voice", len(m.voices))]
}

func (m *model) caption(t *rapid.T) {
	v := m.voice()
	language := []string{"en", "de"}[m.draw("language", 2)]
	lane := fmt.Sprint(v.number, ".", language)
	m.segments[lane] += m.draw("segment", 2)
	c := words(m.segments[lane], language, strings.Repeat("w ", m.draw("words", 3)))
	for i := range c.Words {
		c.Words[i].Text = fmt.Sprint(" ", len(m.line), ".", i)
	}
	c.End = m.draw("end", 4) == 0
	if m.draw("tail", 3) > 0 {
		c.Tail = fmt.Sprint("tail ", len(m.tails))
	}
	if err := v.Caption(c); err != nil {
		t.Fatal(err)
	}
	e := Event{Kind: Said, Voice: v.number, Segment: c.Segment, Language: c.Language, Words: c.Words}
	if len(c.Words) > 0 {
		m.add(e)
	}
	if e.Kind, e.Words = Ended, nil; c.End {
		m.add(e)
	}
	m.tails = append(m.tails, modelTail{after: m.lastOf(v.number, c.Language), tail: Tail{v.number, c.Segment, c.Language, c.Tail, c.Heard}})
	m.settle()
}

// lastOf returns the seq of the newest words or end of a voice and language.
func (m *model) lastOf(voice int, language string) int {
	for _, e := range slices.Backward(m.line) {
		if e.Voice == voice && (e.Language == language || e.Kind == Joined) {
			return int(e.Seq)
		}
	}
	return 0
}

func (m *model) gap(t *rapid.T) {
	v := m.voice()
	if err := v.Gap(9, 4, "cause"); err != nil {
		t.Fatal(err)
	}
	m.add(Event{Kind: Gap, Voice: v.number, Heard: 9, Lost: 4, Note: "cause"})
	m.settle()
}

func (m *model) leave(t *rapid.T) {
	v := m.voice()
	if err := v.Leave(); err != nil {
		t.Fatal(err)
	}
	m.voices = slices.DeleteFunc(m.voices, func(o *Voice) bool { return o == v })
	m.add(Event{Kind: Left, Voice: v.number})
	m.settle()
}

func (m *model) flush(t *rapid.T) {
	if m.dir == "" {
		t.Skip()
	}
	err := m.r.flush()
	last := len(m.line)
	if m.saved == last {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	m.saved = max(m.saved, m.floor-1)
	m.visible = last
	if m.broken = m.failing; m.broken != (err != nil) {
		t.Fatalf("flush: %v", err)
	}
	if !m.broken {
		m.disk = append(m.disk, m.line[m.saved:]...)
		m.saved = last
	}
}

func (m *model) breakDisk(*rapid.T) { m.failing = !m.failing }

func (m *model) forget(t *rapid.T) {
	if m.draw("really", 4) > 0 {
		t.Skip()
	}
	failing := m.failing
	m.failing = false
	if err := m.r.Forget(); err != nil {
		t.Fatal(err)
	}
	m.failing = failing
	last := len(m.line)
	m.visible, m.saved, m.floor, m.base, m.broken = last, last, last+1, last+1, false
	m.disk, m.tails = nil, nil
}

// restart loses what was not saved.
func (m *model) restart(t *rapid.T) {
	if m.dir == "" {
		t.Skip()
	}
	m.shut()
	failing := m.failing
	m.failing = false
	m.openRoom()
	m.failing = failing
	m.tails, m.voices, m.broken = nil, nil, false
	m.floor, m.base = 1, 1
	clear(m.segments)
	last := 0
	open := make(map[int]bool) // voices by number
	for _, e := range m.disk {
		if int(e.Seq) != last+1 {
			m.floor, m.base = int(e.Seq), int(e.Seq)
		}
		last = int(e.Seq)
		if open[e.Voice] = true; e.Kind == Left {
			delete(open, e.Voice)
		}
	}
	m.line = m.line[:last]
	m.visible, m.saved = last, last
	for _, voice := range slices.Sorted(maps.Keys(open)) {
		m.add(Event{Kind: Left, Voice: voice, Note: "the server stopped"})
	}
	m.settle()
	for i := range m.readers { // of the process before
		m.cursors = append(m.cursors, m.readers[i].Cursor())
	}
	m.readers = nil
}

func (m *model) follow(*rapid.T) {
	if len(m.readers) < 4 {
		m.readers = append(m.readers, &modelReader{m.r.Follow(), m.visible, map[string]string{}})
	}
}

func (m *model) read(t *rapid.T) {
	if len(m.readers) == 0 {
		t.Skip()
	}
	i := m.draw("reader", len(m.readers))
	rd := m.readers[i]
	before := rd.Cursor()
	u, err := now(rd.Reader)
	var reset *ResetError
	if valid := m.valid(before); errors.As(err, &reset) == valid {
		t.Fatalf("at %v, which is followed: %v: %v", before, valid, err)
	}
	if err != nil {
		m.readers = slices.Delete(m.readers, i, i+1)
		m.reset(reset)
		return
	}
	m.sameEvents(u.Events, rd.at, m.visible)
	if len(u.Events)+len(u.Tails) > 0 && u.Durable != (m.dir != "" && m.saved >= m.visible) {
		t.Fatalf("durable: %v, saved up to %d of %d", u.Durable, m.saved, m.visible)
	}
	rd.at = m.visible
	m.cursors = append(m.cursors, rd.Cursor())
	rd.apply(u)
	if want := m.shownTails(); !maps.Equal(rd.view, want) {
		t.Fatalf("the viewer has the tails %v, want %v", rd.view, want)
	}
}
