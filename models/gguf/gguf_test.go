package gguf

import (
	"fmt"
	"slices"
	"testing"

	"sotto/models/tensor"
)

// every.gguf is written by testdata/make.py with the gguf package.
func openEvery(t *testing.T) *File {
	t.Helper()
	f, err := Open("testdata/every.gguf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestEveryMetadataTypeIsRead(t *testing.T) {
	f := openEvery(t)
	cases := []struct {
		key  string
		get  func(string) (any, bool)
		want any
	}{
		{"a.uint8", asUint(f), uint64(200)},
		{"a.uint16", asUint(f), uint64(60000)},
		{"a.uint32", asUint(f), uint64(4000000000)},
		{"a.uint64", asUint(f), uint64(1<<63 + 5)},
		{"a.float32", asFloat(f), 0.5},
		{"a.float64", asFloat(f), 1e-300},
		{"a.bool", func(k string) (any, bool) { v, ok := f.Bool(k); return v, ok }, true},
		{"a.string", func(k string) (any, bool) { v, ok := f.String(k); return v, ok }, "señal <|audio> ▁"},
	}
	for _, c := range cases {
		if got, ok := c.get(c.key); !ok || got != c.want {
			t.Errorf("%s = %v, %v, want %v", c.key, got, ok, c.want)
		}
	}
	for _, key := range []string{"a.int8", "a.int16", "a.int32", "a.int64"} {
		if n, ok := f.Uint(key); ok {
			t.Errorf("%s is negative, yet Uint gives %d", key, n)
		}
	}
	strings, ok := f.Strings("b.strings")
	equal(t, strings, ok, []string{"", "uno", "two words", "três"})
	ints, ok := f.Ints("b.ints")
	equal(t, ints, ok, []int64{3, -4, 5})
	floats, ok := f.Floats("b.floats")
	equal(t, floats, ok, []float64{0.25, -1.5})
	bools, ok := f.Bools("b.bools")
	equal(t, bools, ok, []bool{true, false, true})
}

func TestAGetterOfAnotherTypeSaysNo(t *testing.T) {
	f := openEvery(t)
	_, str := f.String("a.uint8")
	_, strs := f.Strings("a.string")
	_, u := f.Uint("b.ints")
	_, ints := f.Ints("b.strings")
	_, fl := f.Float("a.uint32")
	_, b := f.Bool("b.bools")
	_, gone := f.Bools("gone")
	if str || strs || u || ints || fl || b || gone {
		t.Error(str, strs, u, ints, fl, b, gone)
	}
	for key, want := range map[string]string{"b.strings": "array of 4 string", "a.int8": "int8", "gone": "nothing"} {
		if got := f.Describe(key); got != want {
			t.Errorf("Describe(%s) = %q, want %q", key, got, want)
		}
	}
	if f.Has("gone") || !f.Has("a.bool") || !slices.Contains(f.Keys(), "b.ints") {
		t.Error("Has or Keys")
	}
}

func TestTensorsLieWhereTheyWereWritten(t *testing.T) {
	f := openEvery(t)
	reference, _ := f.Tensor("t.F32")
	want := decoded(reference)
	for name, tolerance := range map[string]float32{"F16": 2e-3, "BF16": 2e-2, "Q8_0": 2e-2, "Q4_0": 0.3, "Q5_1": 0.1} {
		x, ok := f.Tensor("t." + name)
		if !ok || x.Type != name || !slices.Equal(x.Shape, []int{2, 3, 64}) {
			t.Fatalf("%s: %v %v %v", name, ok, x.Type, x.Shape)
		}
		for i, v := range decoded(x) {
			if d := v - want[i]; d > tolerance || d < -tolerance {
				t.Fatalf("%s[%d] = %v, want %v", name, i, v, want[i])
			}
		}
	}
	one, ok := f.Tensor("t.one")
	if !ok || !slices.Equal(one.Shape, []int{1}) || decoded(one)[0] != 7.5 {
		t.Errorf("t.one: %v", one)
	}
	if other, ok := f.Tensor("t.MXFP4"); !ok || other.Type != "MXFP4" || other.DType != 0 {
		t.Errorf("t.MXFP4: %v %v", other.Type, other.DType)
	}
	if n := len(f.Tensors()); n != 8 {
		t.Errorf("%d tensors, want 8", n)
	}
}

func TestEveryReadableTypeHasAPlaceInTheTable(t *testing.T) {
	for _, d := range tensor.Types() {
		id, ok := ggmlID(d)
		want := ggmlType{d.String(), uint64(d.BlockLen()), uint64(d.BlockBytes()), d}
		if !ok || ggmlTypes[id] != want {
			t.Errorf("%s: type %d is %v, want %v", d, id, ggmlTypes[id], want)
		}
	}
}

func decoded(x Tensor) []float32 {
	dst := make([]float32, x.Elements())
	tensor.Decode(dst, x.DType, x.Data)
	return dst
}

func asUint(f *File) func(string) (any, bool) {
	return func(k string) (any, bool) { v, ok := f.Uint(k); return v, ok }
}

func asFloat(f *File) func(string) (any, bool) {
	return func(k string) (any, bool) { v, ok := f.Float(k); return v, ok }
}

func equal(t *testing.T, got any, ok bool, want any) {
	t.Helper()
	if !ok || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("got %#v, %v, want %#v", got, ok, want)
	}
}
