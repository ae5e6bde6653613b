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
	create  func(path string) (file, error) // a file that was not there
	syncDir func(path string) error         // makes names in a folder durable
}

var realSystem = system{create: createFile, syncDir: syncDir}

func createFile(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func syncDir(path string) error {
	if runtime.GOOS == "windows" { // a folder cannot be synced there, and need not be
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
