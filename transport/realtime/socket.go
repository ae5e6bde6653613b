package realtime

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

// read returns the next message, or how the session ends without one.
func (v *visit) read(ctx context.Context) (kind int, data []byte, end *ending) {
	if !v.wait(ctx) {
		return 0, nil, v.silent(ctx)
	}
	kind, r, err := v.socket.NextReader()
	if err == nil {
		buffer := bytes.NewBuffer(v.buffer[:0])
		_, err = buffer.ReadFrom(io.LimitReader(r, int64(v.limits.Message)+1))
		v.buffer = buffer.Bytes()
	}
	switch {
	case err != nil && (ctx.Err() != nil || isTimeout(err)):
		return 0, nil, v.silent(ctx)
	case err != nil:
		return 0, nil, &endGone
	case len(v.buffer) > v.limits.Message:
		return 0, nil, endTooBig(v.limits.Message)
	}
	return kind, v.buffer, nil
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.As(err, &slow) && slow.Timeout()
}

// wait sets how long the next message is waited for: until the client is idle,
// and no longer than a ping is unanswered. It reports false when there is none to
// wait for. Whoever ends the session looks after the deadline is set, to shorten
// it.
func (v *visit) wait(ctx context.Context) bool {
	due := v.came.Add(v.limits.Idle)
	if alive := time.Now().Add(pingEvery + pongWithin); alive.Before(due) {
		due = alive
	}
	v.socket.SetReadDeadline(due)
	if ctx.Err() == nil && v.run.Err() == nil && !v.gone.Load() {
		return true
	}
	v.wake()
	return false
}

// wake ends the wait for a message.
func (v *visit) wake() { v.socket.SetReadDeadline(time.Unix(1, 0)) }

// silent says why no message came.
func (v *visit) silent(ctx context.Context) *ending {
	switch {
	case v.gone.Load():
		return &endGone
	case v.run.Err() != nil:
		return &endBroken
	case ctx.Err() != nil:
		return &endRestart
	case time.Since(v.came) < v.limits.Idle: // and no pong came
		return &endGone
	}
	return endIdle(v.limits.Idle)
}

// ping asks the client for a sign of life, so that those between us keep the
// connection too.
func (v *visit) ping(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			v.socket.WriteControl(websocket.PingMessage, nil, time.Now().Add(v.limits.Write))
		case <-ctx.Done():
			return
		}
	}
}

// part says what is left to say, and goodbye.
func (v *visit) part() {
	if v.end.close == 0 || v.gone.Load() {
		return
	}
	if v.end.fault != nil {
		v.write(newError(v.end.fault, ""))
	}
	for _, e := range v.talk.closed() {
		v.write(e)
	}
	text := websocket.FormatCloseMessage(v.end.close, v.end.reason())
	v.socket.WriteControl(websocket.CloseMessage, text, time.Now().Add(v.limits.Write))
	v.linger()
}

// linger says that nothing more will come, then reads on until the client closes
// too: closing with unread sound in the socket would cut off our last message. It
// reads the connection itself, because a WebSocket reader whose deadline has
// passed never reads again.
func (v *visit) linger() {
	conn := v.socket.NetConn()
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(time.Now().Add(v.limits.Linger))
	io.Copy(io.Discard, conn)
}
