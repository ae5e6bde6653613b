package line

import (
	"context"
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

// Enter counts a connection in, unless there are too many or the door is closed.
func (g *Guests) Enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.Most > 0 && g.in >= g.Most {
		return false
	}
	if g.in == 0 {
		g.left = make(chan struct{})
	}
	g.in++
	return true
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
