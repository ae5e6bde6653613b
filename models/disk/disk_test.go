package disk

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	room := func(n int64, err error) func(string) (int64, error) {
		return func(string) (int64, error) { return n, err }
	}
	for _, c := range []struct {
		free func(string) (int64, error)
		want string // "": no error
	}{
		{room(5e9, nil), ""},
		{room(-1, nil), ""},
		{room(4.99e9, nil), "models has room for 4.99 GB, and 5.00 GB are needed"},
		{room(0, errors.New("gone")), "cannot ask how much room models has: gone"},
	} {
		err := Check("models", 5e9, c.free)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestFree(t *testing.T) {
	free, err := Free(t.TempDir())
	if err != nil || free == 0 {
		t.Errorf("%d bytes, %v", free, err)
	}
	if free < 0 {
		t.Skip("this system does not tell")
	}
	if _, err := Free(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there has room")
	}
}

// A lock holds against whoever opens the file, and goes when it is closed.
func TestALockGoesWithItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("ab"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	first, second := open(), open()
	locked, err := TryLock(first)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no locks on " + runtime.GOOS)
	}
	if !locked || err != nil {
		t.Fatalf("the first: %v, %v", locked, err)
	}
	if locked, err := TryLock(second); locked || err != nil {
		t.Errorf("the second meanwhile: %v, %v", locked, err)
	}
	if _, err := first.WriteAt([]byte(strings.Repeat("c", 9)), 0); err != nil {
		t.Errorf("the holder cannot write: %v", err)
	}
	first.Close()
	if locked, err := TryLock(second); !locked || err != nil {
		t.Errorf("the second after that: %v, %v", locked, err)
	}
}
