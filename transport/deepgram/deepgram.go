// Package deepgram is the door for clients of Deepgram's streaming API: a
// WebSocket at /v1/listen whose sound is written down while it is spoken, or
// translated. docs/doors.md says what is accepted and what differs.
package deepgram

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/line"
	"sotto/transport/voice"
)

// idle is how long Deepgram's clients may send neither sound nor KeepAlive.
const idle = 10 * time.Second

// Options configure a Handler.
type Options struct {
	Hall *voice.Hall // whose engine is set before Ready says so
	// Ready says whether there is an engine to hear; nil: there is.
	Ready func() bool
	// CheckOrigin says whether a page may ask; nil: none may, programs only.
	CheckOrigin func(*http.Request) bool
	// MayEnter says whether a client may be read in a room, or in none ("");
	// nil: in every one.
	MayEnter func(r *http.Request, room string) bool
	Limits   func() line.Limits // of a voice that connects now; nil: the defaults
	Drain    time.Duration      // for a voice to say what is left at its end; 0: 10 s
	Source   string             // language of voices that do not say, where the model hears several; "": none
	Log      *slog.Logger
}

// Handler serves the API's streams.
type Handler struct {
	line.Guests
	opt     Options
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

// Mount registers the handler's path.
func (h *Handler) Mount(mux *http.ServeMux) { mux.HandleFunc("GET /v1/listen", h.listen) }

// problem is why there is no voice, as clients of the API read it.
type problem struct {
	status        int
	code, message string
	retry         time.Duration
}

// listen opens a voice and a WebSocket for it, and serves it until it ends, until
// the client goes, or until the request's context ends: then what was heard is
// still said, within Drain.
func (h *Handler) listen(w http.ResponseWriter, r *http.Request) {
	id := newID()
	w.Header().Set("dg-request-id", id)
	if p := h.admit(r); p != nil {
		p.answer(w, id)
		return
	}
	if h.Enter() != nil {
		(&problem{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "the server stops; connect again in a few seconds", 5 * time.Second}).answer(w, id)
		return
	}
	defer h.Leave()
	v, p := h.open(r, id)
	if p != nil {
		p.answer(w, id)
		return
	}
	limits := line.Limits{}
	if h.opt.Limits != nil {
		limits = h.opt.Limits()
	}
	limits.Idle = cmp.Or(limits.Idle, idle)
	limits = limits.WithDefaults()
	upgrader := websocket.Upgrader{
		HandshakeTimeout: limits.Write, CheckOrigin: h.opt.CheckOrigin, Subprotocols: []string{"token", "bearer"},
	}
	conn, err := upgrader.Upgrade(w, r, http.Header{"dg-request-id": {id}})
	if err != nil {
		v.hearing.Drop()
		return // the upgrader has answered
	}
	log := h.opt.Log.With("door", "deepgram", "stream", h.numbers.Add(1))
	log.Info("stream connected")
	why := v.serve(r.Context(), line.OpenSocket(r.Context(), conn, limits), limits.Idle, log)
	log.Info("stream ended", "why", why, "seconds", int(time.Since(v.began).Seconds()), "stats", v.hearing.Stats())
}

func (h *Handler) admit(r *http.Request) *problem {
	switch {
	case !h.opt.CheckOrigin(r):
		return &problem{http.StatusForbidden, "ORIGIN_NOT_ALLOWED", "this page may not ask this server; start it with --allow-origin and the page's origin", 0}
	case h.opt.Ready != nil && !h.opt.Ready():
		return &problem{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "the server loads its model or stops; try again in a few seconds", 5 * time.Second}
	case !websocket.IsWebSocketUpgrade(r):
		return &problem{http.StatusBadRequest, "WEBSOCKET_NEEDED", "open a WebSocket here; recordings go to /v1/audio/transcriptions", 0}
	}
	return nil
}

// open takes a seat for what the address asks for.
func (h *Handler) open(r *http.Request, id string) (*stream, *problem) {
	q, err := readQuery(r.URL.Query())
	if err == nil {
		q.source = voice.Spoken(h.opt.Hall.Engine, q.source, h.opt.Source)
		err = q.check()
	}
	if err == nil && h.opt.MayEnter != nil && !h.opt.MayEnter(r, q.room) {
		err = errors.New("room is not the one that the key is for; name that one")
	}
	var sound *voice.Sound
	if err == nil {
		sound, err = voice.NewSound(formats[q.encoding].name, q.rate, q.channels)
	}
	if err != nil {
		return nil, &problem{http.StatusBadRequest, "INVALID_QUERY_PARAMETER", err.Error(), 0}
	}
	hearing, err := line.Open(h.opt.Hall, voice.Options{
		Source: q.source, Targets: []string{cmp.Or(q.target, q.source)}, Latency: q.latency, Room: q.room,
	}, sound, formats[q.encoding].width*q.channels)
	if err != nil {
		return nil, refused(err)
	}
	return newStream(h, q, hearing, id), nil
}

// refused explains why a voice cannot be opened.
func refused(err error) *problem {
	var why *voice.Refusal
	if !errors.As(err, &why) {
		return &problem{http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "the server failed; its log says more", 0}
	}
	switch text := why.Message + "; " + why.Hint; why.Code {
	case voice.Full:
		return &problem{http.StatusTooManyRequests, "TOO_MANY_REQUESTS", text, max(why.Retry, time.Second)}
	case voice.Stopping:
		return &problem{http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", text, 5 * time.Second}
	case voice.Internal:
		return &problem{http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", text, 0}
	case voice.Language:
		return &problem{http.StatusBadRequest, "INVALID_QUERY_PARAMETER", why.Message, 0}
	default:
		return &problem{http.StatusBadRequest, "INVALID_QUERY_PARAMETER", text, 0}
	}
}

// answer refuses the handshake. Clients that show no body show the dg-error header.
func (p *problem) answer(w http.ResponseWriter, id string) {
	h := w.Header()
	h.Set("dg-error", strconv.QuoteToASCII(p.message))
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retry+time.Second-1)/time.Second)))
	}
	w.WriteHeader(p.status)
	json.NewEncoder(w).Encode(map[string]string{"err_code": p.code, "err_msg": p.message, "request_id": id})
}
