package gguf

import (
	"fmt"
	"unicode/utf8"
)

// kind is a metadata value type as GGUF numbers it.
type kind uint32

const (
	kindUint8 kind = iota
	kindInt8
	kindUint16
	kindInt16
	kindUint32
	kindInt32
	kindFloat32
	kindBool
	kindString
	kindArray
	kindUint64
	kindInt64
	kindFloat64
	kindCount
)

// kinds has each kind's size in bytes, the smallest one for those that vary,
// and its name in sentences.
var kinds = [kindCount]struct {
	size uint64
	name string
}{
	kindUint8: {1, "uint8"}, kindInt8: {1, "int8"}, kindUint16: {2, "uint16"}, kindInt16: {2, "int16"},
	kindUint32: {4, "uint32"}, kindInt32: {4, "int32"}, kindUint64: {8, "uint64"}, kindInt64: {8, "int64"},
	kindFloat32: {4, "float32"}, kindFloat64: {8, "float64"}, kindBool: {1, "bool"},
	kindString: {8, "string"}, kindArray: {12, "array"},
}

// value is one checked metadata value, still in the file's bytes. An array
// holds its elements one after the other; a string value is its text alone.
type value struct {
	kind  kind // of the elements if array
	array bool
	count int
	data  []byte
	at    int // of its key in the file
}

// What a file may hold at most, far above any model. Room is made for fewer, so
// that a number alone, in a large file, costs nothing.
const (
	maxKeyBytes = 1 << 16
	maxPairs    = 1 << 16
	maxElements = 1 << 24
	maxRoom     = 1 << 12
)

func (f *File) readMetadata(c *cursor, pairs uint64) error {
	c.promise("metadata keys", pairs, 8+1+4+1, maxPairs)
	if c.err != nil {
		return c.err
	}
	f.metadata[0] = c.at
	f.values = make(map[string]value, min(pairs, maxRoom))
	for range pairs {
		start := c.at
		key, v := readPair(c)
		if _, twice := f.values[key]; twice {
			c.fail(start, " is there twice")
		}
		if c.err != nil {
			return c.err
		}
		f.values[key] = v
		f.keys = append(f.keys, key)
	}
	f.metadata[1] = c.at
	return nil
}

// readPair reads a key and its value. The error, if any, is in c.
func readPair(c *cursor) (string, value) {
	start := c.at
	c.field = "the metadata key"
	n := c.uint64()
	if n == 0 || n > maxKeyBytes {
		c.fail(start, " is %d bytes long, want 1 to %d", n, maxKeyBytes)
	}
	name := c.take(n)
	if !utf8.Valid(name) {
		c.fail(start, " %.80q is not UTF-8", name)
	}
	if c.err != nil {
		return "", value{}
	}
	c.field = fmt.Sprintf("key %.80q", name)
	v := readValue(c, kind(c.uint32()))
	v.at = start
	return string(name), v
}

func readValue(c *cursor, k kind) value {
	switch {
	case k >= kindCount:
		c.fail(c.at-4, ": value type %d is unknown", k)
		return value{}
	case k == kindArray:
		return readArray(c)
	case k == kindString:
		return value{kind: k, count: 1, data: c.text()}
	}
	v := value{kind: k, count: 1, data: c.take(kinds[k].size)}
	checkBools(c, v)
	return v
}

func readArray(c *cursor) value {
	k, count := kind(c.uint32()), c.uint64()
	switch {
	case k >= kindCount:
		c.fail(c.at-12, ": array element type %d is unknown", k)
	case k == kindArray:
		c.fail(c.at-12, ": an array of arrays, which is not read")
	default:
		c.promise("array elements", count, kinds[k].size, maxElements)
	}
	if c.err != nil {
		return value{}
	}
	start := c.at
	if k == kindString {
		for range count {
			c.text()
		}
	} else {
		c.take(count * kinds[k].size)
	}
	v := value{kind: k, array: true, count: int(count), data: c.data[start:c.at]}
	checkBools(c, v)
	return v
}

// checkBools checks the bools that were read last.
func checkBools(c *cursor, v value) {
	if v.kind != kindBool {
		return
	}
	for i, b := range v.data {
		if b > 1 {
			c.fail(c.at-len(v.data)+i, ": a bool is %d, want 0 or 1", b)
			return
		}
	}
}
