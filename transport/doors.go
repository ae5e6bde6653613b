package transport

import (
	"context"
	"net"
	"net/http"
	"sync"

	"sotto/transport/deepgram"
	"sotto/transport/line"
	"sotto/transport/whisperlive"
	"sotto/transport/wyoming"
)

// Doors are addresses beside the server's own, for doors whose clients can say no path, or speak no HTTP.
// They cannot send a token either: whoever reaches such an address may speak. ""
// has no listener.
type Doors struct {
	WhisperLive string
	Wyoming     string
}

// others are the doors that speak protocols of others, beside OpenAI's.
type others struct {
	deepgram    *deepgram.Handler
	whisperlive *whisperlive.Handler
	wyoming     *wyoming.Door
	clients     *gate // of WhisperLive; nil: none
	homes       *gate // of Wyoming; nil: none
}

// openOthers makes the doors and binds the listeners that are wanted.
func (s *Server) openOthers() (err error) {
	opt, o := &s.options, &s.others
	o.deepgram = deepgram.New(deepgram.Options{
		Hall: s.hall, Ready: s.hears, CheckOrigin: s.ownOrigin, MayEnter: mayEnterRoom,
		Limits: func() line.Limits {
			l := s.lineLimits()
			l.Idle = 0 // Deepgram's own
			return l
		},
		Drain: opt.Drain, Source: opt.Source, Log: opt.Log,
	})
	o.whisperlive = whisperlive.New(whisperlive.Options{
		Hall: s.hall, Ready: s.hears, CheckOrigin: s.ownOrigin, MayEnter: mayEnterRoom, Limits: s.lineLimits,
		Drain: opt.Drain, Source: opt.Source, Log: opt.Log,
	})
	o.wyoming = wyoming.New(wyoming.Options{
		Hall: s.hall, Ready: s.hears, Limits: s.lineLimits, Drain: opt.Drain, Source: opt.Source, Log: opt.Log,
	})
	if at := opt.Doors.WhisperLive; at != "" {
		if o.clients, err = openGate(at, s.httpLimits); err != nil {
			return err
		}
	}
	if at := opt.Doors.Wyoming; at != "" {
		o.homes, err = openGate(at, s.httpLimits)
	}
	return err
}

func (s *Server) httpLimits() HTTPLimits { return s.rules.Load().HTTP }

func (s *Server) lineLimits() line.Limits {
	l := s.rules.Load().Limits
	return line.Limits{Idle: l.Idle, Write: l.Write, Linger: l.Linger}
}

// Beside returns the addresses that are bound beside the server's own; nil: none.
func (s *Server) Beside() (whisperLive, wyoming net.Addr) {
	if o := &s.others; o.clients != nil {
		whisperLive = o.clients.Addr()
	}
	if o := &s.others; o.homes != nil {
		wyoming = o.homes.Addr()
	}
	return whisperLive, wyoming
}

// runOthers serves the listeners until end is called, behind the end of ctx.
func (s *Server) runOthers(ctx context.Context) (end func()) {
	o := &s.others
	var all sync.WaitGroup
	server := s.httpServer(ctx, s.beside(o.whisperlive))
	if o.clients != nil {
		all.Go(func() { server.Serve(o.clients) })
	}
	if o.homes != nil {
		all.Go(func() { o.wyoming.Serve(ctx, welcome{o.homes}) })
	}
	return func() {
		server.Close()
		o.unbind()
		all.Wait()
	}
}

func (o *others) unbind() {
	for _, g := range []*gate{o.clients, o.homes} {
		if g != nil {
			g.Close()
		}
	}
}

// close lets nobody in any more.
func (o *others) close() {
	o.deepgram.Close()
	o.whisperlive.Close()
	o.wyoming.Close()
}

// wait returns when all have left, or when ctx ends.
func (o *others) wait(ctx context.Context) {
	o.deepgram.Wait(ctx)
	o.whisperlive.Wait(ctx)
	o.wyoming.Wait(ctx)
}

// beside guards a listener whose clients have no tokens.
func (s *Server) beside(door http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		c := &call{Request: r}
		defer s.reportFault(c)
		for _, check := range []func(*call) *refusal{turnedAway, s.knownHost, s.knownPage} {
			if no := check(c); no != nil {
				s.answer(w, c, no)
				return
			}
		}
		if r.ContentLength != 0 {
			s.bound(w, r)
		}
		door.ServeHTTP(w, r)
	})
}

// welcome is a gate for those that cannot be told why they may not come in.
type welcome struct{ *gate }

func (w welcome) Accept() (net.Conn, error) {
	for {
		conn, err := w.gate.Accept()
		if err != nil || conn.(*guest).turn == nil {
			return conn, err
		}
		conn.Close()
	}
}
