package room

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto"
)

// line writes events and tails so that tests can be read.
func line(events []Event, tails []Tail) string {
	var parts []string
	for _, e := range events {
		s := fmt.Sprintf("%d:%s", e.Voice, [...]string{"", "said", "ended", "joined", "left", "gap"}[e.Kind])
		if e.Kind == Said || e.Kind == Ended {
			s += fmt.Sprintf(" %s%d%s", e.Language, e.Segment, e.Text())
		}
		parts = append(parts, s+e.Note)
	}
	for _, t := range tails {
		parts = append(parts, fmt.Sprintf("%d:(%s%d %s)", t.Voice, t.Language, t.Segment, t.Text))
	}
	return strings.Join(parts, ", ")
}

func wants(t *testing.T, rd *Reader, want string) {
	t.Helper()
	if got := line(read(t, rd)); got != want {
		t.Errorf("the reader gets\n\t%s\nwant\n\t%s", got, want)
	}
}

func TestAReaderGetsAllEventsAndTheNewestTails(t *testing.T) {
	r := New(Options{})
	rd := r.Follow()
	a, b := join(t, r, "A"), join(t, r, "B")
	say(t, a, words(0, "en", "good day"), tail(0, "en", "to"), tail(0, "en", "to you"))
	say(t, b, tail(0, "en", "hm"), tail(0, "de", "hm"))
	wants(t, rd, "1:joinedA, 2:joinedB, 1:said en0 good day, 1:(en0 to you), 2:(de0 hm), 2:(en0 hm)")
	say(t, a, tail(0, "en", ""))
	wants(t, rd, "1:(en0 )")
	c := words(0, "en", "to you")
	c.Tail = "all"
	say(t, a, c, end(0, "en"))
	if err := b.Leave(); err != nil {
		t.Fatal(err)
	}
	wants(t, rd, "1:said en0 to you, 1:ended en0, 2:left")
	if err := b.Gap(1, 1, ""); !errors.Is(err, ErrLeft) {
		t.Errorf("a voice that left: %v", err)
	}
	if err := a.Gap(9, 5, "queue"); err != nil {
		t.Fatal(err)
	}
	wants(t, rd, "1:gapqueue")
	if r.Durable() {
		t.Error("a room in memory is durable")
	}
}

// Words that wait for the disk hold back the tail that stands behind them, and
// leave the tail before them where it is.
func TestATailWaitsForItsWords(t *testing.T) {
	r := open(t, t.TempDir(), Options{})
	rd := r.Follow()
	v := join(t, r, "")
	say(t, v, tail(0, "en", "good"))
	flush(t, r)
	wants(t, rd, "1:joined, 1:(en0 good)")
	say(t, v, words(0, "en", "good"), tail(0, "en", "day"), tail(0, "de", "Tag"))
	wants(t, rd, "1:(de0 Tag)")
	if s, _ := r.Screen(); line(nil, s.Tails) != "1:(de0 Tag), 1:(en0 good)" {
		t.Errorf("on the screen: %s", line(nil, s.Tails))
	}
	flush(t, r)
	wants(t, rd, "1:said en0 good, 1:(en0 day)")
	if !r.Durable() {
		t.Error("it is not durable")
	}
}

func TestAReaderThatFallsOffIsReset(t *testing.T) {
	r := New(Options{Events: 10})
	rd := r.Follow()
	v := join(t, r, "")
	for range 10 {
		say(t, v, words(0, "en", "a"))
	}
	_, err := now(rd)
	var reset *ResetError
	if !errors.As(err, &reset) || reset.Asked != rd.Cursor() || reset.From.Seq != 1 || reset.To.Seq != 11 {
		t.Fatalf("%v", err)
	}
	if text := err.Error(); !strings.Contains(text, "reset") || !strings.Contains(text, reset.From.String()) {
		t.Errorf("it says: %s", text)
	}
	rd, err = r.Resume(reset.From)
	if err != nil {
		t.Fatal(err)
	}
	if events, _ := read(t, rd); len(events) != 10 || events[0].Seq != 2 || rd.Cursor() != reset.To {
		t.Errorf("%d events up to %v", len(events), rd.Cursor())
	}
}

// A reader far behind gets its events in several updates, and tails with the last.
func TestTailsComeWithTheLastEvents(t *testing.T) {
	r := New(Options{})
	rd := r.Follow()
	v := join(t, r, "")
	for range 2 * maxUpdate {
		say(t, v, words(0, "en", "a"))
	}
	say(t, v, tail(0, "en", "b"))
	for i, want := range []int{maxUpdate, maxUpdate, 1} {
		u, err := now(rd)
		if err != nil || len(u.Events) != want || len(u.Tails) != i/2 {
			t.Errorf("update %d: %d events, %d tails, %v", i, len(u.Events), len(u.Tails), err)
		}
	}
}

func TestTheListIsBoundedInBytes(t *testing.T) {
	r := New(Options{Bytes: 4 << 10})
	v := join(t, r, "")
	for range 100 {
		say(t, v, words(0, "en", strings.Repeat("a", 900)))
		if s := r.Stats(); s.Bytes > 4<<10 || s.Events < 1 {
			t.Fatalf("%+v", s)
		}
	}
}

func TestPositionsThatCannotBeFollowed(t *testing.T) {
	r := New(Options{})
	v := join(t, r, "")
	say(t, v, words(0, "en", "a"))
	good := r.Follow().Cursor()
	for _, c := range []Cursor{{}, {good.Epoch, 3}, {good.Epoch, 1 << 63}, {good.Epoch, 1<<64 - 1}, {good.Epoch + 1, 1}} {
		var reset *ResetError
		if _, err := r.Resume(c); !errors.As(err, &reset) || reset.To != good {
			t.Errorf("%v: %v", c, err)
		}
	}
	for seq := range uint64(3) {
		if _, err := r.Resume(Cursor{good.Epoch, seq}); err != nil {
			t.Error(err)
		}
	}
}

func TestTheScreen(t *testing.T) {
	r := New(Options{Events: 20})
	v, w := join(t, r, ""), join(t, r, "")
	say(t, w, words(0, "fr", "bon"))
	for i := range 7 {
		say(t, v, words(i, "en", "one"), words(i, "en", fmt.Sprint(i)), words(i, "de", "x"), end(i, "en"))
	}
	say(t, w, words(0, "fr", "jour"), tail(0, "fr", "à"))
	s, rd := r.Screen()
	var got []string
	for _, s := range s.Segments {
		if !s.Whole || s.Ended != (s.Language == "en") {
			t.Errorf("%+v", s)
		}
		if s.Language != "de" {
			got = append(got, s.Text())
		}
	}
	if want := []string{" one 3", " one 4", " one 5", " one 6", " bon jour"}; !slices.Equal(got, want) {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
	if line(nil, s.Tails) != "2:(fr0 à)" {
		t.Errorf("tails %v", s.Tails)
	}
	wants(t, rd, "") // the tails were on the screen
	say(t, v, words(6, "de", "y"))
	wants(t, rd, "1:said de6 y")
	for i := 7; i < 30; i++ { // many open segments push an open one out
		say(t, v, words(i, "fr", "x"))
	}
	say(t, w, words(0, "fr", "tous"))
	s, _ = r.Screen()
	last := s.Segments[len(s.Segments)-1]
	if last.Text() != " tous" || last.Whole {
		t.Errorf("%+v", last)
	}
}

func TestPages(t *testing.T) {
	for name, r := range map[string]*Room{"memory": New(Options{}), "log": open(t, t.TempDir(), Options{Events: 7, FileBytes: 300})} {
		t.Run(name, func(t *testing.T) {
			v := join(t, r, "")
			for i := range 99 {
				say(t, v, words(i, "en", "a"))
				flush(t, r)
			}
			before := uint64(1 << 60)
			var seqs []uint64
			for more := true; more; {
				p, err := r.Page(before, 8)
				if err != nil || len(p.Events) > 8 {
					t.Fatalf("%d events, %v", len(p.Events), err)
				}
				for _, e := range slices.Backward(p.Events) {
					seqs = append(seqs, e.Seq)
					before = e.Seq
				}
				more = p.More
			}
			slices.Reverse(seqs)
			for i, seq := range seqs {
				if seq != uint64(i+1) {
					t.Fatalf("event %d has seq %d", i, seq)
				}
			}
			if len(seqs) != 100 {
				t.Errorf("%d events", len(seqs))
			}
			if _, err := r.Page(1, 0); err == nil {
				t.Error("a page of nothing")
			}
		})
	}
}

func TestForget(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, Options{})
	v := join(t, r, "")
	if err := join(t, r, "B").Leave(); err != nil {
		t.Fatal(err)
	}
	say(t, v, words(0, "en", "secret"), tail(0, "en", "tail"))
	flush(t, r)
	rd := r.Follow()
	say(t, v, tail(0, "de", "tail"))
	say(t, v, words(0, "en", "waits"), tail(0, "en", "waits too"))
	if err := r.Forget(); err != nil {
		t.Fatal(err)
	}
	var reset *ResetError
	if _, err := now(rd); !errors.As(err, &reset) || reset.From != reset.To {
		t.Fatalf("%v", err)
	}
	if s, _ := r.Screen(); len(s.Segments)+len(s.Tails) > 0 {
		t.Errorf("%+v", s)
	}
	if p, err := r.Page(1<<50, 100); err != nil || len(p.Events) > 0 {
		t.Errorf("%+v %v", p, err)
	}
	rd, err := r.Resume(reset.From)
	if err != nil {
		t.Fatal(err)
	}
	say(t, v, words(0, "en", "after"))
	flush(t, r)
	wants(t, rd, "1:said en0 after")
	if s, _ := r.Screen(); len(s.Segments) != 1 || s.Segments[0].Whole {
		t.Errorf("%+v", s)
	}
	r.log.close()
	r = open(t, dir, Options{})
	if got := line(all(t, r), nil); got != "1:said en0 after" {
		t.Errorf("after a restart: %s", got)
	}
	if v := join(t, r, ""); v.Number() != 3 {
		t.Errorf("the third voice has number %d", v.Number())
	}
}

func TestCaptionsOutOfBounds(t *testing.T) {
	r := New(Options{})
	v := join(t, r, "")
	long := strings.Repeat("x", maxWord+1)
	for name, c := range map[string]sotto.Caption{
		"language": {Language: long[:65]},
		"segment":  {Segment: -1},
		"word":     {Words: []sotto.Word{{Text: "a"}, {Text: long}}},
	} {
		if err := v.Caption(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := r.Join(long); err == nil {
		t.Error("a long name")
	}
	if err := v.Gap(0, 0, long); err == nil {
		t.Error("a long cause")
	}
	if s := r.Stats(); s.Events != 1 {
		t.Errorf("%+v", s)
	}
}

// A caption of more words than a record holds becomes several events.
func TestALongCaptionIsSplit(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, Options{})
	v := join(t, r, "")
	c := words(3, "en", strings.Repeat(strings.Repeat("y", 3000)+" ", 40))
	say(t, v, c)
	flush(t, r)
	r.log.close()
	var text strings.Builder
	events := all(t, open(t, dir, Options{}))
	for _, e := range events {
		text.WriteString(e.Text())
	}
	if text.String() != c.Text() || len(events) < 4 {
		t.Errorf("%d bytes in %d events, want %d", text.Len(), len(events), len(c.Text()))
	}
}

func TestACloseIsSeenBehindTheLastEvent(t *testing.T) {
	r := New(Options{})
	rd := r.Follow()
	v := join(t, r, "A")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if u, err := now(rd); err != nil || len(u.Events) != 1 {
		t.Errorf("%v %v", u, err)
	}
	if _, err := now(rd); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if err := v.Leave(); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := r.Join("B"); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsTooOldGoes(t *testing.T) {
	dir := t.TempDir()
	aside := filepath.Join(dir, "00000009.log.damaged")
	if err := os.WriteFile(aside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir, Options{KeepFor: time.Hour, FileBytes: 1})
	v := join(t, r, "")
	for i := range 3 {
		say(t, v, words(i, "en", "a"))
		flush(t, r)
	}
	cut := func(at time.Time) {
		r.expire(at)
		if err := r.log.retain(at); err != nil {
			t.Fatal(err)
		}
	}
	cut(time.Now().Add(59 * time.Minute))
	if n := len(all(t, r)); n != 4 {
		t.Errorf("%d events before an hour", n)
	}
	cut(time.Now().Add(61 * time.Minute))
	if n := len(all(t, r)); n != 0 {
		t.Errorf("%d events after an hour", n)
	}
	if s, _ := r.Screen(); len(s.Segments) > 0 {
		t.Errorf("on the screen: %+v", s)
	}
	if names := files(t, dir); len(names) > 0 {
		t.Errorf("left: %v", names)
	}
	if p, err := r.Page(5, 9); err != nil || len(p.Events) > 0 || p.More {
		t.Errorf("%+v %v", p, err)
	}
	say(t, v, words(3, "en", "b"))
	flush(t, r)
	r.log.close()
	if got := line(all(t, open(t, dir, Options{})), nil); got != "1:said en3 b" {
		t.Errorf("after a restart: %s", got)
	}
}

func TestTheOldestFilesGoFirst(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir, Options{FileBytes: 1, KeepBytes: 400})
	v := join(t, r, "")
	for i := range 30 {
		say(t, v, words(i, "en", "a"))
		flush(t, r)
	}
	if err := r.log.retain(time.Now()); err != nil {
		t.Fatal(err)
	}
	names := files(t, dir)
	if len(names) < 2 || len(names) > 8 || names[len(names)-1] != "00000030.log" {
		t.Errorf("left: %v", names)
	}
}
