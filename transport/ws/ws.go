// Package ws is our WebSocket door: one connection is one voice. It speaks the
// protocol of package wire.
package ws

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/voice"
	"sotto/transport/wire"
)

// Limits bound what a voice may send and how long it is waited for. A zero field
// means its default.
type Limits struct {
	Text   int           // bytes of a text message; 8 KiB
	Binary int           // bytes of a message with sound; 64 KiB
	Start  time.Duration // from the handshake to Start; 10 s
	Idle   time.Duration // without sound; 60 s
	Write  time.Duration // for one message to leave; 10 s
	Linger time.Duration // for the client to close after us; 2 s

	Message time.Duration // for the rest of a message that has begun; 10 s
	Ping    time.Duration // between two pings; 25 s
	Pong    time.Duration // for the answer; 10 s
	Session time.Duration // of a voice; 4 h
}

// drainTimeout is how long a voice may say what is left when the server stops.
const drainTimeout = 10 * time.Second

// WithDefaults puts the defaults in.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Text: cmp.Or(l.Text, wire.MaxText), Binary: cmp.Or(l.Binary, wire.MaxBinary),
		Start: cmp.Or(l.Start, 10*time.Second), Idle: cmp.Or(l.Idle, 60*time.Second),
		Write: cmp.Or(l.Write, 10*time.Second), Linger: cmp.Or(l.Linger, 2*time.Second),
		Message: cmp.Or(l.Message, 10*time.Second), Ping: cmp.Or(l.Ping, 25*time.Second), Pong: cmp.Or(l.Pong, 10*time.Second),
		Session: cmp.Or(l.Session, 4*time.Hour),
	}
}

// Handler serves voices of a hall. Its fields are set before its first
// request.
type Handler struct {
	Hall        *voice.Hall
	CheckOrigin func(*http.Request) bool                // whether a page may open a voice; nil: only from the same host
	MaySpeak    func(r *http.Request, room string) bool // whether who asked may speak in the room, "" for none; nil: everyone
	Limits      func() Limits                           // of a voice that connects now; nil: the defaults
	Drain       time.Duration                           // for a voice to say what is left when the server stops; 0: 10 s
	Log         *slog.Logger

	door    sync.Mutex
	closed  bool
	voices  sync.WaitGroup
	numbers atomic.Int64
}

// enter counts a voice in, unless the door is closed.
func (h *Handler) enter() bool {
	h.door.Lock()
	defer h.door.Unlock()
	if !h.closed {
		h.voices.Add(1)
	}
	return !h.closed
}

// Close lets no more voices in. Those that are in go on.
func (h *Handler) Close() {
	h.door.Lock()
	defer h.door.Unlock()
	h.closed = true
}

func (h *Handler) limits() Limits {
	if h.Limits == nil {
		return Limits{}.WithDefaults()
	}
	return h.Limits().WithDefaults()
}

// ServeHTTP upgrades the request and serves one voice until it ends, until the
// client goes, or until the request's context ends: then what was heard is
// still said, within Drain.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.enter() {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "the server is stopping; connect again in a few seconds", http.StatusServiceUnavailable)
		return
	}
	defer h.voices.Done()
	limits := h.limits()
	upgrader := websocket.Upgrader{
		HandshakeTimeout: limits.Start,
		CheckOrigin:      h.CheckOrigin,
		Subprotocols:     []string{wire.Subprotocol},
		Error:            refuse,
	}
	if offered := websocket.Subprotocols(r); len(offered) > 0 && !slices.Contains(offered, wire.Subprotocol) {
		http.Error(w, "the only subprotocol here is "+wire.Subprotocol+"; name it, or none", http.StatusBadRequest)
		return
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	log := h.Log.With("voice", h.numbers.Add(1))
	log.Info("voice connected")
	began := time.Now()
	v := &visit{
		hall: h.Hall, socket: socket, log: log, numbers: wire.NewNumbering(),
		maySpeak: func(room string) bool { return h.MaySpeak == nil || h.MaySpeak(r, room) },
		limits:   limits, drain: cmp.Or(h.Drain, drainTimeout),
	}
	end := v.serve(r.Context())
	log.Info("voice ended", "why", end.why(), "seconds", int(time.Since(began).Seconds()), "stats", v.stats(), "repeated", v.repeated())
}

// refuse answers a request that is not upgraded.
func refuse(w http.ResponseWriter, r *http.Request, status int, reason error) {
	text := "this address speaks WebSocket, version 13; see PROTOCOL.md"
	if status == http.StatusForbidden {
		text = "this page may not open a voice; start the server with --allow-origin"
	}
	w.Header().Set("Sec-WebSocket-Version", "13")
	http.Error(w, text, status)
}

// Wait returns when every voice has ended, or when ctx ends.
func (h *Handler) Wait(ctx context.Context) {
	done := make(chan struct{})
	go func() { h.voices.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
