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
)

// span is a tensor whose place in the data section is claimed, not yet proved.
type span struct {
	tensor        Tensor
	offset, bytes uint64
}

// readTensors reads the tensor table and lays each tensor over its bytes.
func (f *File) readTensors(c *cursor, count uint64) error {
	alignment, err := f.alignment()
	if err != nil {
		return err
	}
	if err := c.promise("tensors", count, 8+1+4+4+8); err != nil {
		return err
	}
	spans := make([]span, 0, count)
	f.tensors = make(map[string]Tensor, count)
	for range count {
		s, err := readInfo(c, alignment)
		if err != nil {
			return err
		}
		if _, twice := f.tensors[s.tensor.Name]; twice {
			return fmt.Errorf("tensor %q is there twice", s.tensor.Name)
		}
		f.tensors[s.tensor.Name] = s.tensor
		f.names = append(f.names, s.tensor.Name)
		spans = append(spans, s)
	}
	pad := (alignment - uint64(c.at)%alignment) % alignment
	data := c.data[c.at:][min(pad, c.left()):]
	return f.place(spans, data)
}

// alignment returns what tensor offsets are multiples of.
func (f *File) alignment() (uint64, error) {
	if !f.Has(alignmentKey) {
		return defaultAlignment, nil
	}
	a, ok := f.Uint(alignmentKey)
	if !ok {
		return 0, fmt.Errorf("key %q is %s, want uint32", alignmentKey, f.Describe(alignmentKey))
	}
	if a < 8 || a > 4096 || a&(a-1) != 0 {
		return 0, fmt.Errorf("key %q is %d, want a power of two from 8 to 4096", alignmentKey, a)
	}
	return a, nil
}

func readInfo(c *cursor, alignment uint64) (span, error) {
	start := c.at
	n := c.uint64()
	if c.err == nil && (n == 0 || n > maxNameBytes) {
		return span{}, fmt.Errorf("the tensor name at byte %d is %d bytes long, want 1 to %d", start, n, maxNameBytes)
	}
	name := c.take(n)
	dims := c.uint32()
	if c.err == nil && !utf8.Valid(name) {
		return span{}, fmt.Errorf("the tensor name %q at byte %d is not UTF-8", name, start)
	}
	if c.err == nil && dims > maxDims {
		return span{}, fmt.Errorf("tensor %q: %d dimensions, want at most %d", name, dims, maxDims)
	}
	shape := make([]uint64, 0, maxDims)
	for range dims {
		if c.err == nil {
			shape = append(shape, c.uint64())
		}
	}
	id, offset := c.uint32(), c.uint64()
	if c.err != nil {
		return span{}, c.err
	}
	s, err := newSpan(string(name), shape, id, offset)
	if err == nil && offset%alignment != 0 {
		err = fmt.Errorf("offset %d is not a multiple of the alignment %d", offset, alignment)
	}
	if err != nil {
		return span{}, fmt.Errorf("tensor %q: %w", name, err)
	}
	return s, nil
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
	return span{Tensor{Name: name, Shape: shape, Type: t.name, DType: t.dtype}, offset, bytes}, nil
}

// place checks every span against the data section and each other.
func (f *File) place(spans []span, data []byte) error {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.offset, b.offset) })
	size, used := uint64(len(data)), uint64(0)
	for i, s := range spans {
		t := s.tensor
		if s.offset > size || s.bytes > size-s.offset {
			return fmt.Errorf("tensor %q: its %d bytes at offset %d end past the file, which has %d bytes of data; is the file complete?",
				t.Name, s.bytes, s.offset, size)
		}
		if s.offset < used {
			return fmt.Errorf("tensor %q: overlaps tensor %q", t.Name, spans[i-1].tensor.Name)
		}
		used = s.offset + s.bytes
		t.Data = data[s.offset:used:used]
		f.tensors[t.Name] = t
	}
	return nil
}
