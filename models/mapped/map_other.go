//go:build !windows && (!unix || aix || solaris)

package mapped

import (
	"io"
	"os"
)

func mapFile(f *os.File, size int) ([]byte, func([]byte) error, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(f, data)
	return data, func([]byte) error { return nil }, err
}
