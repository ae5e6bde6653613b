package packed_test

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/x448/float16"

	"sotto/decoder"
	"sotto/encoder"
	"sotto/models/gemma4"
	"sotto/models/gemma4/gemma4test"
	"sotto/models/kernel"
	"sotto/models/packed"
	"sotto/models/synthetic"
	"sotto/models/tensor"
)

var le = binary.LittleEndian

// checkpoint opens one of the models below, anew each time.
type checkpoint func(t testing.TB) *gemma4.Model

// checkpoints are the toy in both containers and a synthetic pair.
func checkpoints(t *testing.T) map[string]checkpoint {
	t.Helper()
	const toy = "../gemma4/gemma4test/testdata/"
	shape, err := synthetic.ByName("tiny")
	if err != nil {
		t.Fatal(err)
	}
	tiny, _, err := synthetic.Write(t.TempDir(), shape, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	open := func(path, mmproj string) checkpoint {
		return func(t testing.TB) *gemma4.Model {
			t.Helper()
			m, err := gemma4.Open(path, mmproj)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { m.Close() })
			return m
		}
	}
	return map[string]checkpoint{
		"folder": open(toy+"folder", ""), "pair": open(toy+"text.gguf", toy+"mmproj.gguf"), "synthetic": open(tiny, ""),
	}
}

// inMemory packs a model and returns it.
func inMemory(t testing.TB, m *gemma4.Model) *gemma4.Model {
	t.Helper()
	if err := packed.Memory(m); err != nil {
		t.Fatal(err)
	}
	return m
}

func newDecoder(t testing.TB, m *gemma4.Model) *decoder.Decoder {
	t.Helper()
	d, err := decoder.New(&m.Config.Text, &m.Config.Tokens, &m.Text, kernel.NewTeam(1))
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
	l, err := newDecoder(t, m).NewStream(positions, 1).LogitsAll(ids)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// soundTokens returns the tokens of a tone in noise.
func soundTokens(t testing.TB, m *gemma4.Model, samples int) []float32 {
	t.Helper()
	e, err := encoder.New(&m.Config.Audio, &m.Audio, kernel.NewTeam(1))
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, samples)
	for i := range x {
		at, noise := float64(i)/16000, float64(i*i*7919%1009)/1009-0.5
		x[i] = float32(0.2*math.Sin(2*math.Pi*(400+200*math.Sin(3*at))*at) + 0.05*noise)
	}
	return e.Encode(x)
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

// stored returns a matrix in another type, row after row.
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
		return data
	}
	for i, v := range row {
		switch bits := math.Float32bits(v); to {
		case tensor.F16:
			le.PutUint16(data[2*i:], float16.Fromfloat32(v).Bits())
		case tensor.BF16:
			le.PutUint16(data[2*i:], uint16((bits+0x7fff+bits>>16&1)>>16))
		default:
			le.PutUint32(data[4*i:], bits)
		}
	}
	return data
}

// copied returns a model whose matrices can be replaced without m's.
func copied(m *gemma4.Model) *gemma4.Model {
	out := *m
	out.Text.Layers, out.Audio.Layers = slices.Clone(m.Text.Layers), slices.Clone(m.Audio.Layers)
	return &out
}

// plain returns a copy whose matrices are rows of float32 of the same values,
// which the reference multiplies.
func plain(t testing.TB, m *gemma4.Model) *gemma4.Model {
	t.Helper()
	out := copied(m)
	for _, n := range out.Multiplied() {
		*n.Matrix = stored(t, *n.Matrix, tensor.F32)
	}
	return out
}

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
	t.KVSharedLayers, t.SlidingWindow, t.PLEDim, t.VocabSize, t.PLEVocabSize = layers/2, 16, 64, 1024, 1024
	return c
}

// randomText draws such a decoder. Query norms are scaled so that scores have a
// standard deviation of about 2, and norms behind the branches so that each adds
// the given share of the stream.
func randomText(c gemma4.Config, seed uint64, share float32) *gemma4.Model {
	m := gemma4test.Random(c, seed)
	for i := range m.Text.Layers {
		l := &m.Text.Layers[i]
		kernel.Scale(l.QNorm, float32(2/math.Sqrt(float64(len(l.QNorm)))))
		for _, norm := range [][]float32{l.PostAttnNorm, l.PostFFNorm, l.PostPLENorm} {
			kernel.Scale(norm, share)
		}
	}
	return m
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

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func putHalf(dst []byte, v float64) {
	le.PutUint16(dst, float16.Fromfloat32(float32(v)).Bits())
}
