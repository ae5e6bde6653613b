// Package transport is the HTTP server: doors, and the checks in front of them.
package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"sotto"
	"sotto/transport/access"
	"sotto/transport/feed"
	"sotto/transport/metrics"
	"sotto/transport/openai"
	"sotto/transport/realtime"
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
	Source  string            // language of voices in protocols of others that do not say, where the model hears several
	Drain   time.Duration     // for voices to say what they have heard when the server stops; 0: 10 s
	Rooms   *room.Store       // Run runs and closes it; nil: rooms are in memory
	WebRTC  WebRTC
	Doors   Doors            // that need addresses of their own
	Tokens  *access.Tokens   // nil: whoever reaches the server may do everything
	Metrics *metrics.Metrics // shown at /metrics; nil: nothing is
	Log     *slog.Logger
	Rules
}

// Rules may change while the server runs. They hold for what connects from then
// on.
type Rules struct {
	Hosts   []string // names this server may be called by, beside its addresses
	Origins []string // pages that may use the doors, beside our own, such as https://example.org
	Limits  ws.Limits
	HTTP    HTTPLimits
	// Certificate is shown to clients; nil: there is no TLS, which stays so while
	// the server runs.
	Certificate *tls.Certificate
}

// MaxRooms is how many rooms may be open at a time where Options.Rooms does not say.
const MaxRooms = 64

// Server serves the page and the doors on one listener.
type Server struct {
	options   Options
	hall      *voice.Hall
	voices    *ws.Handler
	audio     *openai.Handler
	live      *realtime.Handler
	readers   *feed.Handler
	others    others
	published *whip.Door // nil: no WebRTC
	unsaved   error      // of the rooms, when they were closed
	gate      *gate
	rules     atomic.Pointer[Rules]
	phase     atomic.Int32
	// patience is how long a pass may last before the engine counts as stuck.
	patience time.Duration
}

// Listen binds address. Nothing is served before Run.
func Listen(address string, opt Options) (*Server, error) {
	if opt.Rooms == nil {
		opt.Rooms, _ = room.OpenStore("", MaxRooms, room.Options{}) // without a folder it cannot fail
	}
	s := &Server{options: opt, patience: stuckTime}
	s.SetRules(opt.Rules)
	var err error
	if s.gate, err = openGate(address, s.httpLimits); err != nil {
		return nil, err
	}
	s.hall = &voice.Hall{Latency: opt.Latency, Rooms: opt.Rooms, Log: opt.Log}
	s.voices = &ws.Handler{
		Hall: s.hall, CheckOrigin: s.ownOrigin, Limits: func() ws.Limits { return s.rules.Load().Limits },
		MaySpeak: mayEnterRoom,
		Drain:    opt.Drain, Log: opt.Log,
	}
	s.readers = &feed.Handler{Rooms: opt.Rooms, CheckOrigin: s.ownOrigin, Log: opt.Log}
	s.audio = openai.New(openai.Options{CheckOrigin: s.ownOrigin, Ready: s.hears, Source: opt.Source, Log: opt.Log})
	s.live = realtime.New(s.realtime())
	if err = s.openOthers(); err == nil {
		err = s.openWhip()
	}
	if err != nil {
		s.gate.Close()
		s.others.unbind()
		return nil, err
	}
	if opt.Metrics != nil {
		s.gate.show(opt.Metrics)
		showRooms(opt.Metrics, opt.Rooms)
		s.showWhip(opt.Metrics)
	}
	if opt.Engine != nil {
		s.Ready(opt.Engine)
	}
	return s, nil
}

// Addr returns the bound address, port included.
func (s *Server) Addr() net.Addr { return s.gate.Addr() }

// SetRules replaces the rules.
func (s *Server) SetRules(rules Rules) {
	rules.HTTP = rules.HTTP.WithDefaults()
	s.rules.Store(&rules)
}

// Run serves until ctx ends, then lets every voice say what it has heard. What
// asks meanwhile is told that the server stops.
func (s *Server) Run(ctx context.Context) error {
	server := s.httpServer(ctx, s.guard(s.routes()))
	s.readers.Stopping = ctx.Done()
	keeping, endRooms := context.WithCancel(context.WithoutCancel(ctx))
	defer endRooms()
	kept := make(chan error, 1)
	go func() { kept <- s.options.Rooms.Run(keeping) }()
	calling, endCalls := context.WithCancel(ctx)
	defer endCalls()
	called := s.runWhip(calling)
	endOthers := s.runOthers(calling)
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.drain(context.WithoutCancel(ctx), server)
	})
	err := server.Serve(s.listener())
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	endCalls()
	endOthers()
	err = errors.Join(err, called())
	s.closeRooms()
	endRooms()
	return errors.Join(err, s.unsaved, <-kept)
}

// closeRooms saves what waits and lets readers go behind the last event.
func (s *Server) closeRooms() { s.unsaved = errors.Join(s.unsaved, s.options.Rooms.Close()) }

// realtime are the options of OpenAI's sessions, which have the voices' limits.
func (s *Server) realtime() realtime.Options {
	opt := realtime.Options{
		Hall: s.hall, Ready: s.hears, CheckOrigin: s.ownOrigin, Drain: s.options.Drain, Source: s.options.Source, Log: s.options.Log,
		Limits: s.lineLimits,
	}
	if s.options.Tokens != nil {
		opt.Mint, opt.MayEnter = s.mint, mayEnterRoom
	}
	return opt
}

// mayEnterRoom reports whether what a client came with is for a room; one that is
// for a room alone is for nothing else.
func mayEnterRoom(r *http.Request, room string) bool {
	grant := access.Of(r.Context())
	return grant.Room == "" || grant.Room == room
}

// mint makes a key to speak with, which is good for no longer and for no more
// rooms than what its maker came with.
func (s *Server) mint(ctx context.Context, ttl time.Duration) (secret string, expires time.Time, err error) {
	grant := access.Of(ctx)
	secret, expires = s.options.Tokens.Mint(access.Speak, grant.Room, atMost(ttl, grant))
	return secret, expires, nil
}

func (s *Server) httpServer(ctx context.Context, handler http.Handler) *http.Server {
	limits := s.rules.Load().HTTP
	return &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withGuest,
		ReadHeaderTimeout: limits.HeaderTime,
		IdleTimeout:       limits.KeepAlive,
		MaxHeaderBytes:    limits.Header,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
}

// showRooms shows the numbers of all rooms.
func showRooms(m *metrics.Metrics, rooms *room.Store) {
	m.Gauge("rooms", "Rooms that are open.", func() float64 { return float64(rooms.Sums().Rooms) })
	m.Gauge("readers", "Readers of all rooms.", func() float64 { return float64(rooms.Sums().Readers) })
	m.Gauge("unsaved_events", "Events of rooms that are not on disk yet.", func() float64 { return float64(rooms.Sums().Unsaved) })
	m.Gauge("failing_rooms", "Rooms that cannot save.", func() float64 { return float64(rooms.Sums().Failing) })
}
