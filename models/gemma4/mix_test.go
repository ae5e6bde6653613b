package gemma4_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/gguf"
	"sotto/models/tensor"
)

// mixScale is how much wider than the toy a mixed model is: rows of 32 become
// rows of 256, which hold every type's blocks.
const mixScale = 8

// unscaled keys count something else than widths.
var unscaled = map[string]bool{
	"gemma4.block_count": true, "gemma4.context_length": true, "gemma4.attention.head_count": true, "gemma4.attention.head_count_kv": true,
	"gemma4.attention.sliding_window": true, "gemma4.attention.shared_kv_layers": true,
}

// mixedText writes the toy's text file with all widths multiplied; typeOf
// chooses the types of matrices, whose bytes are random.
func mixedText(t *testing.T, typeOf func(name string, row int) tensor.DType) (file []byte, data map[string][]byte) {
	t.Helper()
	toy, err := gguf.Parse(read(t, "text.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gguf.NewWriter(&out)
	for _, key := range toy.Keys() {
		copyPair(t, w, toy, key, strings.HasPrefix(key, "gemma4.") && !unscaled[key])
	}
	data = map[string][]byte{}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, x := range toy.Tensors() {
		data[x.Name] = mixedTensor(w, x, typeOf, rng)
	}
	for _, x := range toy.Tensors() {
		to, err := w.Data(x.Name)
		if err != nil {
			t.Fatal(err)
		}
		to.Write(data[x.Name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), data
}

// copyPair copies a key; scaled multiplies its numbers.
func copyPair(t *testing.T, w *gguf.Writer, from *gguf.File, key string, scaled bool) {
	t.Helper()
	by := uint64(1)
	if scaled {
		by = mixScale
	}
	if s, ok := from.String(key); ok {
		w.String(key, s)
	} else if n, ok := from.Uint(key); ok {
		w.Uint32(key, uint32(n*by))
	} else if x, ok := from.Float(key); ok {
		w.Float32(key, float32(x))
	} else if b, ok := from.Bool(key); ok {
		w.Bool(key, b)
	} else if s, ok := from.Strings(key); ok {
		w.Strings(key, s)
	} else if b, ok := from.Bools(key); ok {
		w.Bools(key, b)
	} else if n, ok := from.Ints(key); ok {
		list := make([]int32, len(n))
		for i := range n {
			list[i] = int32(n[i] * int64(by))
		}
		w.Int32s(key, list)
	} else if x, ok := from.Floats(key); ok {
		w.Float32s(key, make([]float32, len(x)))
	} else {
		t.Fatalf("%s is %s", key, from.Describe(key))
	}
}

// mixedTensor names a wider tensor and returns its data: ones for vectors,
// random blocks for matrices.
func mixedTensor(w *gguf.Writer, x gguf.Tensor, typeOf func(string, int) tensor.DType, rng *rand.Rand) []byte {
	var dims []uint64
	elements := 1
	for i := range x.Shape {
		n := x.Shape[len(x.Shape)-1-i]
		if n != 1 && n != 320 { // 320 pieces are in the vocabulary
			n *= mixScale
		}
		dims, elements = append(dims, uint64(n)), elements*n
	}
	d := tensor.F32
	if len(dims) == 2 {
		d = typeOf(x.Name, int(dims[0]))
	}
	w.Tensor(x.Name, d, dims...)
	data := make([]byte, elements/d.BlockLen()*d.BlockBytes())
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	if len(dims) < 2 {
		for i := range elements {
			v := float32(1)
			if x.Name == "rope_freqs.weight" && i >= elements/4 {
				v = 1e30
			}
			binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
		}
	}
	return data
}

// wideAudio is the toy's mmproj file for the wider text model.
func wideAudio(t *testing.T) []byte {
	t.Helper()
	data := editGGUF(t, read(t, "mmproj.gguf"), change("mm.a.input_projection.weight", func(e *entry) {
		e.Shape[0] *= mixScale
		e.Data = bytes.Repeat(e.Data, mixScale)
	}))
	key := "clip.audio.projection_dim"
	at := bytes.Index(data, []byte(key)) + len(key) + 4
	binary.LittleEndian.PutUint32(data[at:], binary.LittleEndian.Uint32(data[at:])*mixScale)
	return data
}

// kMix gives types as published Q4_K_M and Q5_K_M files do: base for most, Q6_K
// for some values and down projections and for the embedding.
func kMix(base tensor.DType) func(string, int) tensor.DType {
	return func(name string, _ int) tensor.DType {
		switch {
		case name == "token_embd.weight", strings.HasSuffix(name, "attn_v.weight"), strings.HasSuffix(name, "1.ffn_down.weight"):
			return tensor.Q6_K
		case name == "per_layer_token_embd.weight":
			return tensor.Q5_K
		case strings.HasSuffix(name, "inp_gate.weight"), strings.HasSuffix(name, ".proj.weight"):
			return tensor.BF16
		}
		return base
	}
}

// everyType gives each matrix the next of all types that its rows can have.
func everyType() func(string, int) tensor.DType {
	types, n := tensor.Types(), 0
	return func(_ string, row int) tensor.DType {
		for n++; row%types[n%len(types)].BlockLen() != 0; n++ {
		}
		return types[n%len(types)]
	}
}

func TestAFileMixesTypes(t *testing.T) {
	for name, c := range map[string]struct {
		typeOf func(string, int) tensor.DType
		types  int // at least, of the text file
	}{
		"Q4_K_M": {kMix(tensor.Q4_K), 5}, "Q5_K_M": {kMix(tensor.Q5_K), 4}, "every type": {everyType(), len(tensor.Types())},
	} {
		t.Run(name, func(t *testing.T) {
			chosen := map[string]tensor.DType{}
			text, data := mixedText(t, func(name string, row int) tensor.DType {
				chosen[name] = c.typeOf(name, row)
				return chosen[name]
			})
			m := openPair(t, text, wideAudio(t))
			if len(m.Source.Types) < c.types {
				t.Errorf("types %v", m.Source.Types)
			}
			for name, w := range matricesOf(&m.Text) {
				if w.DType != chosen[name] || !bytes.Equal(w.Data, data[name]) || len(w.Data) != w.Rows*w.RowBytes() {
					t.Errorf("%s: [%d, %d] of %s in %d bytes, want %s in %d", name, w.Rows, w.Cols, w.DType, len(w.Data), chosen[name], len(data[name]))
				}
				w.Row(make([]float32, w.Cols), w.Rows-1)
			}
		})
	}
}

// matricesOf gives matrices the names that they have in the file.
func matricesOf(x *gemma4.TextWeights) map[string]tensor.Matrix {
	all := map[string]tensor.Matrix{
		"token_embd.weight": x.Embed, "per_layer_token_embd.weight": x.PLE, "per_layer_model_proj.weight": x.PLEModelProj,
	}
	for i, l := range x.Layers {
		for name, w := range map[string]tensor.Matrix{
			"attn_q": l.Q, "attn_k": l.K, "attn_v": l.V, "attn_output": l.O, "ffn_gate": l.Gate, "ffn_up": l.Up, "ffn_down": l.Down,
			"inp_gate": l.PLEGate, "proj": l.PLEProj,
		} {
			if w.Rows > 0 {
				all["blk."+string(rune('0'+i))+"."+name+".weight"] = w
			}
		}
	}
	return all
}
