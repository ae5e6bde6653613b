package line

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	pingEvery  = 25 * time.Second
	pongWithin = 10 * time.Second
)

// Limits bound what a client may send and how long it is waited for. A zero field
// means its default.
type Limits struct {
	Text   int           // bytes of a text message; 64 KiB
	Binary int           // bytes of a message with sound; 1 MiB
	Idle   time.Duration // without any message; 60 s, or what the protocol says
	Write  time.Duration // for one message to leave; 10 s
	Linger time.Duration // for the client to close after us; 2 s
}

// WithDefaults puts the defaults in.
func (l Limits) WithDefaults() Limits {
	return Limits{
		Text: cmp.Or(l.Text, 64<<10), Binary: cmp.Or(l.Binary, 1<<20), Idle: cmp.Or(l.Idle, 60*time.Second),
		Write: cmp.Or(l.Write, 10*time.Second), Linger: cmp.Or(l.Linger, 2*time.Second),
	}
}

// BadMessage is a message that no client should send.
type BadMessage struct {
	Close int // WebSocket code
	Text  string
}

func (b *BadMessage) Error() string { return "line: " + b.Text }

// Socket is a WebSocket with a voice on it. Read has one caller at a time; the
// rest may be called by all.
type Socket struct {
	conn   *websocket.Conn
	limits Limits
	ctx    context.Context // ends with the voice, or the server
	stop   context.CancelCauseFunc
	since  time.Time     // that a message is waited for
	idle   time.Duration // how long it is
	buffer []byte        // one message, reused
	pings  sync.WaitGroup

	gone    atomic.Bool // nobody reads
	writing sync.Mutex
}

// OpenSocket begins to ask the client for signs of life. When ctx ends, Read does
// too. Close ends it.
func OpenSocket(ctx context.Context, conn *websocket.Conn, limits Limits) *Socket {
	s := &Socket{conn: conn, limits: limits.WithDefaults()}
	s.ctx, s.stop = context.WithCancelCause(ctx)
	context.AfterFunc(s.ctx, s.wake)
	conn.SetPongHandler(func(string) error { s.wait(); return nil })
	s.pings.Go(s.ping)
	return s
}

// Stop ends reading, for a reason.
func (s *Socket) Stop(why error) { s.stop(why) }

// Read returns the next message, overwritten by the next call, if it comes in time.
// Its error is ErrGone, ErrIdle, ErrStopping, a *BadMessage, or what Stop was told.
func (s *Socket) Read(idle time.Duration) (kind int, data []byte, err error) {
	s.since, s.idle = time.Now(), idle
	s.wait()
	kind, r, err := s.conn.NextReader()
	limit := s.limits.Binary
	if kind == websocket.TextMessage {
		limit = s.limits.Text
	}
	if err == nil {
		buffer := bytes.NewBuffer(s.buffer[:0])
		_, err = buffer.ReadFrom(io.LimitReader(r, int64(limit)+1))
		s.buffer = buffer.Bytes()
	}
	switch {
	case err != nil:
		return 0, nil, s.silent(err)
	case len(s.buffer) > limit:
		return 0, nil, &BadMessage{websocket.CloseMessageTooBig, fmt.Sprintf("a message is longer than %d bytes", limit)}
	case kind == websocket.TextMessage && !utf8.Valid(s.buffer):
		return 0, nil, &BadMessage{websocket.CloseInvalidFramePayloadData, "a text message is not UTF-8"}
	}
	return kind, s.buffer, nil
}

// wait sets how long the next message is waited for: until the client is idle,
// and no longer than a ping is unanswered. Whoever ends the wait does so behind
// this.
func (s *Socket) wait() {
	due := s.since.Add(s.idle)
	if alive := time.Now().Add(pingEvery + pongWithin); alive.Before(due) {
		due = alive
	}
	s.conn.SetReadDeadline(due)
	if s.ctx.Err() != nil {
		s.wake()
	}
}

func (s *Socket) wake() { s.conn.SetReadDeadline(time.Unix(1, 0)) }

// silent says why no message came.
func (s *Socket) silent(err error) error {
	var slow net.Error
	timeout := errors.As(err, &slow) && slow.Timeout()
	switch why := context.Cause(s.ctx); {
	case why == context.Canceled:
		return ErrStopping
	case why != nil:
		return why
	case timeout && time.Since(s.since) >= s.idle:
		return ErrIdle
	}
	return ErrGone
}

func (s *Socket) ping() {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.limits.Write))
		case <-s.ctx.Done():
			return
		}
	}
}

// Write sends a message as JSON. A client that does not take it in time is gone.
func (s *Socket) Write(message any) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.gone.Load() {
		return ErrGone
	}
	s.conn.SetWriteDeadline(time.Now().Add(s.limits.Write))
	if s.conn.WriteJSON(message) == nil {
		return nil
	}
	s.gone.Store(true)
	s.stop(ErrGone)
	return ErrGone
}

// mostReason bytes fit into a close frame.
const mostReason = 123

// Close says goodbye, with code 0 to nobody, and waits until the client has closed
// too. It reads the connection itself, because a WebSocket reader whose deadline has
// passed never reads again.
func (s *Socket) Close(code int, reason string) {
	defer s.conn.Close()
	s.stop(nil)
	s.pings.Wait()
	if code == 0 || s.gone.Load() {
		return
	}
	for reason = strings.ToValidUTF8(reason, "?"); len(reason) > mostReason; {
		_, n := utf8.DecodeLastRuneInString(reason)
		reason = reason[:len(reason)-n]
	}
	s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(s.limits.Write))
	Linger(s.conn.NetConn(), s.limits.Linger)
}

// Linger says that nothing more will come and waits, so long at most, until the
// client has closed too: closing with unread sound in the socket would cut off our
// last message.
func Linger(conn net.Conn, wait time.Duration) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(time.Now().Add(wait))
	io.Copy(io.Discard, conn)
}
