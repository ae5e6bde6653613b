// Package transport is the HTTP server: doors, and the checks in front of them.
package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"sotto"
	"sotto/transport/feed"
	"sotto/transport/openai"
	"sotto/transport/room"
	"sotto/transport/voice"
	"sotto/transport/whip"
	"sotto/transport/ws"
)

// Options configure a Server.
type Options struct {
	Engine  *sotto.Engine     // nil: Ready brings it
	Assets  fs.FS             // the page, served at /
	Files   map[string][]byte // more files by path, served as they are
	Latency string            // of voices that do not say; "": balanced
	Drain   time.Duration     // for voices to say what they have heard when the server stops; 0: 10 s
	Rooms   *room.Store       // Run runs and closes it; nil: rooms are in memory
	WebRTC  WebRTC
	Log     *slog.Logger
	Rules
}

// Rules may change while the server runs. They hold for what connects from then
// on.
type Rules struct {
	Hosts   []string // names this server may be called by, beside the loopback ones
	Origins []string // pages that may use the doors, beside our own, such as https://example.org
	Limits  ws.Limits
}

// MaxRooms is how many rooms may be open at a time.
const MaxRooms = 100

// Server serves the page and the doors on one listener.
type Server struct {
	options   Options
	hall      *voice.Hall
	voices    *ws.Handler
	audio     *openai.Handler
	readers   *feed.Handler
	published *whip.Door // nil: no WebRTC
	unsaved   error      // of the rooms, when they were closed
	listener  net.Listener
	rules     atomic.Pointer[Rules]
	phase     atomic.Int32
}

// Listen binds address. Nothing is served before Run.
func Listen(address string, opt Options) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("transport: cannot listen on %s: %w", address, err)
	}
	if opt.Rooms == nil {
		opt.Rooms, _ = room.OpenStore("", MaxRooms, room.Options{}) // without a folder it cannot fail
	}
	s := &Server{options: opt, listener: listener}
	s.SetRules(opt.Rules)
	s.hall = &voice.Hall{Latency: opt.Latency, Rooms: opt.Rooms, Log: opt.Log}
	s.voices = &ws.Handler{
		Hall: s.hall, CheckOrigin: s.ownOrigin, Limits: func() ws.Limits { return s.rules.Load().Limits },
		Drain: opt.Drain, Log: opt.Log,
	}
	s.readers = &feed.Handler{Rooms: opt.Rooms, CheckOrigin: s.ownOrigin, Log: opt.Log}
	s.audio = openai.New(openai.Options{CheckOrigin: s.ownOrigin, Ready: s.serving, Log: opt.Log})
	if err := s.openWhip(); err != nil {
		listener.Close()
		return nil, err
	}
	if opt.Engine != nil {
		s.Ready(opt.Engine)
	}
	return s, nil
}

// Addr returns the bound address, port included.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// SetRules replaces the rules.
func (s *Server) SetRules(rules Rules) { s.rules.Store(&rules) }

// Run serves until ctx ends, then lets every voice say what it has heard. What
// asks meanwhile is told that the server stops.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler:           s.checkHost(s.routes()),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	s.readers.Stopping = ctx.Done()
	keeping, endRooms := context.WithCancel(context.WithoutCancel(ctx))
	defer endRooms()
	kept := make(chan error, 1)
	go func() { kept <- s.options.Rooms.Run(keeping) }()
	calling, endCalls := context.WithCancel(ctx)
	defer endCalls()
	called := s.runWhip(calling)
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.drain(context.WithoutCancel(ctx), server)
	})
	err := server.Serve(s.listener)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	if !stop() {
		<-stopped
	}
	endCalls()
	err = errors.Join(err, called())
	s.closeRooms()
	endRooms()
	return errors.Join(err, s.unsaved, <-kept)
}

// closeRooms saves what waits and lets readers go behind the last event.
func (s *Server) closeRooms() { s.unsaved = errors.Join(s.unsaved, s.options.Rooms.Close()) }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/stream", s.stream)
	s.audio.Mount(mux)
	s.readers.Mount(mux)
	s.mountWhip(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.readyz)
	for path, data := range s.options.Files {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, path, time.Time{}, strings.NewReader(string(data)))
		})
	}
	page := http.FileServerFS(s.options.Assets)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		page.ServeHTTP(w, r)
	})
	return mux
}

// checkHost refuses names that are not ours. Without it a page of a rebound DNS
// name could reach a server on the loopback interface.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.ownHost(r.Host) {
			http.Error(w, fmt.Sprintf("the name %.64q is not served here; open http://%s, or start the server with --allow-host", r.Host, s.Addr()), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) ownHost(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = strings.Trim(hostport, "[]"), ""
	}
	for _, own := range s.rules.Load().Hosts {
		if strings.EqualFold(own, host) || strings.EqualFold(own, hostport) {
			return true
		}
	}
	_, bound, _ := net.SplitHostPort(s.Addr().String())
	if port != bound && !(port == "" && bound == "80") {
		return false
	}
	return strings.EqualFold(host, "localhost") || host == "127.0.0.1" || host == "::1"
}

// ownOrigin reports whether the page that uses a door is ours. Programs that
// are not pages send no Origin.
func (s *Server) ownOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	for _, allowed := range s.rules.Load().Origins {
		if strings.EqualFold(allowed, origins[0]) {
			return true
		}
	}
	u, err := url.Parse(origins[0])
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, r.Host)
}
