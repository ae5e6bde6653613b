package decoder

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/tensor"
)

func TestFrequenciesAreThoseOfTheReference(t *testing.T) {
	cfg := &gemma4.TextConfig{
		HeadDim: [2]int{256, 512}, RopeTheta: [2]float64{1e4, 1e6}, PartialRotary: [2]float64{1, 0.25},
	}
	sliding, full := newRope(cfg, gemma4.Sliding).frequencies, newRope(cfg, gemma4.Full).frequencies
	tests := []struct {
		name      string
		got, want float32
	}{
		{"full 0", full[0], 1},
		{"full 1", full[1], 0.9474635256},
		{"full 63", full[63], 0.0333762469},
		{"full 64", full[64], 0},
		{"full 255", full[255], 0},
		{"sliding 1", sliding[1], 0.9305720409},
		{"sliding 127", sliding[127], 1.0746078e-4},
	}
	for _, tt := range tests {
		if math.Abs(float64(tt.got-tt.want)) > 1e-7*float64(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

// half rounds every matrix to BF16 and returns the model in both types.
func half(m *model) (stored, widened *model) {
	a, b := *m, *m
	convert := func(f func(tensor.Matrix) tensor.Matrix) gemma4.TextWeights {
		w := m.w
		w.Embed, w.PLE, w.PLEModelProj = f(w.Embed), f(w.PLE), f(w.PLEModelProj)
		w.Layers = slices.Clone(w.Layers)
		for i := range w.Layers {
			l := &w.Layers[i]
			for _, x := range []*tensor.Matrix{&l.Q, &l.K, &l.V, &l.O, &l.Gate, &l.Up, &l.Down, &l.PLEGate, &l.PLEProj} {
				if x.Rows > 0 {
					*x = f(*x)
				}
			}
		}
		return w
	}
	a.w = convert(func(x tensor.Matrix) tensor.Matrix {
		out := tensor.Matrix{Rows: x.Rows, Cols: x.Cols, DType: tensor.BF16}
		for i := range x.Elements() {
			out.Data = append(out.Data, x.Data[4*i+2:4*i+4]...)
		}
		return out
	})
	b.w = convert(func(x tensor.Matrix) tensor.Matrix {
		out := tensor.Matrix{Rows: x.Rows, Cols: x.Cols, DType: tensor.F32, Data: slices.Clone(x.Data)}
		for i := range x.Elements() {
			binary.LittleEndian.PutUint16(out.Data[4*i:], 0)
		}
		return out
	})
	return &a, &b
}

func TestTheStoredTypeDoesNotMatter(t *testing.T) {
	stored, widened := half(newModel(shapes()["E2B in small"], 5))
	text := []int{4, 8, 15, 16, 23, 42}
	want := logits(t, widened.decoder(t).NewStream(9, 1), text...)
	if got := logits(t, stored.decoder(t).NewStream(9, 1), text...); !slices.Equal(got, want) {
		t.Errorf("largest difference %g", apart(got, want))
	}
}

func TestContradictionsAreNamed(t *testing.T) {
	tests := []struct {
		name, want string
		change     func(m *model)
	}{
		{"no layers", "0 layer types", func(m *model) { m.cfg.LayerTypes = nil }},
		{"every layer shares", "6 of 6 layers share", func(m *model) { m.cfg.KVSharedLayers = 6 }},
		{"no heads", "heads 0", func(m *model) { m.cfg.Heads = 0 }},
		{"a window of nothing", "sliding window 0", func(m *model) { m.cfg.SlidingWindow = 0 }},
		{"heads that do not divide", "4 heads over 3", func(m *model) { m.cfg.KVHeads[0] = 3 }},
		{"an odd head", "head size 7", func(m *model) { m.cfg.HeadDim[1] = 7 }},
		{"more than a whole turn", "rotary share 2", func(m *model) { m.cfg.PartialRotary[0] = 2 }},
		{"a shared layer without a source", "layer 3 shares keys and values", func(m *model) {
			m.cfg.LayerTypes = pattern("sssfff")
		}},
		{"an unknown layer type", "unknown layer type 9", func(m *model) { m.cfg.LayerTypes[2] = 9 }},
		{"a pad id outside", "pad id 61", func(m *model) { m.tokens.Pad = 61 }},
		{"too few layers of weights", "weights of 5 layers, want 6", func(m *model) { m.w.Layers = m.w.Layers[:5] }},
		{"a misshapen matrix", "layer 2 up: shape [15,32], want [16,32]", func(m *model) { m.w.Layers[2].Up.Rows = 15 }},
		{"missing keys", "layer 1 k: shape [0,0], want [16,32]", func(m *model) { m.w.Layers[1].K = tensor.Matrix{} }},
		{"a short vector", "layer 4 q norm: 3 elements, want 8", func(m *model) { m.w.Layers[4].QNorm = make([]float32, 3) }},
		{"short data", "final norm: 0 elements", func(m *model) { m.w.Norm = nil }},
		{"cut bytes", "embedding: 100 bytes, want 7808", func(m *model) { m.w.Embed.Data = m.w.Embed.Data[:100] }},
		{"a type without a size", "DType(0)", func(m *model) { m.w.PLE.DType = 0 }},
		{"rows of half a block", "PLE table: rows of 36 elements in type Q8_0", func(m *model) { m.w.PLE.DType = tensor.Q8_0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := shapes()["a window of itself"]
			m := newModel(cfg, 1)
			tt.change(m)
			_, err := New(&m.cfg, &m.tokens, &m.w, kernel.NewTeam(1))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}
