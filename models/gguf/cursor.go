package gguf

import (
	"encoding/binary"
	"fmt"
)

// cursor reads forward and remembers the first thing that was wrong. After an
// error every read gives zeros.
type cursor struct {
	data  []byte
	at    int
	field string // what is being read, for sentences
	err   error
}

func (c *cursor) left() uint64 { return uint64(len(c.data) - c.at) }

// fail keeps the first error, with its place and what was being read.
func (c *cursor) fail(at int, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("byte %d: %s"+format, append([]any{at, c.field}, args...)...)
	}
}

// take returns the next n bytes, or nil.
func (c *cursor) take(n uint64) []byte {
	if c.err != nil {
		return nil
	}
	if n > c.left() {
		c.fail(c.at, ": the file ends too early: %d bytes wanted, %d are left", n, c.left())
		return nil
	}
	b := c.data[c.at : c.at+int(n)]
	c.at += int(n)
	return b
}

func (c *cursor) uint32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) uint64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// text reads a length and so many bytes.
func (c *cursor) text() []byte { return c.take(c.uint64()) }

// promise checks that count things of at least size bytes each can follow and
// that they are not more than most.
func (c *cursor) promise(what string, count, size, most uint64) {
	switch {
	case count > c.left()/size:
		c.fail(c.at, ": %d %s are claimed, but only %d bytes are left", count, what, c.left())
	case count > most:
		c.fail(c.at, ": %d %s are claimed, want at most %d", count, what, most)
	}
}
