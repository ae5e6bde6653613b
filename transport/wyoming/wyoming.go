// Package wyoming is the door for clients of the Wyoming protocol, such as Home
// Assistant: events over TCP, a line of JSON each, with sound behind it.
// docs/doors.md says what is accepted and what differs.
package wyoming

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"sotto/transport/line"
	"sotto/transport/voice"
)

// Options configure a Door.
type Options struct {
	Hall *voice.Hall // whose engine is set before Ready says so
	// Ready says whether there is an engine to hear; nil: there is.
	Ready  func() bool
	Limits func() line.Limits // of a client that connects now; nil: the defaults. Events have their own sizes
	Drain  time.Duration      // for a voice to say what is left at its end; 0: 10 s
	Source string             // language of voices that do not say, where the model hears several; "": none
	Log    *slog.Logger
}

// Door serves the protocol's clients.
type Door struct {
	line.Guests
	opt     Options
	numbers atomic.Int64
}

// maxClients are in at once. Only those that send sound have a seat.
const maxClients = 64

// retry is how long nobody is let in when the system lets nobody in.
const retry = 100 * time.Millisecond

// New returns a door.
func New(opt Options) *Door {
	opt.Drain = cmp.Or(opt.Drain, 10*time.Second)
	return &Door{opt: opt, Guests: line.Guests{Most: maxClients}}
}

// Serve lets clients in until the listener is closed, and returns when they have
// left. When ctx ends they still get what was heard, within Drain.
func (d *Door) Serve(ctx context.Context, listener net.Listener) {
	defer d.Wait(context.Background())
	for {
		conn, err := listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			d.opt.Log.Error("nobody is let in", "error", err)
			select {
			case <-time.After(retry):
			case <-ctx.Done():
				return
			}
		case d.Enter() != nil:
			conn.Close()
		default:
			go d.serve(ctx, conn)
		}
	}
}

// serve serves one client.
func (d *Door) serve(ctx context.Context, conn net.Conn) {
	defer d.Leave()
	defer conn.Close()
	limits := line.Limits{}
	if d.opt.Limits != nil {
		limits = d.opt.Limits()
	}
	v := newVisit(ctx, d, conn, limits.WithDefaults(), d.opt.Log.With("door", "wyoming", "client", d.numbers.Add(1)))
	v.log.Info("client connected")
	began := time.Now()
	why := v.serve()
	v.log.Info("client ended", "why", why, "seconds", int(time.Since(began).Seconds()), "heard", v.heard)
}
