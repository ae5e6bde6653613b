package room

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sotto/models/disk"
)

var (
	// ErrForgotten says that a room's store forgot it.
	ErrForgotten = errors.New("room: it was forgotten")
	// ErrFull says that no more rooms may be open.
	ErrFull = errors.New("room: too many rooms are open, and none of them is idle; close one")
	// ErrNone says that there is no such room.
	ErrNone = errors.New("room: there is none of that name")
)

// Store is the rooms of a state folder, or rooms in memory.
type Store struct {
	dir     string // "": in memory
	most    int
	options Options
	lock    *os.File
	changed chan struct{} // holds one token when a room was opened
	readers atomic.Int64  // of all rooms

	mu     sync.Mutex // guards the following
	rooms  map[string]*Room
	closed bool
}

// OpenStore opens a state folder, which is made if needed, with at most so many
// rooms open at a time: one more closes that which has been idle for the longest. An
// empty dir keeps rooms in memory, where a closed one is forgotten. A folder that another
// process has open is refused.
func OpenStore(dir string, most int, opt Options) (*Store, error) {
	s := &Store{dir: dir, most: most, options: opt.filled(), changed: make(chan struct{}, 1), rooms: make(map[string]*Room)}
	if dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("room: cannot make the state folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("room: cannot lock the state folder: %w", err)
	}
	locked, err := disk.TryLock(f)
	if errors.Is(err, errors.ErrUnsupported) {
		locked, err = true, nil
	}
	if err != nil || !locked {
		f.Close()
		if err == nil {
			err = errors.New("another process has it; stop that one, or choose another folder")
		}
		return nil, fmt.Errorf("room: cannot lock %s: %w", dir, err)
	}
	s.lock = f
	return s, nil
}

// Durable reports whether what is said in the rooms is saved.
func (s *Store) Durable() bool { return s.dir != "" }

// Run runs the rooms that are opened, and closes those that are idle, until ctx ends.
// Its error says that events of a room could not be saved.
func (s *Store) Run(ctx context.Context) error {
	var running sync.WaitGroup
	var mu sync.Mutex // guards started and failed
	started := make(map[*Room]bool)
	var failed error
	run := func(id string, r *Room) {
		err := r.Run(ctx)
		mu.Lock()
		defer mu.Unlock()
		delete(started, r)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("room %s: %w", id, err))
		}
	}
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	expiry := time.NewTicker(expireEvery)
	defer expiry.Stop()
	s.removeOld(time.Now())
	for ctx.Err() == nil {
		s.each(func(id string, r *Room) {
			mu.Lock()
			defer mu.Unlock()
			if !started[r] && !r.Over() {
				started[r] = true
				running.Go(func() { run(id, r) })
			}
		})
		select {
		case <-s.changed:
		case <-sweep.C:
			s.closeIdle(time.Now())
		case <-expiry.C:
			s.removeOld(time.Now())
		case <-ctx.Done():
		}
	}
	running.Wait()
	return failed
}

func (s *Store) each(do func(id string, r *Room)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.rooms {
		do(id, r)
	}
}

// Room opens a room, or returns it where it is open. An id is 1 to 64 of the
// characters a-z, 0-9 and '-'.
func (s *Store) Room(id string) (*Room, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	return s.room(id)
}

// Find is Room for a room that exists, open or not; ErrNone where it does not.
func (s *Store) Find(id string) (*Room, error) {
	if checkID(id) != nil {
		return nil, ErrNone
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if s.rooms[id] == nil {
		if info, err := os.Stat(s.folder(id)); s.dir == "" || err != nil || !info.IsDir() {
			return nil, ErrNone
		}
	}
	return s.room(id)
}

func (s *Store) room(id string) (*Room, error) {
	if r := s.rooms[id]; r != nil {
		r.touch()
		return r, nil
	}
	if len(s.rooms) >= s.most && !s.closeLongestIdle(time.Now().Add(-grace)) {
		return nil, ErrFull
	}
	r, err := s.open(id)
	if err != nil {
		return nil, err
	}
	r.everyone = &s.readers
	s.rooms[id] = r
	signal(s.changed)
	return r, nil
}

func (s *Store) open(id string) (*Room, error) {
	if s.dir == "" {
		return New(s.options), nil
	}
	return Open(s.folder(id), s.options)
}

// folder keeps ids away from names that a system reserves.
func (s *Store) folder(id string) string { return filepath.Join(s.dir, "room-"+id) }

// Sums are the numbers of all open rooms together.
type Sums struct {
	Rooms, Voices, Readers int
	Unsaved                int // events that are shown, or wait, and are not on disk; 0 in memory
	Failing                int // rooms that cannot save
}

// Sums returns the numbers of now.
func (s *Store) Sums() (all Sums) {
	all.Readers = int(s.readers.Load())
	s.each(func(_ string, r *Room) {
		n := r.Stats()
		all.Rooms++
		all.Voices += n.Voices
		if s.Durable() {
			all.Unsaved += int(n.Shown - min(n.Saved, n.Shown))
		}
		if !n.Failing.IsZero() {
			all.Failing++
		}
	})
	return all
}

// IDs returns the ids of all rooms, open or not, in order.
func (s *Store) IDs() ([]string, error) {
	var ids []string
	s.each(func(id string, _ *Room) { ids = append(ids, id) })
	if s.dir != "" {
		entries, err := os.ReadDir(s.dir)
		if err != nil {
			return nil, fmt.Errorf("room: cannot list rooms: %w", err)
		}
		for _, e := range entries {
			if id, ok := strings.CutPrefix(e.Name(), "room-"); ok && e.IsDir() && checkID(id) == nil {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// CloseRoom ends an open room. Its folder stays, and it may be opened again.
func (s *Store) CloseRoom(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[id]
	if r == nil {
		return nil
	}
	delete(s.rooms, id)
	return r.Close()
}

// Forget removes a room, open or not, with all that was said in it. Its readers get
// ErrForgotten. With an error some of it may still be on disk.
func (s *Store) Forget(id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[id]; r != nil {
		delete(s.rooms, id)
		r.end(ErrForgotten)
		r.Forget()
	}
	if s.dir == "" {
		return nil
	}
	if err := os.RemoveAll(s.folder(id)); err != nil {
		return fmt.Errorf("room: cannot forget all of room %s: %w", id, err)
	}
	return syncPath(s.dir)
}

// Close closes all rooms and lets go of the folder. Its error says that events could
// not be saved.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for id, r := range s.rooms {
		err = errors.Join(err, r.Close())
		delete(s.rooms, id)
	}
	s.closed = true
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
		s.lock = nil
	}
	return err
}

// ValidID reports whether a room can have the id.
func ValidID(id string) bool {
	return 1 <= len(id) && len(id) <= 64 && !strings.ContainsFunc(id, func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-')
	})
}

func checkID(id string) error {
	if !ValidID(id) {
		return fmt.Errorf("room: id %.80q, want 1 to 64 of a-z, 0-9 and '-'", id)
	}
	return nil
}
