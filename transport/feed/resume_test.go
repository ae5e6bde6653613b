package feed

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sotto/transport/room"
)

// line is a connection that ends behind some bytes.
type line struct {
	bytes.Buffer
	header http.Header
}

func (w *line) Header() http.Header              { return w.header }
func (w *line) WriteHeader(int)                  {}
func (w *line) Flush()                           {}
func (w *line) SetWriteDeadline(time.Time) error { return nil }

// follower is a client of server-sent events that comes again when it was cut off.
type follower struct {
	t      *testing.T
	at     room.Cursor
	known  bool // at
	resets int
	last   string // id
}

// hears takes what came over one connection; an event that is cut off does not count.
func (f *follower) hears(data string) {
	for {
		block, rest, whole := strings.Cut(data, "\n\n")
		if !whole {
			return
		}
		data = rest
		name, id := "", ""
		for line := range strings.SplitSeq(block, "\n") {
			field, value, _ := strings.Cut(line, ": ")
			switch field {
			case "event":
				name = value
			case "id":
				id = value
			}
		}
		f.event(name, id)
	}
}

func (f *follower) event(name, id string) {
	if name == "reset" {
		f.known = false
		f.resets++
	}
	if id == "" {
		return
	}
	at, ok := parseID(id)
	if !ok {
		f.t.Fatalf("id %q", id)
	}
	if f.known && (name == "screen" || at.Seq != f.at.Seq+1) {
		f.t.Fatalf("%s %s follows %v", name, id, f.at)
	}
	if !f.known && name != "screen" {
		f.t.Fatalf("%s %s comes before any screen", name, id)
	}
	f.at, f.known, f.last = at, true, id
}

// A client that is cut off anywhere and comes again misses nothing and gets nothing
// twice; where that cannot be, because the text was forgotten or the room begun anew, it
// is told.
func TestCutsAreHealed(t *testing.T) {
	sessions := 500
	if os.Getenv("SOTTO_RELIABILITY") != "" {
		sessions = 10_000
	}
	synctest.Test(t, func(t *testing.T) {
		for seed := range sessions {
			session(t, rand.New(rand.NewPCG(7, uint64(seed))))
		}
	})
}

func session(t *testing.T, rng *rand.Rand) {
	rooms := memory(t)
	defer func() { rooms.Close() }()
	f := &follower{t: t}
	var voice *room.Voice
	begin := func() { voice, _ = hallOf(t, rooms).Join("") }
	begin()
	excuses, segment := 0, 0
	for cuts := rng.IntN(6); cuts >= 0; cuts-- {
		ctx, gone := context.WithCancel(t.Context())
		request := httptest.NewRequestWithContext(ctx, "GET", "/rooms/hall/events", nil)
		if f.last != "" {
			request.Header.Set("Last-Event-ID", f.last)
		}
		h := &Handler{Rooms: rooms, Log: slog.New(slog.DiscardHandler)}
		mux := http.NewServeMux()
		h.Mount(mux)
		w, served := &line{header: make(http.Header)}, make(chan struct{})
		go func() { mux.ServeHTTP(w, request); close(served) }()
		for range rng.IntN(20) {
			if rng.IntN(3) == 0 {
				synctest.Wait()
			}
			spell(t, voice, segment, time.Second, time.Second, "some words", rng.IntN(2) == 0)
			segment++
		}
		if rng.IntN(6) == 0 {
			hallOf(t, rooms).Forget()
			excuses++
		}
		synctest.Wait()
		gone()
		<-served
		heard := w.String()
		if cuts > 0 {
			heard = heard[:rng.IntN(len(heard)+1)]
		}
		f.hears(heard)
		if cuts > 0 && rng.IntN(6) == 0 {
			rooms.Close()
			rooms = memory(t)
			begin()
			excuses++
		}
	}
	if f.resets > 0 && excuses == 0 {
		t.Fatalf("%d resets for nothing", f.resets)
	}
	if want := hallOf(t, rooms).Follow().Cursor(); !f.known || f.at != want {
		t.Fatalf("it ends at %v, the room at %v", f.at, want)
	}
}
