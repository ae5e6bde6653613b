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
}

const maxKeyBytes = 1 << 16

func (f *File) readMetadata(c *cursor, pairs uint64) error {
	if err := c.promise("metadata keys", pairs, 8+1+4+1); err != nil {
		return err
	}
	f.values = make(map[string]value, pairs)
	for range pairs {
		key, v, err := readPair(c)
		if err != nil {
			return err
		}
		if _, twice := f.values[key]; twice {
			return fmt.Errorf("key %q is there twice", key)
		}
		f.values[key] = v
		f.keys = append(f.keys, key)
	}
	return nil
}

func readPair(c *cursor) (string, value, error) {
	start := c.at
	n := c.uint64()
	if c.err == nil && (n == 0 || n > maxKeyBytes) {
		return "", value{}, fmt.Errorf("the metadata key at byte %d is %d bytes long, want 1 to %d", start, n, maxKeyBytes)
	}
	name := c.take(n)
	k := kind(c.uint32())
	if c.err != nil {
		return "", value{}, c.err
	}
	if !utf8.Valid(name) {
		return "", value{}, fmt.Errorf("the metadata key %q at byte %d is not UTF-8", name, start)
	}
	key := string(name)
	v, err := readValue(c, k)
	if err != nil {
		return "", value{}, fmt.Errorf("key %q: %w", key, err)
	}
	return key, v, nil
}

func readValue(c *cursor, k kind) (value, error) {
	switch {
	case k >= kindCount:
		return value{}, fmt.Errorf("value type %d at byte %d is unknown", k, c.at-4)
	case k == kindArray:
		return readArray(c)
	case k == kindString:
		v := value{kind: k, count: 1, data: c.text()}
		return v, c.err
	}
	v := value{kind: k, count: 1, data: c.take(kinds[k].size)}
	if c.err != nil {
		return v, c.err
	}
	return v, checkBools(v)
}

func readArray(c *cursor) (value, error) {
	k := kind(c.uint32())
	count := c.uint64()
	if c.err != nil {
		return value{}, c.err
	}
	if k >= kindCount {
		return value{}, fmt.Errorf("array element type %d at byte %d is unknown", k, c.at-12)
	}
	if k == kindArray {
		return value{}, fmt.Errorf("an array of arrays, which is not read")
	}
	if err := c.promise("array elements", count, kinds[k].size); err != nil {
		return value{}, err
	}
	start := c.at
	if k == kindString {
		for range count {
			c.text()
		}
	} else {
		c.take(count * kinds[k].size)
	}
	if c.err != nil {
		return value{}, c.err
	}
	v := value{kind: k, array: true, count: int(count), data: c.data[start:c.at]}
	return v, checkBools(v)
}

func checkBools(v value) error {
	if v.kind != kindBool {
		return nil
	}
	for _, b := range v.data {
		if b > 1 {
			return fmt.Errorf("a bool is %d, want 0 or 1", b)
		}
	}
	return nil
}
