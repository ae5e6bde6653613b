package gguf

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const (
	alignmentKey     = "general.alignment"
	defaultAlignment = 32
	maxDims          = 4
	maxNameBytes     = 1 << 10
	maxTensors       = 1 << 20
)

// span is a tensor whose place in the data section is claimed, not yet proved.
type span struct {
	tensor        Tensor
	offset, bytes uint64
	at            int // of its line in the table
}

// readTensors reads the tensor table and lays each tensor over its bytes.
func (f *File) readTensors(c *cursor, count uint64) error {
	alignment := f.alignment(c)
	c.field = "the tensor table"
	c.promise("tensors", count, 8+1+4+4+8, maxTensors)
	if c.err != nil {
		return c.err
	}
	f.table[0] = c.at
	spans := make([]span, 0, min(count, maxRoom))
	f.tensors = make(map[string]Tensor, min(count, maxRoom))
	for range count {
		start := c.at
		s := readInfo(c, alignment)
		if _, twice := f.tensors[s.tensor.Name]; twice {
			c.fail(start, " is there twice")
		}
		if c.err != nil {
			return c.err
		}
		f.tensors[s.tensor.Name] = s.tensor
		f.names = append(f.names, s.tensor.Name)
		spans = append(spans, s)
	}
	f.table[1] = c.at
	pad := (alignment - uint64(c.at)%alignment) % alignment
	f.place(c, spans, c.data[c.at:][min(pad, c.left()):])
	return c.err
}

// alignment returns what tensor offsets are multiples of.
func (f *File) alignment(c *cursor) uint64 {
	v, there := f.values[alignmentKey]
	if !there {
		return defaultAlignment
	}
	c.field = fmt.Sprintf("key %q", alignmentKey)
	a, ok := f.Uint(alignmentKey)
	switch {
	case !ok:
		c.fail(v.at, " is %s, want uint32", f.Describe(alignmentKey))
	case a < 8 || a > 4096 || a&(a-1) != 0:
		c.fail(v.at, " is %d, want a power of two from 8 to 4096", a)
	}
	return a
}

// readInfo reads a line of the table. The error, if any, is in c.
func readInfo(c *cursor, alignment uint64) span {
	start := c.at
	c.field = "the tensor name"
	n := c.uint64()
	if n == 0 || n > maxNameBytes {
		c.fail(start, " is %d bytes long, want 1 to %d", n, maxNameBytes)
	}
	name := c.take(n)
	if !utf8.Valid(name) {
		c.fail(start, " %.80q is not UTF-8", name)
	}
	c.field = fmt.Sprintf("tensor %.80q", name)
	dims := c.uint32()
	if dims > maxDims {
		c.fail(c.at-4, ": %d dimensions, want at most %d", dims, maxDims)
	}
	var shape []uint64
	for range min(dims, maxDims) {
		shape = append(shape, c.uint64())
	}
	id, offset := c.uint32(), c.uint64()
	if c.err != nil {
		return span{}
	}
	s, err := newSpan(string(name), shape, id, offset)
	if err != nil {
		c.fail(start, ": %w", err)
	} else if offset%alignment != 0 {
		c.fail(c.at-8, ": offset %d is not a multiple of the alignment %d", offset, alignment)
	}
	s.at, s.tensor.At = start, fmt.Sprintf("byte %d", start)
	return s
}

// newSpan computes a tensor's size in bytes; dims has the innermost first.
func newSpan(name string, dims []uint64, id uint32, offset uint64) (span, error) {
	t, known := ggmlTypes[id]
	if !known {
		return span{}, fmt.Errorf("type %d is no ggml type", id)
	}
	elements := uint64(1)
	for _, d := range dims {
		high, product := bits.Mul64(elements, d)
		if d == 0 || high != 0 || product > math.MaxInt64/8 {
			return span{}, fmt.Errorf("impossible dimensions %d", dims)
		}
		elements = product
	}
	row := uint64(1)
	if len(dims) > 0 {
		row = dims[0]
	}
	if row%t.blockLen != 0 {
		return span{}, fmt.Errorf("rows of %d elements do not fill %s blocks of %d", row, t.name, t.blockLen)
	}
	high, bytes := bits.Mul64(elements/t.blockLen, t.blockBytes)
	if high != 0 {
		return span{}, fmt.Errorf("impossible dimensions %d", dims)
	}
	shape := make([]int, len(dims))
	for i, d := range dims {
		shape[len(dims)-1-i] = int(d)
	}
	return span{tensor: Tensor{Name: name, Shape: shape, Type: t.name, DType: t.dtype}, offset: offset, bytes: bytes}, nil
}

// place checks every span against the data section and each other.
func (f *File) place(c *cursor, spans []span, data []byte) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.offset, b.offset) })
	size, used := uint64(len(data)), uint64(0)
	for i, s := range spans {
		t := s.tensor
		c.field = fmt.Sprintf("tensor %.80q", t.Name)
		if s.offset > size || s.bytes > size-s.offset {
			c.fail(s.at, ": its %d bytes at offset %d end past the file, which has %d bytes of data; is the file complete?",
				s.bytes, s.offset, size)
			return
		}
		if s.offset < used {
			c.fail(s.at, ": overlaps tensor %.80q", spans[i-1].tensor.Name)
			return
		}
		used = s.offset + s.bytes
		t.Data = data[s.offset:used:used]
		f.tensors[t.Name] = t
	}
}
