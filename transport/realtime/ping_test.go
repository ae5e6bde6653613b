package realtime

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

	"sotto/transport/doortest"
	"sotto/transport/voice"
)

// pipe is a network of one connection inside the process, so that a test's clock
// can be a fake.
type pipe struct {
	calls chan net.Conn
	done  chan struct{}
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		return c, nil
	case <-p.done:
		return nil, errors.New("closed")
	}
}

func (p *pipe) Close() error   { close(p.done); return nil }
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func TestSilentClientsAreAskedForASignOfLife(t *testing.T) {
	engine := doortest.Toy(t, "../..", 1)
	for _, tt := range []struct {
		name  string
		pong  bool
		after time.Duration
		code  int
	}{
		{"one that answers is idle", true, time.Minute, 4404},
		{"one that does not is gone", false, 35 * time.Second, websocket.CloseAbnormalClosure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				silent := slog.New(slog.DiscardHandler)
				h, mux := New(Options{Hall: &voice.Hall{Engine: engine, Log: silent}, Log: silent}), http.NewServeMux()
				h.Mount(mux)
				network := &pipe{make(chan net.Conn), make(chan struct{})}
				server := &http.Server{Handler: mux}
				go server.Serve(network)
				dialer := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) {
					here, there := net.Pipe()
					network.calls <- there
					return here, nil
				}}
				socket, _, err := dialer.Dial("ws://pipe"+translations, nil)
				if err != nil {
					t.Fatal(err)
				}
				pings := 0
				answer := socket.PingHandler()
				socket.SetPingHandler(func(data string) error {
					if pings++; tt.pong {
						return answer(data)
					}
					return nil
				})
				began := time.Now()
				for err == nil {
					_, _, err = socket.ReadMessage()
				}
				if waited := time.Since(began); waited != tt.after || !websocket.IsCloseError(err, tt.code) || pings != int(tt.after/(25*time.Second)) {
					t.Errorf("after %v and %d pings: %v, want %d after %v", waited, pings, err, tt.code, tt.after)
				}
				socket.Close()
				h.Wait(context.Background())
				server.Close()
			})
		})
	}
}
