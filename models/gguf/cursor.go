package gguf

import (
	"encoding/binary"
	"fmt"
)

// cursor reads forward and remembers the first thing that was not there.
// After an error every read gives zeros.
type cursor struct {
	data []byte
	at   int
	err  error
}

func (c *cursor) left() uint64 { return uint64(len(c.data) - c.at) }

// take returns the next n bytes, or nil.
func (c *cursor) take(n uint64) []byte {
	if c.err != nil {
		return nil
	}
	if n > c.left() {
		c.err = fmt.Errorf("the file ends too early: %d bytes wanted at byte %d, %d are left", n, c.at, c.left())
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

// promise checks that count things of at least size bytes each can follow.
func (c *cursor) promise(what string, count, size uint64) error {
	if c.err != nil {
		return c.err
	}
	if count > c.left()/size {
		return fmt.Errorf("%d %s are claimed at byte %d, but only %d bytes are left", count, what, c.at, c.left())
	}
	return nil
}
