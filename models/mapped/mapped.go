// Package mapped opens a file as one read-only slice of bytes: memory-mapped
// where the system can, so that weights are read when they are first used and
// shared between processes, else read whole.
package mapped

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
)

// File is an open file's contents.
type File struct {
	data   []byte
	unmap  func([]byte) error
	closed bool
}

// Bytes returns the contents. They must not be written, nor read after Close.
func (f *File) Bytes() []byte { return f.data }

// Open maps the regular file at path. An empty file gives an empty slice.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, reason(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, reason(path, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("cannot read %s: it is a folder", path)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read %s: it is not a regular file", path)
	}
	size := info.Size()
	if size == 0 {
		return &File{}, nil
	}
	if size > math.MaxInt {
		return nil, fmt.Errorf("cannot read %s: %d bytes are more than this system can address", path, size)
	}
	data, unmap, err := mapFile(file, int(size))
	if err != nil {
		return nil, reason(path, err)
	}
	return &File{data: data, unmap: unmap}, nil
}

// Close gives the memory back. A second call does nothing.
func (f *File) Close() error {
	if f.closed || f.unmap == nil {
		return nil
	}
	f.closed = true
	data := f.data
	f.data = nil
	return f.unmap(data)
}

// reason drops the system's repetition of the path and keeps what happened.
func reason(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("cannot read %s: %w", path, p.Err)
	}
	return fmt.Errorf("cannot read %s: %w", path, err)
}
