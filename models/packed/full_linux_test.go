package packed

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"sotto/models/gemma4/gemma4test"
)

// The system lets no file grow beyond a limit, as a full disk would.
func TestAFullDiskLeavesNothing(t *testing.T) {
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Skip("no limits on files: ", err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	dir, m := t.TempDir(), gemma4test.Tiny(1)
	for _, limit := range []uint64{0, 100, maxHeader + 5000} {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: old.Max}); err != nil {
			t.Skip("limits on files cannot be set: ", err)
		}
		err := Write(t.Context(), m, dir, nil)
		if back := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); back != nil {
			t.Fatal(back)
		}
		if !errors.Is(err, syscall.EFBIG) || errors.Is(err, ErrValue) {
			t.Errorf("at most %d bytes: %v, want what the system said", limit, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Fatalf("at most %d bytes: %q left behind", limit, left)
		}
	}
	if err := Write(t.Context(), m, dir, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(Options{}.Path(m, dir)); err != nil {
		t.Error(err)
	}
}
