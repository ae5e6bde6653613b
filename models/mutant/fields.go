package mutant

import (
	"encoding/binary"
	"regexp"
)

var jsonToken = regexp.MustCompile(`-?[0-9]+|"[^"]*"`)

// Safetensors finds the length and the JSON tokens of a valid safetensors file.
func Safetensors(data []byte) *File {
	end := 8 + int(binary.LittleEndian.Uint64(data))
	f := &File{data: data, header: end, fields: []field{{0, 8}}, json: true}
	for _, at := range jsonToken.FindAllIndex(data[8:end], -1) {
		f.fields = append(f.fields, field{8 + at[0], at[1] - at[0]})
	}
	return f
}

// GGUF finds the fields of a valid GGUF file.
func GGUF(data []byte) *File {
	w := &walker{data: data}
	w.skip(4)
	w.number(4)
	tensors, pairs := w.number(8), w.number(8)
	for range pairs {
		w.text()
		w.value(w.number(4))
	}
	for range tensors {
		w.text()
		for range w.number(4) {
			w.number(8)
		}
		w.number(4)
		w.number(8)
	}
	return &File{data: data, header: w.at, fields: w.fields}
}

// walker steps over a valid GGUF header.
type walker struct {
	data   []byte
	at     int
	fields []field
}

func (w *walker) skip(size int) {
	if size > 0 {
		w.fields = append(w.fields, field{w.at, size})
	}
	w.at += size
}

func (w *walker) number(size int) uint64 {
	var b [8]byte
	copy(b[:], w.data[w.at:w.at+size])
	w.skip(size)
	return binary.LittleEndian.Uint64(b[:])
}

func (w *walker) text() { w.skip(int(w.number(8))) }

// value steps over a value of a type as GGUF numbers it.
func (w *walker) value(kind uint64) {
	switch kind {
	case 8:
		w.text()
	case 9:
		of := w.number(4)
		for range w.number(8) {
			w.value(of)
		}
	default:
		w.skip([]int{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}[kind])
	}
}
