// Package openai is the door for clients of OpenAI's audio endpoints: they send
// a recording as a form and get text. README.md says what is accepted and what
// differs.
package openai

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"sotto"
)

const (
	// DefaultMaxFile bytes of a recording are OpenAI's own limit.
	DefaultMaxFile = 25 << 20
	// maxSound is the longest recording: a small file can hold days of silence.
	maxSound = 4 * time.Hour
	// maxRequests recordings are received or heard at once; each may take
	// MaxFile of the disk.
	maxRequests = 16

	turnTimeout   = 30 * time.Second // for the recordings before
	idleTimeout   = 30 * time.Second // for more of an upload to come
	uploadTimeout = 15 * time.Minute // for all of it
	writeTimeout  = 30 * time.Second // for a piece of the reply to leave
)

// Options configure a Handler.
type Options struct {
	// Ready says whether there is an engine to hear; nil: there is.
	Ready func() bool
	// CheckOrigin says whether a page may ask; nil: none may, programs only.
	CheckOrigin func(*http.Request) bool
	Source      string // language of recordings that do not say, where the model hears several; "": none
	Log         *slog.Logger
	MaxFile     int64  // bytes of a recording; 0: DefaultMaxFile
	Folder      string // for uploads, which are removed before they are heard; "": the system's
}

// Handler serves /v1/audio/transcriptions, /v1/audio/translations and /v1/models.
type Handler struct {
	Engine *sotto.Engine // set before Ready says so

	opt      Options
	began    time.Time
	active   atomic.Int32
	turn     chan struct{} // held by the recording that is heard
	idle     time.Duration
	patience time.Duration // for a turn
	maxSound time.Duration
}

// New returns a handler.
func New(opt Options) *Handler {
	if opt.CheckOrigin == nil {
		opt.CheckOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == "" }
	}
	if opt.MaxFile <= 0 {
		opt.MaxFile = DefaultMaxFile
	}
	if opt.Folder == "" {
		opt.Folder = os.TempDir()
	}
	return &Handler{opt: opt, began: time.Now(), turn: make(chan struct{}, 1), idle: idleTimeout, patience: turnTimeout, maxSound: maxSound}
}

// Mount registers the handler's paths. They have methods, so that the rest of
// /v1 and the page stay free for others.
func (h *Handler) Mount(mux *http.ServeMux) {
	for _, method := range []string{"GET", "POST", "OPTIONS"} {
		for _, path := range []string{"/v1/audio/", "/v1/models", "/v1/models/"} {
			mux.Handle(method+" "+path, h)
		}
	}
}

// ServeHTTP answers one request. When its context ends, what is in work is given
// up and answered with 503.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID()
	head := w.Header()
	head.Set("X-Request-Id", id)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	// Where a body is not read, the server waits for it before it answers.
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.idle))
	log := h.opt.Log.With("request", id)
	if p := h.serve(w, r, log); p != nil {
		log.Info("request refused", "path", known(r.URL.Path), "status", p.status, "code", p.code())
		p.write(w)
	}
}

// serve answers a request, or says why it does not.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, log *slog.Logger) *problem {
	if !h.opt.CheckOrigin(r) {
		return refuse(http.StatusForbidden, "", "origin_not_allowed", "pages of %.64q may not ask this server; start it with --allow-origin and the page's origin", r.Header.Get("Origin"))
	}
	share(w, r)
	if h.opt.Ready != nil && !h.opt.Ready() {
		return unready()
	}
	path := known(r.URL.Path)
	want := http.MethodGet
	if path == transcriptions || path == translations {
		want = http.MethodPost
	}
	switch {
	case path == "":
		return refuse(http.StatusNotFound, "", "unknown_url", "Invalid URL (%s %.64s); this server has %s, %s and %s", r.Method, r.URL.EscapedPath(), transcriptions, translations, models)
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case r.Method != want:
		w.Header().Set("Allow", want)
		return refuse(http.StatusMethodNotAllowed, "", "method_not_supported", "Not allowed to %s on %s; use %s", r.Method, path, want)
	case path == models:
		return h.models(w, strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, models), "/"))
	}
	return h.hear(w, r, path == translations, log)
}

const (
	transcriptions = "/v1/audio/transcriptions"
	translations   = "/v1/audio/translations"
	models         = "/v1/models"
)

// known returns which of our paths a path is, "" for none.
func known(path string) string {
	switch {
	case path == transcriptions, path == translations:
		return path
	case path == models, strings.HasPrefix(path, models+"/"):
		return models
	}
	return ""
}

// share lets a page whose origin has passed the check read the reply.
func share(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		head.Set("Access-Control-Allow-Origin", origin)
		head.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After")
	}
	if r.Method == http.MethodOptions {
		head.Set("Access-Control-Allow-Methods", "GET, POST")
		head.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	}
}

func requestID() string {
	var b [12]byte
	rand.Read(b[:])
	return "req_" + hex.EncodeToString(b[:])
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(v)
}
