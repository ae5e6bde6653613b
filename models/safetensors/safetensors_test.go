package safetensors

import (
	"slices"
	"testing"

	"sotto/models/tensor"
)

// every.safetensors is written by testdata/make.py with the safetensors package.
func TestEveryTypeIsRead(t *testing.T) {
	f, err := Open("testdata/every.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"f32", "f16", "bf16"} {
		x, ok := f.Tensor(name)
		if !ok || !slices.Equal(x.Shape, []int{3, 4}) {
			t.Fatalf("%s: %v %v", name, ok, x.Shape)
		}
		for i, v := range decoded(x) {
			if want := float32(i)/8 - 0.5; v != want {
				t.Errorf("%s[%d] = %v, want %v", name, i, v, want)
			}
		}
	}
	if x, ok := f.Tensor("scalar"); !ok || len(x.Shape) != 0 || decoded(x)[0] != 2.5 {
		t.Errorf("scalar: %v %v", ok, x)
	}
	if x, ok := f.Tensor("empty"); !ok || !slices.Equal(x.Shape, []int{0, 4}) || len(x.Data) != 0 {
		t.Errorf("empty: %v %v", ok, x)
	}
	if x, ok := f.Tensor("count"); !ok || x.Type != "I64" || x.DType != 0 || len(x.Data) != 24 {
		t.Errorf("count: %v %v", ok, x)
	}
	if _, ok := f.Tensor("ñ"); !ok || len(f.Tensors()) != 7 {
		t.Errorf("ñ: %v, of %d tensors", ok, len(f.Tensors()))
	}
	if _, ok := f.Tensor("gone"); ok {
		t.Error("gone is there")
	}
}

func decoded(x Tensor) []float32 {
	dst := make([]float32, x.Elements())
	tensor.Decode(dst, x.DType, x.Data)
	return dst
}
