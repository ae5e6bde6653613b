// Package gguf reads GGUF files, versions 2 and 3, little-endian: typed
// metadata and a table of tensors over one slice of bytes. Input is hostile
// until proved otherwise: a count is believed only when the bytes it promises
// are there, and nothing is allocated before.
package gguf

import (
	"bytes"
	"fmt"
	"slices"

	"sotto/models/mapped"
	"sotto/models/tensor"
)

// File is a parsed GGUF file. Its tensors alias the parsed bytes.
type File struct {
	Version int

	values  map[string]value
	keys    []string
	tensors map[string]Tensor
	names   []string
	file    *mapped.File
	// Where the two sections begin and end.
	metadata, table [2]int
}

// Tensor is one entry of the tensor table.
type Tensor struct {
	Name  string
	Shape []int        // outermost first, the reverse of how GGUF stores it; empty for a scalar
	Type  string       // the type's name in ggml
	DType tensor.DType // 0 when Type is none that can be read
	Data  []byte
	At    string // where the table describes it, for sentences: "byte 1234"
}

// Elements returns the product of the shape.
func (t Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Parse reads a GGUF file from memory.
func Parse(data []byte) (*File, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	return f, nil
}

// Open maps and parses the GGUF file at path.
func Open(path string) (*File, error) {
	m, err := mapped.Open(path)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	f, err := parse(m.Bytes())
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("gguf: %s: %w", path, err)
	}
	f.file = m
	return f, nil
}

// Close unmaps an opened file; its tensors may not be read afterwards.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (Tensor, bool) {
	t, ok := f.tensors[name]
	return t, ok
}

// Tensors returns all tensors in the order of the file.
func (f *File) Tensors() []Tensor {
	all := make([]Tensor, len(f.names))
	for i, name := range f.names {
		all[i] = f.tensors[name]
	}
	return all
}

// Keys returns the metadata keys in the order of the file.
func (f *File) Keys() []string { return slices.Clone(f.keys) }

// At says where a key is, for sentences: "byte 1234". Of a key that is not there
// it says where it could be: "bytes 24 to 5678".
func (f *File) At(key string) string {
	if v, ok := f.values[key]; ok {
		return fmt.Sprintf("byte %d", v.at)
	}
	return f.MetadataAt()
}

// MetadataAt says where the metadata are: "bytes 24 to 5678".
func (f *File) MetadataAt() string {
	return fmt.Sprintf("bytes %d to %d", f.metadata[0], f.metadata[1])
}

// TableAt says where the tensors are described: "bytes 5678 to 9012".
func (f *File) TableAt() string { return fmt.Sprintf("bytes %d to %d", f.table[0], f.table[1]) }

const magic = "GGUF"

func parse(data []byte) (*File, error) {
	c := &cursor{data: data, field: "the magic"}
	if !bytes.HasPrefix(data, []byte(magic)) {
		return nil, noMagic(data)
	}
	c.take(uint64(len(magic)))
	c.field = "version"
	version := c.uint32()
	checkVersion(c, version)
	c.field = "the number of tensors"
	tensors := c.uint64()
	c.field = "the number of metadata keys"
	pairs := c.uint64()
	if c.err != nil {
		return nil, c.err
	}
	f := &File{Version: int(version)}
	if err := f.readMetadata(c, pairs); err != nil {
		return nil, err
	}
	if err := f.readTensors(c, tensors); err != nil {
		return nil, err
	}
	return f, nil
}

func noMagic(data []byte) error {
	if len(data) == 0 {
		return fmt.Errorf("byte 0: no magic %q: the file is empty", magic)
	}
	return fmt.Errorf("byte 0: not a GGUF file: it begins with %q, want the magic %q", data[:min(len(data), len(magic))], magic)
}

func checkVersion(c *cursor, v uint32) {
	switch {
	case v == 2 || v == 3:
	case v&0xffff == 0 && v != 0:
		c.fail(4, " %#x says that the file is big-endian; only little-endian files are read", v)
	default:
		c.fail(4, " %d, want 2 or 3", v)
	}
}
