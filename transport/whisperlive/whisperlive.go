// Package whisperlive is the door for clients of WhisperLive: the first message
// says what is wanted, then sound goes one way and segments of text the other.
// docs/doors.md says what is accepted and what differs.
package whisperlive

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/line"
	"sotto/transport/voice"
)

// Path is where the door is on a server that has others too. Clients that can say
// no path need a listener of their own, which serves the handler everywhere.
const Path = "/v1/whisperlive"

// Options configure a Handler.
type Options struct {
	Hall *voice.Hall // whose engine is set before Ready says so
	// Ready says whether there is an engine to hear; nil: there is.
	Ready func() bool
	// CheckOrigin says whether a page may ask; nil: those of the same host may, since
	// WhisperLive's clients say that they are such a page.
	CheckOrigin func(*http.Request) bool
	// MayEnter says whether a client may be read in a room, or in none ("");
	// nil: in every one.
	MayEnter func(r *http.Request, room string) bool
	Limits   func() line.Limits // of a voice that connects now; nil: the defaults
	Start    time.Duration      // for the first message to come; 0: 10 s
	Drain    time.Duration      // for a voice to say what is left at its end; 0: 10 s
	Source   string             // language of voices that do not say, where the model hears several; "": none
	Log      *slog.Logger
}

// Handler serves WhisperLive's clients.
type Handler struct {
	line.Guests
	opt     Options
	numbers atomic.Int64
}

// maxClients are in at once. Only those that have said what they want have a seat.
const maxClients = 64

// New returns a handler.
func New(opt Options) *Handler {
	opt.Drain, opt.Start = cmp.Or(opt.Drain, 10*time.Second), cmp.Or(opt.Start, 10*time.Second)
	return &Handler{opt: opt, Guests: line.Guests{Most: maxClients}}
}

// Mount registers the handler's path.
func (h *Handler) Mount(mux *http.ServeMux) { mux.Handle("GET "+Path, h) }

// ServeHTTP upgrades the request and serves a voice until it ends, until the client
// goes, or until the request's context ends: then what was heard is still said,
// within Drain.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.opt.Ready != nil && !h.opt.Ready() || h.Enter() != nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "the server loads its model, stops, or has too many clients; try again in a few seconds", http.StatusServiceUnavailable)
		return
	}
	defer h.Leave()
	limits := line.Limits{}
	if h.opt.Limits != nil {
		limits = h.opt.Limits()
	}
	limits = limits.WithDefaults()
	upgrader := websocket.Upgrader{HandshakeTimeout: limits.Write, CheckOrigin: h.opt.CheckOrigin}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	v := &visit{
		handler: h, request: r, limits: limits, socket: line.OpenSocket(r.Context(), conn, limits),
		log: h.opt.Log.With("door", "whisperlive", "client", h.numbers.Add(1)),
	}
	v.log.Info("client connected")
	began := time.Now()
	why := v.serve(r.Context())
	v.log.Info("client ended", "why", why, "seconds", int(time.Since(began).Seconds()), "stats", v.stats())
}
