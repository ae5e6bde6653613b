package room

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func store(t *testing.T, dir string, most int) *Store {
	t.Helper()
	s, err := OpenStore(dir, most, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func room(t *testing.T, s *Store, id string) *Room {
	t.Helper()
	r, err := s.Room(id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestIDs(t *testing.T) {
	s := store(t, t.TempDir(), 10)
	for _, id := range []string{"", "A", "a/b", "..", "a b", "é", "a\x00", strings.Repeat("a", 65), "lock\n"} {
		if _, err := s.Room(id); err == nil || !strings.Contains(err.Error(), "want 1 to 64") {
			t.Errorf("%q: %v", id, err)
		}
		if err := s.Forget(id); err == nil {
			t.Errorf("%q is forgotten", id)
		}
	}
	for _, id := range []string{"a", "0-9", "lock", "nul", strings.Repeat("z", 64)} {
		if _, err := s.Room(id); err != nil {
			t.Error(err)
		}
	}
}

func TestAStoreHasOneOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	first := store(t, dir, 1)
	if _, err := OpenStore(dir, 1, Options{}); err == nil || !strings.Contains(err.Error(), "another process has it") {
		t.Errorf("%v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Room("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	store(t, dir, 1)
}

func TestRoomsOfAStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := store(t, dir, 2)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for _, id := range []string{"a", "b"} {
		r := room(t, s, id)
		rd := r.Follow()
		join(t, r, id)
		u, err := rd.Next(t.Context())
		if err != nil || !u.Durable || u.Events[0].Note != id {
			t.Errorf("%+v %v", u, err)
		}
		if room(t, s, id) != r {
			t.Error("another room of the same id")
		}
	}
	if _, err := s.Room("c"); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
	if err := s.CloseRoom("a"); err != nil {
		t.Fatal(err)
	}
	room(t, s, "c")
	if ids, err := s.IDs(); err != nil || !slices.Equal(ids, []string{"a", "b", "c"}) {
		t.Errorf("%v %v", ids, err)
	}
	b := room(t, s, "b")
	rd := b.Follow()
	for _, id := range []string{"a", "b", "never"} {
		if err := s.Forget(id); err != nil {
			t.Error(err)
		}
	}
	if _, err := rd.Next(t.Context()); !errors.Is(err, ErrForgotten) {
		t.Errorf("%v", err)
	}
	if ids, err := s.IDs(); err != nil || !slices.Equal(ids, []string{"c"}) {
		t.Errorf("%v %v", ids, err)
	}
	again := room(t, s, "b")
	rd = again.Follow()
	join(t, again, "new")
	if u, err := rd.Next(t.Context()); err != nil || u.Events[0].Seq != 1 {
		t.Errorf("%+v %v", u, err)
	}
	checkModes(t, dir)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func checkModes(t *testing.T, dir string) {
	if runtime.GOOS == "windows" {
		return
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAStoreInMemory(t *testing.T) {
	s := store(t, "", 2)
	r := room(t, s, "a")
	rd := r.Follow()
	join(t, r, "A")
	wants(t, rd, "1:joinedA")
	if ids, err := s.IDs(); err != nil || len(ids) != 1 || r.Durable() {
		t.Errorf("%v %v", ids, err)
	}
	if err := s.Forget("a"); err != nil {
		t.Error(err)
	}
}
