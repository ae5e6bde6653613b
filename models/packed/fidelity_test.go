package packed_test

import (
	"math"
	"testing"

	"sotto/decoder"
	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/kernel"
	"sotto/models/tensor"

	"github.com/x448/float16"
)

// textShape is a decoder of so many layers, every third of them full and the
// last half without keys and values of their own, as in the real ones.
func textShape(hidden, layers, heads, dim int) gemma4.Config {
	c := gemma4test.TinyConfig()
	t := &c.Text
	t.HiddenSize, t.Heads, t.KVHeads, t.HeadDim = hidden, heads, [2]int{2, 2}, [2]int{dim, 2 * dim}
	t.LayerTypes, t.Intermediate = make([]gemma4.LayerType, layers), make([]int, layers)
	for i := range layers {
		if i%3 == 2 {
			t.LayerTypes[i] = gemma4.Full
		}
		t.Intermediate[i] = 4 * hidden
	}
	t.KVSharedLayers, t.SlidingWindow, t.PLEDim, t.VocabSize, t.PLEVocabSize = layers/2, 32, 64, 2048, 2048
	return c
}

// calm scales the query norms so that scores have a standard deviation of about
// 2, as a trained model's attention neither picks one key nor takes all alike.
func calm(m *gemma4.Model) {
	for i := range m.Text.Layers {
		q := m.Text.Layers[i].QNorm
		kernel.Scale(q, float32(2/math.Sqrt(float64(len(q)))))
	}
}

// store puts all matrices of the decoder, or of the audio tower, into a type.
func store(t testing.TB, m *gemma4.Model, audio bool, to tensor.DType) {
	t.Helper()
	for _, n := range m.Multiplied() {
		if n.Audio == audio {
			*n.Matrix = stored(t, *n.Matrix, to)
		}
	}
}

// stored returns an unpacked matrix in another type.
func stored(t testing.TB, m tensor.Matrix, to tensor.DType) tensor.Matrix {
	t.Helper()
	out := tensor.Matrix{Rows: m.Rows, Cols: m.Cols, DType: to}
	row := make([]float32, m.Cols)
	for r := range m.Rows {
		m.Row(row, r)
		out.Data = append(out.Data, encoded(t, row, to)...)
	}
	return out
}

func encoded(t testing.TB, row []float32, to tensor.DType) []byte {
	t.Helper()
	data := make([]byte, len(row)/to.BlockLen()*to.BlockBytes())
	switch to {
	case tensor.Q4_0, tensor.Q8_0:
		if err := tensor.Quantize(data, to, row); err != nil {
			t.Fatal(err)
		}
	case tensor.F32:
		for i, v := range row {
			le.PutUint32(data[4*i:], math.Float32bits(v))
		}
	case tensor.F16:
		for i, v := range row {
			le.PutUint16(data[2*i:], float16.Fromfloat32(v).Bits())
		}
	case tensor.BF16:
		for i, v := range row {
			b := math.Float32bits(v)
			le.PutUint16(data[2*i:], uint16((b+0x7fff+b>>16&1)>>16))
		}
	}
	return data
}

// plain returns a packed model's weights as float32 rows, for the reference.
func plain(t testing.TB, m *gemma4.Model) *gemma4.Model {
	t.Helper()
	out := *m
	out.Text.Layers = append([]gemma4.TextLayer(nil), m.Text.Layers...)
	out.Audio.Layers = append([]gemma4.AudioLayer(nil), m.Audio.Layers...)
	for _, n := range out.Multiplied() {
		*n.Matrix = stored(t, *n.Matrix, tensor.F32)
	}
	return &out
}

func newDecoder(t testing.TB, m *gemma4.Model, workers int) *decoder.Decoder {
	t.Helper()
	d, err := decoder.New(&m.Config.Text, &m.Config.Tokens, &m.Text, kernel.NewTeam(workers))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// allLogits returns the logits of every position of a text.
func allLogits(t testing.TB, m *gemma4.Model, positions int) []float32 {
	t.Helper()
	ids := make([]int, positions)
	for i := range ids {
		ids[i] = (7 + 31*i) % m.Config.Text.VocabSize
	}
	l, err := newDecoder(t, m, 1).NewStream(positions, 1).LogitsAll(ids)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// apart returns the root mean square of the difference over the spread of want.
func apart(got, want []float32) float64 {
	var mean, diff, spread float64
	for _, w := range want {
		mean += float64(w) / float64(len(want))
	}
	for i, w := range want {
		d, s := float64(got[i])-float64(w), float64(w)-mean
		diff, spread = diff+d*d, spread+s*s
	}
	return math.Sqrt(diff / spread)
}
