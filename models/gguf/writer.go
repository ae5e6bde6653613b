package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"sotto/models/tensor"
)

// Writer writes a GGUF file of version 3 as a stream. All metadata and all
// tensors are named first, so that every size is known before the first byte;
// then each tensor's data is written in the same order. The first error is
// kept: later calls do nothing, and Data and Close return it.
//
//	w := gguf.NewWriter(file)
//	w.String("general.architecture", "gemma4")
//	w.Tensor("output_norm.weight", tensor.F32, 2560)
//	data, err := w.Data("output_norm.weight")
//	_, err = data.Write(bytes)
//	err = w.Close()
type Writer struct {
	out     io.Writer
	pairs   []byte // the metadata section
	infos   []byte // the tensor table
	keys    map[string]bool
	names   map[string]bool
	spans   []span
	end     uint64 // of the last tensor named, in the data section
	next    int    // the tensor whose data comes next
	left    uint64 // bytes that the tensor before wants
	started bool
	err     error
}

// NewWriter returns a writer to out, which gets many small writes: buffer it.
func NewWriter(out io.Writer) *Writer {
	return &Writer{out: out, keys: map[string]bool{}, names: map[string]bool{}}
}

// Tensor adds a tensor; dims has the innermost, the length of a row, first.
func (w *Writer) Tensor(name string, d tensor.DType, dims ...uint64) {
	switch {
	case w.err != nil:
	case w.started:
		w.fail("tensor %q: named after data was written", name)
	case w.names[name]:
		w.fail("tensor %q is there twice", name)
	case name == "" || len(name) > maxNameBytes || !utf8.ValidString(name):
		w.fail("tensor name %.20q, want UTF-8 of 1 to %d bytes", name, maxNameBytes)
	case len(dims) > maxDims:
		w.fail("tensor %q: %d dimensions, want at most %d", name, len(dims), maxDims)
	default:
		w.addTensor(name, d, dims)
	}
}

func (w *Writer) addTensor(name string, d tensor.DType, dims []uint64) {
	id, known := ggmlID(d)
	if !known {
		w.fail("tensor %q: %s is no type of GGUF", name, d)
		return
	}
	s, err := newSpan(name, dims, id, w.end)
	if err != nil {
		w.fail("tensor %q: %w", name, err)
		return
	}
	w.names[name] = true
	w.spans = append(w.spans, s)
	w.infos = appendText(w.infos, name)
	w.infos = binary.LittleEndian.AppendUint32(w.infos, uint32(len(dims)))
	for _, n := range dims {
		w.infos = binary.LittleEndian.AppendUint64(w.infos, n)
	}
	w.infos = binary.LittleEndian.AppendUint32(w.infos, id)
	w.infos = binary.LittleEndian.AppendUint64(w.infos, w.end)
	if s.bytes > math.MaxInt64-defaultAlignment-w.end {
		w.fail("tensor %q: the file would be larger than any file system takes", name)
		return
	}
	w.end += s.bytes + padding(s.bytes)
}

// Size returns the size of the finished file in bytes.
func (w *Writer) Size() uint64 { return w.headerSize() + w.end }

// headerSize returns where the data section begins.
func (w *Writer) headerSize() uint64 {
	n := uint64(len(magic) + 4 + 8 + 8 + len(w.pairs) + len(w.infos))
	return n + padding(n)
}

// Data returns where to write the data of the next tensor: exactly as many
// bytes as its type and dimensions say. name proves that it is the one that
// the caller means.
func (w *Writer) Data(name string) (io.Writer, error) {
	if !w.started && w.err == nil {
		w.start()
	}
	w.finish()
	switch {
	case w.err != nil:
		return nil, w.err
	case w.next == len(w.spans):
		w.fail("data for tensor %q after the last tensor", name)
	case w.spans[w.next].tensor.Name != name:
		w.fail("data for tensor %q, but tensor %q comes next", name, w.spans[w.next].tensor.Name)
	default:
		w.left = w.spans[w.next].bytes
		w.next++
	}
	return (*dataWriter)(w), w.err
}

// Close checks that every tensor got its data. It does not close the
// underlying writer.
func (w *Writer) Close() error {
	if !w.started && w.err == nil {
		w.start()
	}
	w.finish()
	if w.err == nil && w.next < len(w.spans) {
		w.fail("tensor %q got no data", w.spans[w.next].tensor.Name)
	}
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("gguf: write to a closed file")
	return nil
}

// start writes everything before the data.
func (w *Writer) start() {
	w.started = true
	head := binary.LittleEndian.AppendUint32([]byte(magic), 3)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(w.spans)))
	head = binary.LittleEndian.AppendUint64(head, uint64(len(w.keys)))
	n := uint64(len(head) + len(w.pairs) + len(w.infos))
	for _, b := range [][]byte{head, w.pairs, w.infos, make([]byte, padding(n))} {
		w.emit(b)
	}
}

// finish pads the tensor whose data was being written.
func (w *Writer) finish() {
	if w.err != nil || w.next == 0 {
		return
	}
	s := w.spans[w.next-1]
	if w.left > 0 {
		w.fail("tensor %q got %d of its %d bytes", s.tensor.Name, s.bytes-w.left, s.bytes)
		return
	}
	w.emit(make([]byte, padding(s.bytes)))
}

// dataWriter is the Writer as one tensor's data sees it.
type dataWriter Writer

func (d *dataWriter) Write(p []byte) (int, error) {
	w := (*Writer)(d)
	if w.err == nil && uint64(len(p)) > w.left {
		s := w.spans[w.next-1]
		w.fail("tensor %q got more than its %d bytes", s.tensor.Name, s.bytes)
	}
	if w.err != nil {
		return 0, w.err
	}
	n := w.emit(p)
	w.left -= uint64(n)
	return n, w.err
}

func (w *Writer) emit(p []byte) int {
	if w.err != nil || len(p) == 0 {
		return 0
	}
	n, err := w.out.Write(p)
	if err != nil {
		w.fail("%w", err)
	}
	return n
}

func (w *Writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("gguf: "+format, args...)
	}
}

// padding returns how many bytes reach from n to the next multiple of the alignment.
func padding(n uint64) uint64 { return -n % defaultAlignment }

func appendText(b []byte, text string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(text))), text...)
}
