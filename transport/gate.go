package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sotto/transport/metrics"
)

const (
	// mostTurned connections are told at a time why they may not come in; those
	// beyond are closed without a word.
	mostTurned = 64
	// mostCallers are remembered at a time.
	mostCallers = 4096
)

// gate is the listener. It counts who is in, and how fast who comes. This
// machine itself is counted with the rest, but has no share of its own.
type gate struct {
	net.Listener
	limits  func() HTTPLimits
	local   func(netip.Addr) bool // whether an address is this machine's own
	refused atomic.Int64          // connections that were told to go, or closed

	mu      sync.Mutex // guards the following
	callers map[netip.Prefix]*caller
	open    int // guests that were let in
	turned  int // guests that are being told to go
}

// caller is an address, or a network of IPv6, which is one subscriber's.
type caller struct {
	open   int
	tokens float64 // connections that it may make now
	last   time.Time
}

// guest is a connection. What is not nil in turn is why it may not come in.
type guest struct {
	*net.TCPConn
	gate   *gate
	caller *caller // nil: this machine
	turn   *refusal
	left   sync.Once
}

// openGate binds address. Multipath TCP is off: a sandbox that allows one TCP port
// does not see it.
func openGate(address string, limits func() HTTPLimits) (*gate, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("transport: cannot listen on %s: %w", address, err)
	}
	return &gate{Listener: listener, limits: limits, local: netip.Addr.IsLoopback, callers: make(map[netip.Prefix]*caller)}, nil
}

// Accept returns the next connection that gets an answer, if only a refusal.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if in := g.enter(conn.(*net.TCPConn)); in != nil {
			return in, nil
		}
		conn.Close()
	}
}

// enter counts a connection in; nil: it gets no word.
func (g *gate) enter(conn *net.TCPConn) *guest {
	in, limits := &guest{TCPConn: conn, gate: g}, g.limits()
	g.mu.Lock()
	defer g.mu.Unlock()
	if in.turn = g.judge(in, &limits); in.turn == nil {
		g.open++
		if in.caller != nil {
			in.caller.open++
		}
		return in
	}
	g.refused.Add(1)
	if g.turned == mostTurned {
		return nil
	}
	g.turned++
	return in
}

// judge returns why a guest may not come in. mu is held.
func (g *gate) judge(in *guest, limits *HTTPLimits) *refusal {
	if g.open >= limits.Open {
		return &refusal{http.StatusServiceUnavailable, "full", "as many are connected as this server serves; try again later", 10}
	}
	from := in.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	if g.local(from) {
		return nil
	}
	in.caller = g.caller(from, limits)
	switch {
	case in.caller == nil || in.caller.tokens < 1:
		return &refusal{http.StatusTooManyRequests, "rate", fmt.Sprintf("more than %d connections a second come from your address; try again in 2 s", limits.PerSecond), 2}
	case in.caller.open >= limits.PerAddress:
		return &refusal{http.StatusServiceUnavailable, "full", fmt.Sprintf("your address has %d connections, which is all that one may have; close some, or try again later", limits.PerAddress), 10}
	}
	in.caller.tokens--
	return nil
}

// caller finds who calls and refills its bucket, or returns nil when too many
// call at once to be told apart.
func (g *gate) caller(from netip.Addr, limits *HTTPLimits) *caller {
	bits := from.BitLen()
	if from.Is6() {
		bits = 64
	}
	key, _ := from.WithZone("").Prefix(bits)
	now, most := time.Now(), float64(limits.PerSecond)
	c := g.callers[key]
	if c == nil {
		if len(g.callers) >= mostCallers {
			g.forget(now)
		}
		if len(g.callers) >= mostCallers {
			return nil
		}
		c = &caller{tokens: most}
		g.callers[key] = c
	}
	c.tokens = min(most, c.tokens+now.Sub(c.last).Seconds()*most)
	c.last = now
	return c
}

// forget lets those go that are as good as new: their bucket is full again.
func (g *gate) forget(now time.Time) {
	for key, c := range g.callers {
		if c.open == 0 && now.Sub(c.last) > time.Second {
			delete(g.callers, key)
		}
	}
}

// Close counts the guest out.
func (in *guest) Close() error {
	in.left.Do(func() {
		in.gate.mu.Lock()
		defer in.gate.mu.Unlock()
		switch {
		case in.turn != nil:
			in.gate.turned--
			return
		case in.caller != nil:
			in.caller.open--
		}
		in.gate.open--
	})
	return in.TCPConn.Close()
}

type guestKey struct{}

// withGuest lets a connection's requests know their guest.
func withGuest(ctx context.Context, conn net.Conn) context.Context {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	return context.WithValue(ctx, guestKey{}, conn)
}

// turnedAway is why the request's connection may not come in.
func turnedAway(c *call) *refusal {
	if in, ok := c.Context().Value(guestKey{}).(*guest); ok {
		return in.turn
	}
	return nil
}

// show shows the gate's numbers.
func (g *gate) show(m *metrics.Metrics) {
	m.Count("connections_refused_total", "Connections that were too many or came too fast.", func() float64 { return float64(g.refused.Load()) })
	m.Gauge("connections", "Connections that were let in and are open.", func() float64 {
		g.mu.Lock()
		defer g.mu.Unlock()
		return float64(g.open)
	})
}
