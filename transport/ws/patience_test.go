package ws

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// pipes is a network inside the process, so that a test's clock can be a fake.
type pipes struct {
	calls chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		return c, nil
	case <-p.done:
		return nil, errors.New("closed")
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.calls <- there
	return here, nil
}

func TestPatienceHasAnEnd(t *testing.T) {
	tests := []struct {
		name  string
		do    func(*client)
		after time.Duration
		close int
		code  string
	}{
		{"without start", func(*client) {}, startTimeout, 4450, "order"},
		{"without sound", func(c *client) { c.begin("en") }, idleTimeout, 4404, "idle"},
		{"after sound", func(c *client) { c.begin("en").speak(babble(second/10, 1)) }, idleTimeout, 4404, "idle"},
	}
	engine := toyEngine(t, 1)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &pipes{calls: make(chan net.Conn), done: make(chan struct{})}
				handler := &Handler{Engine: engine, Log: slog.New(slog.DiscardHandler)}
				server := &http.Server{Handler: handler}
				go server.Serve(network)
				dialer := websocket.Dialer{NetDialContext: network.dial}
				socket, _, err := dialer.Dial("ws://pipes/", nil)
				if err != nil {
					t.Fatal(err)
				}
				c := &client{t, socket}
				c.next() // ready
				tt.do(c)
				began := time.Now()
				_, last, code := c.end()
				if waited := time.Since(began); waited != tt.after || code != tt.close || last.Code != tt.code {
					t.Errorf("after %v: %+v and %d, want %q and %d after %v", waited, last, code, tt.code, tt.close, tt.after)
				}
				socket.Close()
				handler.Wait(t.Context())
				server.Close()
			})
		})
	}
}
