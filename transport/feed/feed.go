// Package feed lets programs and pages read rooms: over a WebSocket, as
// server-sent events, as text and JSON lines, and as subtitles. PROTOCOL.md of package wire says
// what each sends.
package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sotto/transport/room"
)

const (
	patience  = 10 * time.Second // for a piece to leave for a reader that does not read
	keepAlive = 15 * time.Second // between comments
)

// Handler serves readers. Its fields are set before its first request. Zero means
// the default.
type Handler struct {
	Rooms       *room.Store
	CheckOrigin func(*http.Request) bool // whether a page may read; nil: every page
	// Stopping is closed when the server stops: who reads goes on until the rooms
	// are closed, nobody else is let in.
	Stopping  <-chan struct{}
	Patience  time.Duration // for a piece of at most about 64 KiB to leave; 10 s
	KeepAlive time.Duration // between comments, or pings, of a stream of events; 15 s
	Log       *slog.Logger

	now func() time.Time // tests are ahead of time; nil: time.Now

	mu      sync.Mutex // guards the following
	lives   map[*room.Room]*live
	closed  bool           // no more sockets are let in
	sockets sync.WaitGroup // that are open
}

// enter counts a socket in, unless somebody waits for all of them to go.
func (h *Handler) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.sockets.Add(1)
	}
	return !h.closed
}

// Wait returns when every WebSocket has said goodbye, or when ctx ends. It lets no more
// in. An HTTP server waits for the other readers itself.
func (h *Handler) Wait(ctx context.Context) {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	done := make(chan struct{})
	go func() { h.sockets.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// visit is one request.
type visit struct {
	*sender
	request  *http.Request
	room     *room.Room
	language string // languages with commas between; "": all
	follow   bool
	pause    time.Duration // between comments or pings
	leave    func()        // the room
}

// Mount adds the addresses.
func (h *Handler) Mount(mux *http.ServeMux) {
	for name, f := range map[string]struct {
		kind  string
		serve func(context.Context, *visit)
	}{
		"events":         {"text/event-stream", events},
		"captions.txt":   {"text/plain; charset=utf-8", text},
		"captions.jsonl": {"application/jsonl", lines},
		"captions.srt":   {"application/x-subrip; charset=utf-8", srt},
		"captions.vtt":   {"text/vtt; charset=utf-8", vtt},
	} {
		mux.HandleFunc("GET /rooms/{id}/"+name, func(w http.ResponseWriter, r *http.Request) {
			h.serve(w, r, f.kind, f.serve)
		})
	}
	mux.HandleFunc("GET /rooms/{id}/stream", h.socket)
	mux.HandleFunc("GET /rooms/{id}", h.answer(state))
	mux.HandleFunc("GET /rooms/{id}/history", h.answer(history))
	mux.HandleFunc("GET /rooms/{id}/hls/master.m3u8", h.stream((*live).master))
	mux.HandleFunc("GET /rooms/{id}/hls/silence/{name}", h.stream((*live).silence))
	mux.HandleFunc("GET /rooms/{id}/hls/{language}/{name}", h.stream((*live).track))
	mux.HandleFunc("DELETE /rooms/{id}", h.Forget)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, kind string, serve func(context.Context, *visit)) {
	v, status, why := h.admit(r)
	if status != http.StatusOK {
		refuse(w, status, why)
		return
	}
	defer v.leave()
	header(w.Header(), r, kind)
	w.Header().Set("Connection", "close") // its write deadline stays behind
	if r.Method == http.MethodHead {
		return
	}
	ctx, cancel := h.life(r)
	defer cancel()
	v.sender = newSender(w, cmp.Or(h.Patience, patience))
	serve(ctx, v)
}

func refuse(w http.ResponseWriter, status int, why string) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	http.Error(w, why, status)
}

// header keeps answers from being stored, and lets pages that were let in read them.
func header(to http.Header, r *http.Request, kind string) {
	to.Set("Content-Type", kind)
	to.Set("Cache-Control", "no-store")
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("X-Accel-Buffering", "no")
	to.Set("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		to.Set("Access-Control-Allow-Origin", origin)
	}
}

// admit lets a reader into a room that exists, or says why not.
func (h *Handler) admit(r *http.Request) (v *visit, status int, why string) {
	query := r.URL.Query()
	v = &visit{
		request: r, language: query.Get("lang"), pause: cmp.Or(h.KeepAlive, keepAlive),
		follow: query.Get("follow") == "1",
	}
	if status, why = h.check(r); status != http.StatusOK {
		return nil, status, why
	}
	id := r.PathValue("id")
	var err error
	if v.room, err = h.Rooms.Find(id); err == nil {
		v.leave, err = v.room.Enter()
	}
	switch {
	case errors.Is(err, room.ErrNone):
		return nil, http.StatusNotFound, fmt.Sprintf("there is no room %.64q; a voice begins it", id)
	case errors.Is(err, room.ErrReaders):
		return nil, http.StatusServiceUnavailable, "as many read here as this server serves; try again later"
	case err != nil:
		h.Log.Warn("room cannot be read", "room", id, "error", err)
		return nil, http.StatusServiceUnavailable, "the room cannot be opened now; the server's log has more"
	}
	return v, http.StatusOK, ""
}

// check refuses strange pages, and everyone when the server stops.
func (h *Handler) check(r *http.Request) (status int, why string) {
	switch {
	case h.CheckOrigin != nil && !h.CheckOrigin(r):
		return http.StatusForbidden, "this page may not read here; start the server with --allow-origin"
	case h.stopping():
		return http.StatusServiceUnavailable, "the server is stopping; try again in a few seconds"
	}
	return http.StatusOK, ""
}

func (h *Handler) stopping() bool {
	select {
	case <-h.Stopping:
		return true
	default:
		return false
	}
}

// life is a reader's context. It ends when the client goes, but not when the server
// stops: then the rooms are closed behind the last words.
func (h *Handler) life(r *http.Request) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	stop := context.AfterFunc(r.Context(), func() {
		if !h.stopping() {
			cancel()
		}
	})
	return ctx, func() { stop(); cancel() }
}

// wants reports whether the reader asked for an event.
func (v *visit) wants(language string) bool {
	return v.language == "" || language == "" || slices.Contains(strings.Split(v.language, ","), language)
}
