// Package realtime is the door for clients of OpenAI's Realtime API that want
// text: a WebSocket session translates or transcribes a voice while it speaks.
// The README of transport/openai says what is accepted and what differs.
package realtime

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/voice"
)

const (
	// maxSessions are open at once. Only those that send sound have a seat.
	maxSessions = 64
	// longest is how old a session may become.
	longest = 24 * time.Hour

	pingEvery  = 25 * time.Second
	pongWithin = 10 * time.Second
)

// Options configure a Handler.
type Options struct {
	Hall *voice.Hall // whose engine is set before Ready says so
	// Ready says whether there is an engine to hear; nil: there is.
	Ready func() bool
	// CheckOrigin says whether a page may ask; nil: none may, programs only.
	CheckOrigin func(*http.Request) bool
	// MayEnter says whether a client may be read in a room, or in none ("");
	// nil: it may.
	MayEnter func(r *http.Request, room string) bool
	Limits   func() Limits // of a session that connects now; nil: the defaults
	Drain    time.Duration // for a session to say what is left at its end; 0: 10 s
	Source   string        // language of voices that do not say, where the model hears several; "": none
	// Mint makes a key that is accepted for at most so long; nil: every key is accepted,
	// and this one says nothing.
	Mint func(ctx context.Context, ttl time.Duration) (secret string, expires time.Time, err error)
	Log  *slog.Logger
}

// Limits bound what a client may send and how long it is waited for. A zero field
// means its default.
type Limits struct {
	Message int           // bytes of a message; 1 MiB
	Idle    time.Duration // without any message; 60 s
	Write   time.Duration // for one message to leave; 10 s
	Linger  time.Duration // for the client to close after us; 2 s
}

// WithDefaults puts the defaults in.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Message: cmp.Or(l.Message, 1<<20), Idle: cmp.Or(l.Idle, 60*time.Second),
		Write: cmp.Or(l.Write, 10*time.Second), Linger: cmp.Or(l.Linger, 2*time.Second),
	}
}

// The paths of the API.
const (
	sessions     = "/v1/realtime"
	translations = "/v1/realtime/translations"
)

// Handler serves the API's sessions and the keys to them.
type Handler struct {
	opt  Options
	keys keys

	door    sync.Mutex
	closed  bool
	open    int
	visits  sync.WaitGroup
	numbers atomic.Int64
}

// New returns a handler.
func New(opt Options) *Handler {
	if opt.CheckOrigin == nil {
		opt.CheckOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == "" }
	}
	opt.Drain = cmp.Or(opt.Drain, 10*time.Second)
	return &Handler{opt: opt}
}

// Mount registers the handler's paths.
func (h *Handler) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+sessions, h.admitted(h.connect))
	mux.HandleFunc("GET "+translations, h.admitted(h.connect))
	mux.HandleFunc("POST "+sessions+"/client_secrets", h.admitted(h.newSecret))
	mux.HandleFunc("POST "+translations+"/client_secrets", h.admitted(h.newSecret))
	mux.HandleFunc("POST "+sessions+"/transcription_sessions", h.admitted(h.newBetaSecret))
}

// admitted lets a request in when there is an engine and its page may ask.
func (h *Handler) admitted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !h.opt.CheckOrigin(r):
			invalid("", "origin_not_allowed", "pages of %.64q may not ask this server; start it with --allow-origin and the page's origin", r.Header.Get("Origin")).answer(w, http.StatusForbidden, 0)
		case h.opt.Ready != nil && !h.opt.Ready():
			failed("server_not_ready", "the server loads its model or stops; try again in a few seconds").answer(w, http.StatusServiceUnavailable, 5*time.Second)
		default:
			next(w, r)
		}
	}
}

// enter counts a session in, unless there is no place.
func (h *Handler) enter() *fault {
	h.door.Lock()
	defer h.door.Unlock()
	switch {
	case h.closed:
		return failed("server_stopping", "the server stops; connect again in a few seconds")
	case h.open >= maxSessions:
		return failed("too_many_sessions", "%d sessions are open, which is the most; try again in a few seconds", h.open)
	}
	h.open++
	h.visits.Add(1)
	return nil
}

func (h *Handler) leave() {
	h.door.Lock()
	defer h.door.Unlock()
	h.open--
	h.visits.Done()
}

// Close lets no more sessions in. Those that are in go on.
func (h *Handler) Close() {
	h.door.Lock()
	defer h.door.Unlock()
	h.closed = true
}

// Wait returns when every session has ended, or when ctx ends.
func (h *Handler) Wait(ctx context.Context) {
	done := make(chan struct{})
	go func() { h.visits.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (h *Handler) limits() Limits {
	if h.opt.Limits == nil {
		return Limits{}.WithDefaults()
	}
	return h.opt.Limits().WithDefaults()
}

// connect upgrades the request and serves a session until it ends, until the
// client goes, or until the request's context ends: then what was heard is still
// said, within Drain.
func (h *Handler) connect(w http.ResponseWriter, r *http.Request) {
	if f := h.enter(); f != nil {
		f.answer(w, http.StatusServiceUnavailable, 5*time.Second)
		return
	}
	defer h.leave()
	limits := h.limits()
	upgrader := websocket.Upgrader{HandshakeTimeout: limits.Write, CheckOrigin: h.opt.CheckOrigin, Subprotocols: []string{"realtime"}}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	v := h.visit(r, socket, limits)
	v.log.Info("session connected", "kind", v.config.kind)
	began := time.Now()
	end := v.serve(r.Context())
	v.log.Info("session ended", "why", end.why, "seconds", int(time.Since(began).Seconds()), "stats", v.stats())
}

// visit makes a session as its address, and the key it comes with, want it.
func (h *Handler) visit(r *http.Request, socket *websocket.Conn, limits Limits) *visit {
	query := r.URL.Query()
	v := &visit{
		handler: h, limits: limits, socket: socket, log: h.opt.Log.With("session", h.numbers.Add(1)),
		label: newLabel(cmp.Or(query.Get("model"), h.model()), time.Now()), room: query.Get("room"),
		config: h.keys.config(keyOf(r), kindOf(r)),
	}
	v.config.source = cmp.Or(query.Get("source"), v.config.source)
	v.config.target = cmp.Or(query.Get("target_language"), v.config.target)
	f := h.checkModel(v.label.model)
	if f == nil {
		f = h.check(&v.config)
	}
	if h.opt.MayEnter != nil && !h.opt.MayEnter(r, v.room) {
		f = invalid("room", "invalid_value", "the key is for another room; name that one with room= in the address")
	}
	if f != nil && f.Code != missing { // what is missing may still come
		v.end = endRefused(f)
	}
	if v.talk = newTranscriber(v, isBeta(r)); v.config.kind == translation {
		v.talk = newTranslator(v)
	}
	return v
}

// kindOf says what kind of session a request wants. Clients that know only the
// one path say so by the model's name.
func kindOf(r *http.Request) string {
	query := r.URL.Query()
	intent := query.Get("intent")
	if r.URL.Path == translations || intent == translation || intent == "" && strings.Contains(query.Get("model"), "translate") {
		return translation
	}
	return transcription
}

// isBeta reports whether a client speaks as it was before there were several
// kinds of sessions.
func isBeta(r *http.Request) bool {
	return r.Header.Get("OpenAI-Beta") == "realtime=v1" || offers(r, func(p string) bool { return strings.HasPrefix(p, "openai-beta.realtime") }) != ""
}

// offers returns the first of the client's subprotocols that is wanted.
func offers(r *http.Request, wanted func(string) bool) string {
	for _, p := range websocket.Subprotocols(r) {
		if wanted(p) {
			return p
		}
	}
	return ""
}

// model is the loaded model's name without spaces.
func (h *Handler) model() string {
	return strings.ReplaceAll(h.opt.Hall.Engine.Model().Name, " ", "-")
}

// checkModel lets a session have the loaded model under its own name and those of
// OpenAI's that hear.
func (h *Handler) checkModel(name string) *fault {
	own := strings.EqualFold(name, h.model()) || strings.HasPrefix(name, "whisper-")
	for _, what := range []string{"realtime", "transcribe", "translate"} {
		own = own || strings.HasPrefix(name, "gpt-") && strings.Contains(name, what)
	}
	if !own || strings.Contains(name, "diarize") {
		return invalid("model", "model_not_found", "the model %.64q does not exist here; this server has %s, which also answers to gpt-realtime-translate and gpt-4o-transcribe", name, h.model())
	}
	return nil
}
