// Package gguf reads GGUF files, versions 2 and 3, little-endian: typed
// metadata and a table of tensors over one slice of bytes. Input is hostile
// until proved otherwise: a count is believed only when the bytes it promises
// are there, and nothing is allocated before.
package gguf

import (
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
}

// Tensor is one entry of the tensor table.
type Tensor struct {
	Name  string
	Shape []int        // outermost first, the reverse of how GGUF stores it; empty for a scalar
	Type  string       // the type's name in ggml
	DType tensor.DType // 0 when Type is none that can be read
	Data  []byte
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

const magic = "GGUF"

func parse(data []byte) (*File, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("the file is empty")
	}
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, fmt.Errorf("not a GGUF file: it begins with %q, want %q", data[:min(len(data), len(magic))], magic)
	}
	c := &cursor{data: data, at: len(magic)}
	version := c.uint32()
	if c.err == nil {
		if err := checkVersion(version); err != nil {
			return nil, err
		}
	}
	tensors, pairs := c.uint64(), c.uint64()
	f := &File{Version: int(version)}
	if err := f.readMetadata(c, pairs); err != nil {
		return nil, err
	}
	if err := f.readTensors(c, tensors); err != nil {
		return nil, err
	}
	return f, nil
}

func checkVersion(v uint32) error {
	switch {
	case v == 2 || v == 3:
		return nil
	case v&0xffff == 0 && v != 0:
		return fmt.Errorf("the file is big-endian; only little-endian files are read")
	}
	return fmt.Errorf("version %d, want 2 or 3", v)
}
