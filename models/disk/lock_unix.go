//go:build unix && !aix && !solaris && !illumos

package disk

import (
	"errors"
	"os"
	"syscall"
)

// TryLock locks a whole open file, until it is closed, or reports that it is locked
// already: by another process, or in this one where it was opened another time.
func TryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		default:
			return err == nil, err
		}
	}
}
