package line

import (
	"context"
	"sync"
)

// Guests counts the connections of a door. Its zero value lets everyone in.
type Guests struct {
	Most int // at once; 0: any number. Set before the first

	mu     sync.Mutex
	closed bool
	in     int
	all    sync.WaitGroup
}

// Enter counts a connection in, unless there are too many or the door is closed.
func (g *Guests) Enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.Most > 0 && g.in >= g.Most {
		return false
	}
	g.in++
	g.all.Add(1)
	return true
}

// Leave counts a connection out.
func (g *Guests) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in--
	g.all.Done()
}

// Close lets nobody in any more. Who is in goes on.
func (g *Guests) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// Wait returns when all have left, or when ctx ends.
func (g *Guests) Wait(ctx context.Context) {
	done := make(chan struct{})
	go func() { g.all.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
