//go:build !windows && (!unix || aix || solaris || illumos)

package disk

import (
	"errors"
	"os"
)

// TryLock cannot lock here.
func TryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
