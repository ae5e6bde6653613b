package room

import (
	"context"
	"fmt"
)

// Update is news for a reader. Said, Ended and Left take tails away; the tails here
// stand behind the events.
type Update struct {
	Events []Event // in order
	Tails  []Tail  // those that changed, by voice and language
	// Durable says that the events are synced. Without events it is the room's.
	Durable bool
}

// ResetError says that a position cannot be followed without a gap. A reader that
// gets it drops what it shows and begins anew, with Screen or at From.
type ResetError struct {
	Asked Cursor // where the reader was
	Why   string
	// Resuming at From gives every event that is still in memory, up to To.
	From, To Cursor
}

func (e *ResetError) Error() string {
	return fmt.Sprintf("room: reset: no events follow %v without a gap: %s; those behind %v up to %v are here", e.Asked, e.Why, e.From, e.To)
}

// Reader follows a room. It is for one goroutine, holds nothing of the room, and
// need not be closed.
type Reader struct {
	room *Room
	at   Cursor
	turn uint64 // of the newest tail it has seen
}

// Follow returns a reader of what comes from now on, and of the tails of now.
func (r *Room) Follow() *Reader {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return &Reader{room: r, at: r.list.cursor(r.shown)}
}

// Resume returns a reader of every event behind a position. A position that cannot
// be followed without a gap is a *ResetError.
func (r *Room) Resume(c Cursor) (*Reader, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if err := r.check(c); err != nil {
		return nil, err
	}
	return &Reader{room: r, at: c}, nil
}

// Cursor returns the position behind the last event that Next returned.
func (rd *Reader) Cursor() Cursor { return rd.at }

// maxUpdate is how many events an Update holds at most.
const maxUpdate = 256

// Next waits for news: the events behind the reader's position, at most 256, and
// with the last of them the tails that changed. It returns a *ResetError when the
// position is lost, ErrClosed behind the last event of a room that was closed, and
// ErrForgotten when its store forgot it.
func (rd *Reader) Next(ctx context.Context) (Update, error) {
	for {
		u, wake, err := rd.take()
		if err != nil || len(u.Events)+len(u.Tails) > 0 {
			return u, err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return Update{}, ctx.Err()
		}
	}
}

// take returns what there is, and a channel that is closed when there is more.
func (rd *Reader) take() (u Update, wake <-chan struct{}, err error) {
	r := rd.room
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.ended == ErrForgotten {
		return u, nil, ErrForgotten
	}
	if err := r.check(rd.at); err != nil {
		return u, nil, err
	}
	last := min(r.shown, rd.at.Seq+maxUpdate)
	u.Durable = r.durable(last)
	if last > rd.at.Seq {
		u.Events = append(u.Events, r.list.since(rd.at.Seq+1, last)...)
		rd.at = r.list.cursor(last)
	}
	if last == r.shown {
		u.Tails = r.lanes.tails(rd.turn)
		rd.turn = r.lanes.turn
	}
	if r.Over() && len(u.Events)+len(u.Tails) == 0 {
		return u, nil, r.ended
	}
	return u, r.wake, nil
}

// check returns a *ResetError where a position cannot be followed.
func (r *Room) check(c Cursor) error {
	why, ok := r.list.holds(c, r.shown)
	if ok {
		return nil
	}
	return &ResetError{c, why, r.list.cursor(min(r.shown, r.list.first()-1)), r.list.cursor(r.shown)}
}
