package room

import (
	"os"
	"runtime"
)

// file is what the log needs of an open file.
type file interface {
	Write(b []byte) (int, error)
	Sync() error
	Truncate(size int64) error
	Close() error
}

// system is how files come to be. Tests put one in that fails.
type system struct {
	create func(path string) (file, error) // a file that was not there
	sync   func(path string) error         // of a file that was there, or of the names in a folder
}

var realSystem = system{create: createFile, sync: syncPath}

func createFile(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func syncPath(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	mode := os.O_RDWR
	if info.IsDir() {
		if mode = os.O_RDONLY; runtime.GOOS == "windows" {
			return nil // it has no such call for folders
		}
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
