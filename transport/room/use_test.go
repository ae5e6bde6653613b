package room

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// leave ends what Enter began.
func enter(t *testing.T, r *Room) (leave func()) {
	t.Helper()
	leave, err := r.Enter()
	if err != nil {
		t.Fatal(err)
	}
	return leave
}

func TestAFullStoreClosesWhatIsIdleForTheLongest(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		synctest.Test(t, func(t *testing.T) {
			s := store(t, dir, 3)
			read, spoken := room(t, s, "read"), room(t, s, "spoken")
			leave, voice := enter(t, read), join(t, spoken, "A")
			flush(t, spoken)
			idle := room(t, s, "idle")
			if _, err := s.Room("new"); !errors.Is(err, ErrFull) {
				t.Errorf("a room that was just opened is closed: %v", err)
			}
			time.Sleep(2 * grace)
			room(t, s, "new")
			if !idle.Over() || read.Over() || spoken.Over() {
				t.Errorf("closed: idle %t, read %t, spoken %t", idle.Over(), read.Over(), spoken.Over())
			}
			if _, err := idle.Join("B"); !errors.Is(err, ErrClosed) {
				t.Errorf("a voice joins a closed room: %v", err)
			}
			if _, err := idle.Enter(); !errors.Is(err, ErrClosed) {
				t.Errorf("a reader enters a closed room: %v", err)
			}
			time.Sleep(2 * grace)
			leave()
			leave() // once is enough
			time.Sleep(time.Second)
			if err := voice.Leave(); err != nil {
				t.Fatal(err)
			}
			flush(t, spoken)
			time.Sleep(time.Second)
			room(t, s, "new")
			time.Sleep(2 * grace)
			room(t, s, "newer")
			if read.Stats().Readers != 0 || s.readers.Load() != 0 || !read.Over() || spoken.Over() {
				t.Errorf("read %t, spoken %t, %d readers", read.Over(), spoken.Over(), s.readers.Load())
			}
		})
	}
}

// A hundred rooms one after the other need one place, and durable ones come again.
func TestRoomsComeAndGo(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := store(t, dir, 1)
		for i := range 100 {
			r := room(t, s, fmt.Sprint("a", i))
			v := join(t, r, "A")
			say(t, v, words(0, "en", fmt.Sprint("word", i)))
			v.Leave()
			flush(t, r)
			time.Sleep(2 * grace)
		}
		r, err := s.Find("a7")
		if err != nil || line(all(t, r), nil) != "1:joinedA, 1:said en0 word7, 1:left" {
			t.Errorf("%v", err)
		}
		if _, err := s.Find("a100"); !errors.Is(err, ErrNone) {
			t.Errorf("%v", err)
		}
		if _, err := s.Find("../a7"); !errors.Is(err, ErrNone) {
			t.Errorf("%v", err)
		}
	})
}

func TestIdleRoomsAreClosedInTime(t *testing.T) {
	tests := []struct {
		name   string
		dir    string
		opt    Options
		closes time.Duration // 0: never
	}{
		{"a room with a folder", t.TempDir(), Options{Idle: 5 * time.Minute}, 5 * time.Minute},
		{"by default", t.TempDir(), Options{}, 10 * time.Minute},
		{"a room in memory", "", Options{Idle: 5 * time.Minute, KeepFor: time.Hour}, time.Hour},
		{"a room in memory that is kept", "", Options{Idle: 5 * time.Minute}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := OpenStore(tt.dir, 3, tt.opt)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- s.Run(ctx) }()
				r := room(t, s, "a")
				leave := enter(t, r)
				time.Sleep(3 * time.Hour)
				leave()
				begun := time.Now()
				for !r.Over() && time.Since(begun) < 24*time.Hour {
					time.Sleep(time.Second)
				}
				took := time.Since(begun)
				if late := took - tt.closes; tt.closes > 0 && (late < 0 || late > sweepEvery+time.Second) || tt.closes == 0 && r.Over() {
					t.Errorf("closed after %v", took)
				}
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What is too old goes from the disk also where nobody opens the room again.
func TestOldRoomsAreRemoved(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenStore(dir, 3, Options{KeepFor: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, id := range []string{"closed", "open", "new"} {
		r := room(t, s, id)
		v := join(t, r, "A")
		v.Leave()
		flush(t, r)
	}
	for _, id := range []string{"closed", "new"} {
		if err := s.CloseRoom(id); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{"room-closed", "room-closed/00000001.log", "room-open", "room-open/00000001.log"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	s.removeOld(time.Now())
	if ids, err := s.IDs(); err != nil || !slices.Equal(ids, []string{"new", "open"}) {
		t.Errorf("%v %v", ids, err)
	}
}

// What is not on disk yet keeps its room open.
func TestUnsavedTextKeepsItsRoomOpen(t *testing.T) {
	r := open(t, t.TempDir(), Options{})
	v := join(t, r, "A")
	v.Leave()
	later := time.Now().Add(time.Hour)
	if r.closeIdle(later) {
		t.Error("it is closed")
	}
	flush(t, r)
	if !r.closeIdle(later) {
		t.Error("it is not closed")
	}
}

func TestHowManyMayComeIn(t *testing.T) {
	s, err := OpenStore("", 9, Options{Voices: 2, Readers: 2, AllReaders: 3})
	if err != nil {
		t.Fatal(err)
	}
	a, b := room(t, s, "a"), room(t, s, "b")
	first := join(t, a, "")
	join(t, a, "")
	if _, err := a.Join(""); !errors.Is(err, ErrVoices) {
		t.Errorf("%v", err)
	}
	if first.Leave(); a.Stats().Voices != 1 {
		t.Errorf("%+v", a.Stats())
	}
	join(t, a, "")
	leave := enter(t, a)
	enter(t, a)
	if _, err := a.Enter(); !errors.Is(err, ErrReaders) {
		t.Errorf("a third one: %v", err)
	}
	enter(t, b)
	if _, err := b.Enter(); !errors.Is(err, ErrReaders) {
		t.Errorf("a fourth one in all: %v", err)
	}
	leave()
	enter(t, b)
	if a, b := New(Options{}).options, a.Stats(); a.Voices != 4 || a.Readers != 2000 || a.AllReaders != 4000 || b.Readers != 1 {
		t.Errorf("%+v %+v", a, b)
	}
}

// Who comes late to a room where much was said gets little at once, and the rest in pages.
func TestALateReaderGetsLittleAtOnce(t *testing.T) {
	const segments = 5000
	for name, languages := range map[string]int{"four languages": 4, "as many as there are": 200} {
		t.Run(name, func(t *testing.T) {
			r := New(Options{Events: 3 * segments})
			v := join(t, r, "")
			for i := range segments {
				language := fmt.Sprint("l", i%languages)
				say(t, v, words(i, language, "good day"))
				if languages == 4 {
					say(t, v, end(i, language))
				}
			}
			s, rd := r.Screen()
			if n := len(s.Segments) + len(s.Tails); n > 500 || n < 4*onScreen {
				t.Errorf("%d items", n)
			}
			wants(t, rd, "")
			heard, before := 0, rd.Cursor().Seq+1
			for more := true; more; {
				p, err := r.Page(before, 500)
				if err != nil || len(p.Events) > 500 {
					t.Fatal(len(p.Events), err)
				}
				before, more = p.Events[0].Seq, p.More
				for _, e := range p.Events {
					if e.Kind == Said {
						heard++
					}
				}
			}
			if heard != segments {
				t.Errorf("the pages have %d of %d", heard, segments)
			}
		})
	}
}

func TestAFormIsMadeOnce(t *testing.T) {
	r := New(Options{})
	v := join(t, r, "A")
	rd, other := r.Follow(), r.Follow()
	say(t, v, words(0, "en", "a"))
	made := 0
	form := func(e *Event, key any) string {
		return string(e.Form(key, func() []byte { made++; return []byte(strings.Repeat("x", made)) }))
	}
	a, _ := read(t, rd)
	b, _ := read(t, other)
	if x, y, z := form(&a[0], 1), form(&b[0], 1), form(&b[0], "1"); x != "x" || y != "x" || z != "xx" {
		t.Errorf("forms %q %q %q", x, y, z)
	}
	for range inForm {
		say(t, v, words(0, "en", "b"))
	}
	old := all(t, r)[1]
	if form(&old, 1) != "xxx" || form(&old, 1) != "xxxx" {
		t.Error("the form of an old event is kept")
	}
}
