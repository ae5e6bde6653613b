package gguf

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"sotto/models/tensor"
)

// nameToy writes what testdata/make.py puts into written.gguf, without data.
func nameToy(w *Writer) {
	w.String("general.architecture", "toy")
	w.String("a.string", "señal <|audio> ▁")
	w.Uint32("a.uint32", 4000000000)
	w.Float32("a.float32", 0.1)
	w.Bool("a.bool", true)
	w.Strings("b.strings", []string{"", "uno", "three words here"})
	w.Int32s("b.ints", []int32{3, -4, 5})
	w.Float32s("b.floats", []float32{0.25, -1.5})
	w.Bools("b.bools", []bool{true, false, true})
	w.Tensor("t.F32", tensor.F32, 3)
	w.Tensor("t.Q8_0", tensor.Q8_0, 64, 3)
	w.Tensor("t.BF16", tensor.BF16, 2, 5, 2)
}

// The gguf package wrote written.gguf; equal bytes are read by it as by us.
func TestTheWriterWritesWhatTheGgufPackageWrites(t *testing.T) {
	want, err := os.ReadFile("testdata/written.gguf")
	if err != nil {
		t.Fatal(err)
	}
	source, err := Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := NewWriter(&out)
	nameToy(w)
	for _, x := range source.Tensors() {
		data, err := w.Data(x.Name)
		if err != nil {
			t.Fatal(err)
		}
		for part := range slices.Chunk(x.Data, 7) {
			if _, err := data.Write(part); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) || w.Size() != uint64(len(want)) {
		t.Errorf("wrote %d bytes, said %d, which differ from the %d wanted\n%q\n%q", out.Len(), w.Size(), len(want), out.Bytes(), want)
	}
	if f, err := Parse(out.Bytes()); err != nil || len(f.Tensors()) != 3 {
		t.Error(f, err)
	}
}

func TestSizeOfALargeFileIsKnownBefore(t *testing.T) {
	w := NewWriter(nil)
	w.Tensor("big", tensor.Q4_0, 1<<20, 1<<20)
	if got, want := w.Size(), uint64(1<<40/32*18+64+32); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestTheWriterRefuses(t *testing.T) {
	write := func(w *Writer, name string, n int) {
		if data, err := w.Data(name); err == nil {
			data.Write(make([]byte, n))
		}
	}
	cases := []struct {
		want string
		use  func(w *Writer)
	}{
		{`key "a.bool" is there twice`, func(w *Writer) { w.Uint32("a.bool", 1) }},
		{`key "", want UTF-8`, func(w *Writer) { w.Bool("", true) }},
		{`key "\xff", want UTF-8`, func(w *Writer) { w.Bool("\xff", true) }},
		{`key "general.alignment": the alignment is always 32`, func(w *Writer) { w.Uint32("general.alignment", 64) }},
		{`tensor "t.F32" is there twice`, func(w *Writer) { w.Tensor("t.F32", tensor.F32, 1) }},
		{`tensor "x": rows of 33 elements do not fill Q8_0 blocks`, func(w *Writer) { w.Tensor("x", tensor.Q8_0, 33) }},
		{`tensor "x": 5 dimensions`, func(w *Writer) { w.Tensor("x", tensor.F32, 1, 1, 1, 1, 1) }},
		{`tensor "x": impossible dimensions [0]`, func(w *Writer) { w.Tensor("x", tensor.F32, 0) }},
		{`tensor "x": DType(99) is no type of GGUF`, func(w *Writer) { w.Tensor("x", 99, 1) }},
		{`tensor "x": the file would be larger`, func(w *Writer) { w.Tensor("y", tensor.F32, 1<<60-1); w.Tensor("x", tensor.F32, 1<<60-1) }},
		{`data for tensor "t.Q8_0", but tensor "t.F32" comes next`, func(w *Writer) { w.Data("t.Q8_0") }},
		{`tensor "t.F32" got 8 of its 12 bytes`, func(w *Writer) { write(w, "t.F32", 8); w.Data("t.Q8_0") }},
		{`tensor "t.F32" got more than its 12 bytes`, func(w *Writer) { write(w, "t.F32", 13) }},
		{`key "late": set after data was written`, func(w *Writer) { write(w, "t.F32", 12); w.Bool("late", true) }},
		{`tensor "late": named after data was written`, func(w *Writer) { write(w, "t.F32", 12); w.Tensor("late", tensor.F32, 1) }},
		{`tensor "t.Q8_0" got no data`, func(w *Writer) { write(w, "t.F32", 12) }},
		{`no space left`, func(w *Writer) { w.out = full{} }},
	}
	for _, c := range cases {
		w := NewWriter(&bytes.Buffer{})
		nameToy(w)
		c.use(w)
		if err := w.Close(); err == nil || !strings.HasPrefix(err.Error(), "gguf: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
}
