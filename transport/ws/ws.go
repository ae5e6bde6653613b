// Package ws is our WebSocket door: one connection is one voice. It speaks the
// protocol of package wire.
package ws

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
)

const (
	startTimeout  = 10 * time.Second // from the handshake to Start
	idleTimeout   = 60 * time.Second // without any message
	writeTimeout  = 10 * time.Second // for one message to leave
	lingerTimeout = 2 * time.Second  // for the client to close after us
	drainTimeout  = 10 * time.Second // to say what is left when the server stops
)

// Handler serves voices on one engine. Its fields are set before its first
// request.
type Handler struct {
	Engine      *sotto.Engine
	CheckOrigin func(*http.Request) bool // whether a page may open a voice; nil: only from the same host
	Log         *slog.Logger

	voices  sync.WaitGroup
	numbers atomic.Int64
}

// ServeHTTP upgrades the request and serves one voice until it ends, until the
// client goes, or until the request's context ends: then what was heard is
// still said, within drainTimeout.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.voices.Add(1)
	defer h.voices.Done()
	upgrader := websocket.Upgrader{
		HandshakeTimeout: startTimeout,
		CheckOrigin:      h.CheckOrigin,
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	log := h.Log.With("voice", h.numbers.Add(1))
	log.Info("voice connected")
	began := time.Now()
	v := &voice{engine: h.Engine, socket: socket, log: log, shown: make(map[string]bool)}
	end := v.serve(r.Context())
	log.Info("voice ended", "why", end.why(), "seconds", int(time.Since(began).Seconds()), "stats", v.stats())
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
