package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

var (
	// errTooBig says that a body is longer than its limit.
	errTooBig = errors.New("openai: the body is too big")
	// errStill says that nothing more of it came in time.
	errStill = errors.New("openai: the body stands still")
)

// body reads a request's body under a limit, and under deadlines that move on
// while it comes.
type body struct {
	ctx   context.Context
	in    io.Reader
	conn  *http.ResponseController
	limit int64
	idle  time.Duration
	last  time.Time // all of it must have come

	read int64
	err  error // the first, io.EOF included
}

func newBody(w http.ResponseWriter, r *http.Request, limit int64, idle time.Duration) *body {
	return &body{
		ctx: r.Context(), in: r.Body, conn: http.NewResponseController(w),
		limit: limit, idle: idle, last: time.Now().Add(uploadTimeout),
	}
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.next(p)
	b.read += int64(n)
	if err == nil && b.read > b.limit {
		err = errTooBig
	}
	b.err = err
	return n, err
}

// next reads what comes within the idle time. The context is looked at after the
// deadline is set, so that whoever cancels can shorten it.
func (b *body) next(p []byte) (int, error) {
	due := time.Now().Add(b.idle)
	if due.After(b.last) {
		due = b.last
	}
	b.conn.SetReadDeadline(due) // not every connection has one
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.in.Read(p)
	// A connection whose deadline has passed ends the context too, so the clock
	// has to say which was first.
	if errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(due) {
		err = errStill
	}
	return n, err
}

// finish reads on to the end, so that the connection sees its client leave from
// then on, and takes the deadline away.
func (b *body) finish() error {
	_, err := io.Copy(io.Discard, b)
	b.conn.SetReadDeadline(time.Time{})
	return err
}

const (
	drainTimeout = 10 * time.Second
	drainFactor  = 4 // times the limit
)

// drain throws away the rest of a body that is refused: a client that is still
// writing would see a broken connection in the place of the answer. What is far
// too long, or does not come, is cut off all the same: the deadline has passed
// when the server looks for the rest.
func (b *body) drain() {
	if b.rest() {
		b.conn.SetReadDeadline(time.Time{})
		return
	}
	b.conn.SetReadDeadline(longAgo)
}

// rest reads on and reports whether the body has ended.
func (b *body) rest() bool {
	if b.err != nil && b.err != errTooBig {
		return b.err == io.EOF
	}
	b.idle, b.last = min(b.idle, drainTimeout), time.Now().Add(drainTimeout)
	buf := make([]byte, 32<<10)
	for b.read < drainFactor*b.limit {
		n, err := b.next(buf)
		if b.read += int64(n); err != nil {
			return err == io.EOF
		}
	}
	return false
}

var longAgo = time.Unix(1, 0)
