package parity

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/x448/float16"
)

// This file is rule.py in Go: weights from a rule instead of a file.

// octets calls f with the n first values of the generator that text seeds.
func octets(text string, n int, f func(i int, k int8)) {
	h := fnv.New64a()
	h.Write([]byte(text))
	state := h.Sum64()
	for i := range n { // splitmix64
		state += 0x9E3779B97F4A7C15
		z := state
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		f(i, int8((z^z>>31)>>56))
	}
}

// value returns the function from a tensor's octets to its elements.
func value(name string, shape []int, infinite bool) func(k int8) float64 {
	switch {
	case strings.HasSuffix(name, "_min"), strings.HasSuffix(name, "_max"):
		sign := 1.0
		if strings.HasSuffix(name, "_min") {
			sign = -1
		}
		if infinite {
			return func(int8) float64 { return math.Inf(int(sign)) }
		}
		return func(k int8) float64 { return sign * (float64(k>>1) + 128) / 64 }
	case strings.HasSuffix(name, "language_model.norm.weight"):
		return func(k int8) float64 { return (2*float64(k) + 1) / 128 }
	case len(shape) == 1 && (strings.Contains(name, "norm") || strings.HasSuffix(name, "layer_scalar")):
		by := 1.0
		if strings.HasSuffix(name, "self_attn.q_norm.weight") || strings.HasSuffix(name, "self_attn.k_norm.weight") {
			by = 0.5
		}
		return func(k int8) float64 { return (1 + float64(k>>1)/128) * by }
	}
	by := spread(name, shape)
	return func(k int8) float64 { return (2*float64(k) + 1) / 256 * by }
}

// spread returns a power of two near √(3/inputs of one output).
func spread(name string, shape []int) float64 {
	switch {
	case strings.HasSuffix(name, "embed_tokens_per_layer.weight"):
		return 0.25
	case len(shape) < 2 && strings.HasSuffix(name, "per_dim_scale"):
		return 1
	case len(shape) < 2:
		return 0.25
	}
	inputs := float64(count(shape[1:]))
	exponent := 1
	for math.Pow(4, float64(exponent))*inputs > 6 {
		exponent--
	}
	return math.Pow(2, float64(exponent))
}

func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// writeCheckpoint makes the folder that golden.py's model would have been saved
// to, in the type that the golden names.
func writeCheckpoint(t *testing.T, dir string, g *golden) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), g.Config, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	names := slices.Sorted(maps.Keys(g.Tensors))
	width := map[string]int{"F32": 4, "F16": 2, "BF16": 2}[g.DType]
	header, at := map[string]any{}, 0
	for _, name := range names {
		size := width * count(g.Tensors[name])
		header[name] = map[string]any{"dtype": g.DType, "shape": g.Tensors[name], "data_offsets": []int{at, at + size}}
		at += size
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		if _, err := file.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	write(binary.LittleEndian.AppendUint64(nil, uint64(len(text))))
	write(text)
	for _, name := range names {
		write(g.tensor(name, width))
	}
}

// tensor returns the stored bytes of one tensor. There are only 256 different
// elements, so each is encoded once.
func (g *golden) tensor(name string, width int) []byte {
	shape := g.Tensors[name]
	f := value(name, shape, g.Infinite)
	var coded [256][]byte
	for k := range coded {
		coded[k] = encode(g.DType, float32(f(int8(k))))
	}
	data := make([]byte, width*count(shape))
	octets(fmt.Sprintf("%s/%s", g.Seed, name), count(shape), func(i int, k int8) {
		copy(data[i*width:(i+1)*width], coded[uint8(k)])
	})
	return data
}

// encode writes a value that every type holds exactly.
func encode(dtype string, v float32) []byte {
	switch dtype {
	case "F16":
		return binary.LittleEndian.AppendUint16(nil, float16.Fromfloat32(v).Bits())
	case "BF16":
		return binary.LittleEndian.AppendUint16(nil, uint16(math.Float32bits(v)>>16))
	}
	return binary.LittleEndian.AppendUint32(nil, math.Float32bits(v))
}
