package line

import (
	"context"
	"testing"
)

func TestGuests(t *testing.T) {
	g := Guests{Most: 2}
	if g.Enter() != nil || g.Enter() != nil || g.Enter() != ErrCrowded {
		t.Error("two come in, and no more")
	}
	g.Leave()
	if g.Enter() != nil {
		t.Error("one has left")
	}
	now, cancel := context.WithCancel(t.Context())
	cancel()
	g.Wait(now) // who has no time does not wait
	g.Close()
	g.Leave()
	if g.Enter() != ErrStopping {
		t.Error("the door is closed")
	}
	g.Leave()
	g.Wait(t.Context())
}
