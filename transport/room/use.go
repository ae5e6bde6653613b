package room

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

var (
	// ErrVoices says that a room has as many voices as it may.
	ErrVoices = errors.New("room: as many voices speak in it as may; wait until one has left")
	// ErrReaders says that a room, or its store, has as many readers as it may.
	ErrReaders = errors.New("room: as many read it as may; try again later")
)

// Enter counts a reader in, so that the room stays open until leave is called. The
// position of a reader is a Reader; one who enters may have none, or several.
func (r *Room) Enter() (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended != nil:
		return nil, r.ended
	case r.readers >= r.options.Readers:
		return nil, ErrReaders
	}
	if n := int64(r.options.AllReaders); r.everyone.Add(1) > n {
		r.everyone.Add(-1)
		return nil, fmt.Errorf("%w: %d read in all rooms", ErrReaders, n)
	}
	r.readers++
	return sync.OnceFunc(r.left), nil
}

func (r *Room) left() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.everyone.Add(-1)
	r.readers--
	r.used = time.Now()
}

// touch says that somebody is about to use the room.
func (r *Room) touch() {
	r.mu.Lock()
	r.used = time.Now()
	r.mu.Unlock()
}

// idleSince returns when the last voice or reader left, or the zero time where one is
// there, or events wait for the disk. The caller holds mu.
func (r *Room) idleSince() time.Time {
	if len(r.voices)+r.readers > 0 || r.log != nil && r.saved < r.list.next-1 {
		return time.Time{}
	}
	return r.used
}

// closeIdle ends the room if it has been idle since before a time. Nobody can come
// in between.
func (r *Room) closeIdle(before time.Time) bool {
	r.mu.Lock()
	since := r.idleSince()
	idle := r.ended == nil && !since.IsZero() && since.Before(before)
	if idle {
		r.ended = ErrClosed
	}
	r.mu.Unlock()
	if idle {
		r.finish()
	}
	return idle
}

// Over reports whether the room was closed or forgotten, and its last event shown.
func (r *Room) Over() bool {
	select {
	case <-r.closed:
		return true
	default:
		return false
	}
}

// Settled reports whether readers see every event there is: none waits for the disk.
func (r *Room) Settled() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.shown == r.list.next-1
}

// Languages returns those spoken last, at most 60, in order.
func (r *Room) Languages() (all []string) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, c := range r.board.languages {
		all = append(all, c.language)
	}
	slices.Sort(all)
	return all
}
