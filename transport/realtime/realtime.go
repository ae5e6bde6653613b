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
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/line"
	"sotto/transport/voice"
)

const (
	// maxSessions are open at once. Only those that send sound have a seat.
	maxSessions = 64
	// maxMessage bytes are the longest message.
	maxMessage = 1 << 20
	// longest is how old a session may become.
	longest = 24 * time.Hour
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
	Limits   func() line.Limits // of a session that connects now; nil: the defaults
	Drain    time.Duration      // for a session to say what is left at its end; 0: 10 s
	Source   string             // language of voices that do not say, where the model hears several; "": none
	// Mint makes a key that is accepted for at most so long; nil: every key is accepted,
	// and this one says nothing.
	Mint func(ctx context.Context, ttl time.Duration) (secret string, expires time.Time, err error)
	Log  *slog.Logger
}

// The paths of the API.
const (
	sessions     = "/v1/realtime"
	translations = "/v1/realtime/translations"
)

// Handler serves the API's sessions and the keys to them.
type Handler struct {
	line.Guests
	opt     Options
	keys    keys
	numbers atomic.Int64
}

// New returns a handler.
func New(opt Options) *Handler {
	if opt.CheckOrigin == nil {
		opt.CheckOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == "" }
	}
	opt.Drain = cmp.Or(opt.Drain, 10*time.Second)
	return &Handler{opt: opt, Guests: line.Guests{Most: maxSessions}}
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

func (h *Handler) limits() (l line.Limits) {
	if h.opt.Limits != nil {
		l = h.opt.Limits()
	}
	l.Text = cmp.Or(l.Text, maxMessage)
	return l.WithDefaults()
}

// noPlace explains why a session is not let in.
func noPlace(err error) *fault {
	if err == line.ErrCrowded {
		return failed("too_many_sessions", "%d sessions are open, which is the most; try again in a few seconds", maxSessions)
	}
	return failed("server_stopping", "the server stops; connect again in a few seconds")
}

// connect upgrades the request and serves a session until it ends, until the
// client goes, or until the request's context ends: then what was heard is still
// said, within Drain.
func (h *Handler) connect(w http.ResponseWriter, r *http.Request) {
	if err := h.Enter(); err != nil {
		noPlace(err).answer(w, http.StatusServiceUnavailable, 5*time.Second)
		return
	}
	defer h.Leave()
	limits := h.limits()
	upgrader := websocket.Upgrader{HandshakeTimeout: limits.Write, CheckOrigin: h.opt.CheckOrigin, Subprotocols: []string{"realtime"}}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	v := h.visit(r, line.OpenSocket(r.Context(), socket, limits), limits)
	v.log.Info("session connected", "kind", v.config.kind)
	began := time.Now()
	end := v.serve()
	v.log.Info("session ended", "why", end.why, "seconds", int(time.Since(began).Seconds()), "stats", v.stats())
}

// visit makes a session as its address, and the key it comes with, want it.
func (h *Handler) visit(r *http.Request, socket *line.Socket, limits line.Limits) *visit {
	query := r.URL.Query()
	v := &visit{
		handler: h, limits: limits, socket: socket, ctx: r.Context(), log: h.opt.Log.With("session", h.numbers.Add(1)),
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
