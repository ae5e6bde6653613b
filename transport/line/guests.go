package line

import (
	"context"
	"errors"
	"sync"
)

// Guests counts the connections of a door. Its zero value lets everyone in.
type Guests struct {
	Most int // at once; 0: any number. Set before the first

	mu     sync.Mutex // guards the following
	closed bool
	in     int
	left   chan struct{} // closed when the last leaves
}

// ErrCrowded refuses one connection too many.
var ErrCrowded = errors.New("line: too many clients")

// Enter counts a connection in. It fails with ErrStopping when the door is closed,
// with ErrCrowded when there are too many.
func (g *Guests) Enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return ErrStopping
	case g.Most > 0 && g.in >= g.Most:
		return ErrCrowded
	}
	if g.in == 0 {
		g.left = make(chan struct{})
	}
	g.in++
	return nil
}

// Leave counts a connection out.
func (g *Guests) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in--; g.in == 0 {
		close(g.left)
	}
}

// Close lets nobody in any more. Who is in goes on.
func (g *Guests) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// Wait returns when all have left, or when ctx ends.
func (g *Guests) Wait(ctx context.Context) {
	g.mu.Lock()
	in, left := g.in, g.left
	g.mu.Unlock()
	if in == 0 {
		return
	}
	select {
	case <-left:
	case <-ctx.Done():
	}
}
