package room

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// grace is for a room that was just opened: somebody is about to come in.
const grace = 5 * time.Second

// closeIdle closes the rooms that nobody has used for long. Those in memory are
// forgotten when all that was said in them is too old to be kept.
func (s *Store) closeIdle(now time.Time) {
	after := s.options.Idle
	if s.dir == "" {
		if after = s.options.KeepFor; after <= 0 {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.rooms {
		if r.closeIdle(now.Add(-after)) {
			delete(s.rooms, id)
		}
	}
}

// closeLongestIdle closes the room that has been idle for the longest, if that is
// since before a time.
func (s *Store) closeLongestIdle(before time.Time) bool {
	type idle struct {
		id    string
		since time.Time
	}
	var all []idle
	for id, r := range s.rooms {
		r.mu.RLock()
		if since := r.idleSince(); !since.IsZero() {
			all = append(all, idle{id, since})
		}
		r.mu.RUnlock()
	}
	slices.SortFunc(all, func(a, b idle) int { return a.since.Compare(b.since) })
	for _, one := range all {
		if s.rooms[one.id].closeIdle(before) {
			delete(s.rooms, one.id)
			return true
		}
	}
	return false
}

// expireEvery is between looks for rooms that are not open and too old.
const expireEvery = 10 * time.Minute

// removeOld removes rooms that are not open, and in which nothing was said for longer
// than is kept. What cannot be removed now is tried again.
func (s *Store) removeOld(now time.Time) {
	if s.dir == "" || s.options.KeepFor <= 0 {
		return
	}
	ids, err := s.IDs()
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if s.rooms[id] == nil && newest(s.folder(id)).Before(now.Add(-s.options.KeepFor)) {
			os.RemoveAll(s.folder(id))
		}
	}
}

// newest is when something in a folder was last written.
func newest(dir string) (at time.Time) {
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range append(names, dir) {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at
}
