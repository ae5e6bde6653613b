// Package whip is the WebRTC door: a browser, OBS or GStreamer publishes a voice
// by one HTTP request (WHIP, RFC 9725) and sends it as Opus over UDP. README.md
// says what is accepted and what is not.
package whip

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"sotto/audio/rtp"
	"sotto/transport/voice"
)

// Options configure a Door.
type Options struct {
	Hall *voice.Hall
	// Ready says whether the hall has an engine; nil: it has.
	Ready func() bool
	// CheckOrigin says whether a page may publish; nil: none may, programs only.
	CheckOrigin func(*http.Request) bool
	// TCP also offers connections over TCP, for networks that drop UDP; nil: none.
	TCP net.Listener
	// Addresses stand in the answers in the place of our own, behind a NAT that
	// hands its ports on one to one.
	Addresses []string
	Drain     time.Duration // for a voice to say what is left when the server stops; 0: 10 s
	Log       *slog.Logger

	Connect time.Duration // for ICE and DTLS; 0: 10 s
	Return  time.Duration // for a connection that was cut to come back; 0: 30 s
	Idle    time.Duration // without a packet of sound; 0: 60 s
}

// Door lets voices in over one UDP port.
type Door struct {
	opt  Options
	conn net.PacketConn

	mu       sync.Mutex
	api      *webrtc.API // while Run lasts
	config   webrtc.Configuration
	life     context.Context // of Run
	sessions map[string]*session
	past     Counts         // of sessions that have ended
	ends     sync.WaitGroup // of sessions
	done     chan struct{}  // closed when all have ended
}

// New returns a door on a UDP socket, which Run closes. Nothing is served before
// Run.
func New(conn net.PacketConn, opt Options) *Door {
	opt.Connect = cmp.Or(opt.Connect, 10*time.Second)
	opt.Return = cmp.Or(opt.Return, 30*time.Second)
	opt.Idle = cmp.Or(opt.Idle, 60*time.Second)
	opt.Drain = cmp.Or(opt.Drain, 10*time.Second)
	if opt.Ready == nil {
		opt.Ready = func() bool { return true }
	}
	if opt.CheckOrigin == nil {
		opt.CheckOrigin = func(r *http.Request) bool { return r.Header.Get("Origin") == "" }
	}
	return &Door{opt: opt, conn: conn, sessions: make(map[string]*session), done: make(chan struct{})}
}

// Run serves the socket until ctx ends, then lets every voice say what it has
// heard, and returns when all have ended.
func (d *Door) Run(ctx context.Context) error {
	net, err := d.open(ctx)
	if err == nil {
		<-ctx.Done()
	}
	d.mu.Lock()
	d.api = nil // nobody else comes in
	d.mu.Unlock()
	d.ends.Wait()
	close(d.done)
	net.close()
	d.conn.Close()
	if d.opt.TCP != nil {
		d.opt.TCP.Close()
	}
	return err
}

// Wait returns when Run has let every voice end, or when ctx ends.
func (d *Door) Wait(ctx context.Context) {
	select {
	case <-d.done:
	case <-ctx.Done():
	}
}

// enter counts a session in, unless the door is closed.
func (d *Door) enter(s *session) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.api == nil {
		return false
	}
	d.sessions[s.id] = s
	d.past.Published++
	d.ends.Add(1)
	return true
}

// leave is the end of a session that has entered.
func (d *Door) leave(s *session) {
	d.mu.Lock()
	delete(d.sessions, s.id)
	d.mu.Unlock()
	d.ends.Done()
}

// Counts are the numbers of all sessions so far.
type Counts struct {
	Sessions    int   // that are open
	Published   int   // that were let in
	Packets     int   // of sound that came
	Late        int   // packets that came after they had been given up
	Undecodable int   // packets that could not be decoded
	LostMs      int64 // sound that packets were lost for
}

// Counts returns the numbers, of which those of packets are of sessions that have
// ended.
func (d *Door) Counts() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.past
	c.Sessions = len(d.sessions)
	return c
}

// count adds what a session that has ended has heard.
func (d *Door) count(s stats) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.past.Packets += s.Packets
	d.past.Late += s.Late
	d.past.Undecodable += s.Spoilt
	d.past.LostMs += s.Lost * 1000 / rtp.RateHz
}

// find returns a session of a room.
func (d *Door) find(room, id string) *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.sessions[id]; s != nil && s.room == room {
		return s
	}
	return nil
}
