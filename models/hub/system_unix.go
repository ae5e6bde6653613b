//go:build unix && !aix && !solaris && !illumos

package hub

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks a whole file for this process, or reports that another has it.
func tryLock(f *os.File) (bool, error) {
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
