package ws

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/transport/voice"
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

// piped is a handler that is reached through pipes. On a fake clock computing
// takes no time: whatever is sent at a voice's pace is heard before more comes,
// and no step is left out.
type piped struct {
	*Handler
	network *pipes
	server  *http.Server
}

func openPiped(t *testing.T, engine *sotto.Engine) *piped {
	d := &piped{
		Handler: &Handler{Hall: &voice.Hall{Engine: engine}, Log: slog.New(slog.DiscardHandler)},
		network: &pipes{calls: make(chan net.Conn), done: make(chan struct{})},
	}
	d.server = &http.Server{Handler: d}
	go d.server.Serve(d.network)
	return d
}

// dial connects and hears the server's hello.
func (d *piped) dial(t *testing.T) *client {
	t.Helper()
	dialer := websocket.Dialer{NetDialContext: d.network.dial}
	socket, _, err := dialer.Dial("ws://pipes/", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, socket: socket}
	c.next()
	return c
}

// close waits for the voices, whose clients must have closed.
func (d *piped) close() {
	d.Wait(context.Background())
	d.server.Close()
}

// pace sends sound as it is spoken.
func (c *client) pace(sound []byte) {
	c.t.Helper()
	for len(sound) > 0 {
		n := min(len(sound), 2*audio.FrameLen)
		time.Sleep(audio.FrameMilli * time.Millisecond)
		c.send(websocket.BinaryMessage, sound[:n])
		sound = sound[n:]
	}
}
