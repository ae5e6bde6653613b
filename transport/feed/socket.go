package feed

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto/transport/room"
	"sotto/transport/wire"
)

const (
	mostText = 2 << 10          // bytes of a reader's message
	pingSoon = 5 * time.Second  // between pings while things are sent
	pongTime = 10 * time.Second // for a ping to be answered
	linger   = 2 * time.Second  // for the client to close after us
)

// Ways for a reader's WebSocket to end.
var (
	comeAgain   = "connect again, with the place of the last event"
	byeStopping = wire.Bye("stopping", comeAgain, "the room is closed, or the server is stopping")
	byeSlow     = wire.Bye("slow", comeAgain, "the connection is too slow")
	byeNoPong   = wire.Bye("no_pong", comeAgain, "a ping was not answered")
	byeGone     = wire.Bye("gone", "", "the room was forgotten")
	byeRole     = wire.Bye("role", "speak at /v1/stream", "who reads a room says nothing")
)

// socket serves a reader over a WebSocket.
func (h *Handler) socket(w http.ResponseWriter, r *http.Request) {
	v, status, why := h.admit(r)
	if status != http.StatusOK {
		refuse(w, status, why)
		return
	}
	defer v.leave()
	if !h.enter() {
		refuse(w, http.StatusServiceUnavailable, "the server is stopping; try again in a few seconds")
		return
	}
	defer h.sockets.Done()
	upgrader := websocket.Upgrader{
		HandshakeTimeout: 10 * time.Second, WriteBufferPool: &buffers, Subprotocols: []string{"sotto.v1"},
		CheckOrigin: func(*http.Request) bool { return true }, // admit has looked
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer conn.Close()
	life, stop := h.life(r)
	defer stop()
	ctx, cancel := context.WithCancelCause(life)
	defer cancel(nil)
	s := &socket{conn: conn, patience: cmp.Or(h.Patience, patience), pause: v.pause}
	var listening sync.WaitGroup
	defer listening.Wait()
	defer conn.Close() // ends listen
	listening.Go(func() { cancel(s.listen()) })
	err = v.play(ctx, s, r.URL.Query().Get("after"))
	s.part(cmp.Or(context.Cause(ctx), err))
}

var buffers sync.Pool // of what is being written

// socket is an outlet. Its text messages are the events.
type socket struct {
	conn     *websocket.Conn
	patience time.Duration
	pause    time.Duration
	pinged   time.Time
	told     bool // something, since the last ping
	failed   error
	waiting  atomic.Bool // for a pong
}

func (s *socket) put(_ string, _ room.Cursor, data []byte) {
	if s.told = true; s.failed == nil {
		s.conn.SetWriteDeadline(time.Now().Add(s.patience))
		s.failed = s.conn.WriteMessage(websocket.TextMessage, data)
	}
}

// passed says how far the reader has come.
type passed struct {
	Type  string `json:"type"` // "passed"
	Epoch uint64 `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

func (s *socket) pass(at room.Cursor) {
	s.put("", at, encode(passed{"passed", at.Epoch, at.Seq}))
}

func (s *socket) idle() {}

// send pings now and then, more often while things are sent: the system takes them
// for a client that reads nothing, for minutes where little is said.
func (s *socket) send() error {
	due := s.pause - s.pause/10
	if s.told {
		due = min(due, pingSoon)
	}
	if now := time.Now(); s.failed == nil && now.Sub(s.pinged) >= due {
		s.pinged, s.told = now, false
		if !s.waiting.Swap(true) {
			s.conn.SetReadDeadline(now.Add(pongTime))
		}
		s.failed = s.conn.WriteControl(websocket.PingMessage, nil, now.Add(s.patience))
	}
	return s.failed
}

// Errors that end the listening.
var (
	errSpoke  = errors.New("feed: a reader sent a message")
	errSilent = errors.New("feed: a reader did not answer a ping")
	errGone   = errors.New("feed: a reader has gone")
)

// listen waits for the client to go.
func (s *socket) listen() error {
	s.conn.SetReadLimit(mostText)
	s.conn.SetPongHandler(func(string) error {
		s.conn.SetReadDeadline(time.Time{})
		s.waiting.Store(false)
		return nil
	})
	_, _, err := s.conn.NextReader()
	var late interface{ Timeout() bool }
	switch {
	case err == nil:
		return errSpoke
	case errors.As(err, &late) && late.Timeout():
		return errSilent
	}
	return errGone
}

// part says why the connection ends, where the client can still hear it.
func (s *socket) part(why error) {
	end := byeSlow
	switch {
	case errors.Is(why, errGone):
		return
	case errors.Is(why, errSpoke):
		end = byeRole
	case errors.Is(why, errSilent):
		end = byeNoPong
	case errors.Is(why, room.ErrForgotten):
		end = byeGone
	case errors.Is(why, room.ErrClosed), errors.Is(why, context.Canceled):
		end = byeStopping
	}
	until := time.Now().Add(s.patience)
	s.put("", room.Cursor{}, encode(struct {
		Type string `json:"type"`
		wire.Fault
	}{"error", end.Told()}))
	s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(end.Close, end.Reason()), until)
	conn := s.conn.NetConn()
	silent := errors.Is(why, errSilent) // and so it will be
	if half, ok := conn.(interface{ CloseWrite() error }); ok && s.failed == nil && !silent {
		half.CloseWrite()
		conn.SetReadDeadline(time.Now().Add(linger))
		io.Copy(io.Discard, conn)
	}
}
