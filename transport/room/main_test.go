package room

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sotto"
	"sotto/audio"
)

// sized returns how many cases a test has: few, or many where SOTTO_RELIABILITY is set.
func sized(few, many int) int {
	if os.Getenv("SOTTO_RELIABILITY") != "" {
		return many
	}
	return few
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("ROOM_TEST_CHILD"); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// words returns a caption of words a second long.
func words(segment int, language, text string) sotto.Caption {
	c := sotto.Caption{Segment: segment, Language: language}
	for i, w := range strings.Fields(text) {
		at := audio.Position(i) * audio.RateHz
		c.Words = append(c.Words, sotto.Word{Text: " " + w, Start: at, End: at + audio.RateHz, Evidence: 0.5})
	}
	return c
}

func tail(segment int, language, text string) sotto.Caption {
	return sotto.Caption{Segment: segment, Language: language, Tail: text}
}

func end(segment int, language string) sotto.Caption {
	return sotto.Caption{Segment: segment, Language: language, End: true}
}

func join(t testing.TB, r *Room, name string) *Voice {
	t.Helper()
	v, err := r.Join(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func say(t testing.TB, v *Voice, captions ...sotto.Caption) {
	t.Helper()
	for _, c := range captions {
		if err := v.Caption(c); err != nil {
			t.Fatal(err)
		}
	}
}

// read returns what waits for a reader, without waiting.
func read(t testing.TB, rd *Reader) (events []Event, tails []Tail) {
	t.Helper()
	for {
		u, err := now(rd)
		if err != nil {
			t.Fatal(err)
		}
		if len(u.Events)+len(u.Tails) == 0 {
			return events, tails
		}
		events, tails = append(events, u.Events...), append(tails, u.Tails...)
	}
}

// now is Next that does not wait.
func now(rd *Reader) (Update, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	u, err := rd.Next(ctx)
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return u, err
}

// open opens the room of a folder and closes its file at the end.
func open(t testing.TB, dir string, opt Options) *Room {
	t.Helper()
	r, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.log.close() })
	return r
}

func flush(t testing.TB, r *Room) {
	t.Helper()
	if err := r.flush(); err != nil {
		t.Fatal(err)
	}
}

// all returns every event that a room holds in memory.
func all(t testing.TB, r *Room) []Event {
	t.Helper()
	_, err := r.Resume(Cursor{})
	var reset *ResetError
	if !errors.As(err, &reset) {
		t.Fatalf("%v, want a reset", err)
	}
	rd, err := r.Resume(reset.From)
	if err != nil {
		t.Fatal(err)
	}
	events, _ := read(t, rd)
	return events
}
