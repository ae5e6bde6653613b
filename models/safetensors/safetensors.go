// Package safetensors reads safetensors files and the sharded folders that
// Hugging Face writes. Input is hostile until proved otherwise: every claim is
// checked against the bytes that are there before anything is allocated.
package safetensors

import (
	"fmt"
	"path/filepath"

	"sotto/models/mapped"
	"sotto/models/tensor"
)

// File is the tensors of one file, or of all the shards of a folder. They
// alias the parsed bytes.
type File struct {
	tensors map[string]Tensor
	names   []string
	files   []*mapped.File
	headers []string // where each file's header is, for sentences
}

// Tensor is one named tensor.
type Tensor struct {
	Name  string
	Shape []int        // outermost first; empty for a scalar
	Type  string       // the type as the file spells it
	DType tensor.DType // 0 when Type is none that can be read
	Data  []byte
	At    string // where the header describes it, for sentences: "model.safetensors byte 90"
}

// Elements returns the product of the shape.
func (t Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Parse reads a safetensors file from memory.
func Parse(data []byte) (*File, error) {
	f := &File{tensors: map[string]Tensor{}}
	if err := f.add("", data); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

// Open maps and parses the safetensors file at path.
func Open(path string) (*File, error) {
	f := &File{tensors: map[string]Tensor{}}
	if err := f.open(path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// open adds the tensors of one more file.
func (f *File) open(path string) error {
	m, err := mapped.Open(path)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	f.files = append(f.files, m)
	if err := f.add(filepath.Base(path)+" ", m.Bytes()); err != nil {
		return fmt.Errorf("safetensors: %s: %w", path, err)
	}
	return nil
}

// Close unmaps opened files; their tensors may not be read afterwards.
func (f *File) Close() error {
	var first error
	for _, m := range f.files {
		if err := m.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// HeaderAt says where the tensors are described, for sentences:
// "model.safetensors bytes 8 to 5678".
func (f *File) HeaderAt() string {
	if len(f.headers) == 1 {
		return f.headers[0]
	}
	return fmt.Sprintf("the headers of %d files", len(f.headers))
}

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (Tensor, bool) {
	t, ok := f.tensors[name]
	return t, ok
}

// Tensors returns all tensors in the order of their bytes.
func (f *File) Tensors() []Tensor {
	all := make([]Tensor, len(f.names))
	for i, name := range f.names {
		all[i] = f.tensors[name]
	}
	return all
}
