package transport

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sotto/transport/metrics"
)

// strangers runs a server that takes this machine for another.
func strangers(t *testing.T, limits HTTPLimits) *running {
	t.Helper()
	server, model := open(t, Options{Rules: Rules{HTTP: limits}})
	server.gate.local = func(netip.Addr) bool { return false }
	return begin(t, server, model)
}

// stand opens a connection from an address and asks for /healthz; the connection
// stays.
func (r *running) stand(t *testing.T, from string) (net.Conn, *http.Response) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	conn, err := dialer.Dial("tcp", r.Addr().String())
	if err != nil && from != "127.0.0.1" {
		t.Skipf("this machine has no %s: %v", from, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", r.Addr())
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return conn, nil
	}
	io.ReadAll(response.Body)
	return conn, response
}

func (r *running) expectAnswer(t *testing.T, from string, status int) net.Conn {
	t.Helper()
	conn, response := r.stand(t, from)
	if response == nil || response.StatusCode != status {
		t.Fatalf("from %s: %+v, want %d", from, response, status)
	}
	if refused := status != http.StatusOK; refused && (response.Header.Get("Retry-After") == "" || !response.Close) {
		t.Errorf("refused with %v", response.Header)
	}
	return conn
}

func TestAnAddressHasSoManyConnections(t *testing.T) {
	r := strangers(t, HTTPLimits{PerAddress: 3, PerSecond: 100})
	first := r.expectAnswer(t, "127.0.0.1", 200)
	r.expectAnswer(t, "127.0.0.1", 200)
	r.expectAnswer(t, "127.0.0.1", 200)
	r.expectAnswer(t, "127.0.0.1", 503)
	r.expectAnswer(t, "127.0.0.2", 200) // another address
	first.Close()
	r.until(t, func(g *gate) bool { return g.open == 3 })
	r.expectAnswer(t, "127.0.0.1", 200)
	if r.gate.refused.Load() != 1 {
		t.Errorf("%d refused", r.gate.refused.Load())
	}
}

// until waits for the gate's numbers to be so.
func (r *running) until(t *testing.T, so func(*gate) bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		r.gate.mu.Lock()
		done := so(r.gate)
		r.gate.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the gate does not come to that")
		}
	}
}

func TestAnAddressMayConnectSoOften(t *testing.T) {
	r := strangers(t, HTTPLimits{PerAddress: 100, PerSecond: 5})
	statuses := map[int]int{}
	for range 8 {
		if _, response := r.stand(t, "127.0.0.1"); response != nil {
			statuses[response.StatusCode]++
		}
	}
	if statuses[200] < 5 || statuses[429] == 0 {
		t.Errorf("answers %v", statuses)
	}
	r.gate.mu.Lock()
	for _, c := range r.gate.callers {
		c.last = c.last.Add(-time.Second) // a second passes
	}
	r.gate.mu.Unlock()
	r.expectAnswer(t, "127.0.0.1", 200)
}

func TestThisMachineIsNotCounted(t *testing.T) {
	r := run(t, Options{Rules: Rules{HTTP: HTTPLimits{PerAddress: 1, PerSecond: 1}}})
	for range 10 {
		r.expectAnswer(t, "127.0.0.1", 200)
	}
}

func TestAServerHasSoManyConnections(t *testing.T) {
	r := run(t, Options{Metrics: metrics.New(), Rules: Rules{HTTP: HTTPLimits{Open: 2}}})
	r.expectAnswer(t, "127.0.0.1", 200)
	last := r.expectAnswer(t, "127.0.0.1", 200)
	r.expectAnswer(t, "127.0.0.1", 503)
	r.SetRules(Rules{HTTP: HTTPLimits{Open: 3}})
	r.expectAnswer(t, "127.0.0.1", 200)
	last.Close()
	r.until(t, func(g *gate) bool { return g.open == 2 && g.turned == 0 })
	_, shown := r.ask(t, "GET", "/metrics", nil)
	for _, line := range []string{"sotto_connections 3", "sotto_connections_refused_total 1"} {
		if !strings.Contains(shown, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, shown)
		}
	}
}

// Those who are told to go take places too; there are so many of these.
func TestAFloodIsClosedWithoutAWord(t *testing.T) {
	r := run(t, Options{Rules: Rules{HTTP: HTTPLimits{Open: 1}}})
	r.expectAnswer(t, "127.0.0.1", 200)
	var silent []net.Conn
	for range mostTurned + 20 { // they say nothing, and wait
		conn, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		silent = append(silent, conn)
	}
	closed := 0
	for _, conn := range silent[mostTurned:] {
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := conn.Read(make([]byte, 1)); n == 0 && err != nil && !strings.Contains(err.Error(), "timeout") {
			closed++
		}
	}
	if closed != 20 || r.gate.refused.Load() != mostTurned+20 {
		t.Errorf("%d closed, %d refused", closed, r.gate.refused.Load())
	}
}

// Networks of IPv6 are one caller each, and no flood of addresses fills the memory.
func TestCallersAreToldApartAndForgotten(t *testing.T) {
	g, limits := &gate{callers: make(map[netip.Prefix]*caller)}, HTTPLimits{}.WithDefaults()
	at := func(s string) *caller { return g.caller(netip.MustParseAddr(s), &limits) }
	if at("2001:db8::1") != at("2001:db8::2") || at("2001:db8::1") == at("2001:db8:0:1::1") || at("192.0.2.1") == at("192.0.2.2") || at("fe80::1%a") != at("fe80::1%b") {
		t.Error("callers are mixed up")
	}
	at("192.0.2.1").open = 1
	address := netip.MustParseAddr("10.0.0.0")
	for range mostCallers {
		g.caller(address, &limits)
		address = address.Next()
	}
	if len(g.callers) != mostCallers || g.caller(address, &limits) != nil {
		t.Errorf("%d callers are remembered", len(g.callers))
	}
	for _, c := range g.callers {
		c.last = c.last.Add(-2 * time.Second)
	}
	if g.caller(address, &limits) == nil || len(g.callers) != 2 {
		t.Errorf("%d callers are left", len(g.callers))
	}
}

func TestMultipathTCPIsOff(t *testing.T) {
	g, err := openGate("127.0.0.1:0", func() HTTPLimits { return HTTPLimits{}.WithDefaults() })
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	go func() {
		if conn, err := g.Accept(); err == nil {
			conn.Close()
		}
	}()
	var dialer net.Dialer
	dialer.SetMultipathTCP(true)
	conn, err := dialer.DialContext(context.Background(), "tcp", g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if multi, err := conn.(*net.TCPConn).MultipathTCP(); err == nil && multi {
		t.Error("a connection has several paths")
	}
}
