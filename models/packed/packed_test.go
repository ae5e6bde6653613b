package packed

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sotto/audio"
	"sotto/decoder"
	"sotto/encoder"
	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/synthetic"
	"sotto/models/tensor"
)

// tiny opens a small model of random weights with the real one's types.
func tiny(t testing.TB) *gemma4.Model {
	t.Helper()
	shape, err := synthetic.ByName("tiny")
	if err != nil {
		t.Fatal(err)
	}
	text, mmproj, err := synthetic.Write(t.TempDir(), shape, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := gemma4.Open(text, mmproj)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// said returns what a model makes of some sound and a word.
func said(t testing.TB, m *gemma4.Model, workers int) (tokens, logits []float32) {
	t.Helper()
	team := kernel.NewTeam(workers)
	e, err := encoder.New(&m.Config.Audio, &m.Audio, team)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decoder.New(&m.Config.Text, &m.Config.Tokens, &m.Text, team)
	if err != nil {
		t.Fatal(err)
	}
	sound := make([]float32, 30*audio.FrameLen)
	for i := range sound {
		sound[i] = 0.2 * float32(math.Sin(float64(i)*0.03)*math.Sin(float64(i)*0.0007))
	}
	tokens = e.Encode(sound)
	s := d.NewStream(100, 10)
	if err := s.AppendAudio(tokens); err != nil {
		t.Fatal(err)
	}
	logits, err = s.Logits([]int{5, 6, 7})
	if err != nil {
		t.Fatal(err)
	}
	return tokens, slices.Clone(logits)
}

// off returns |a−b| / |b|.
func off(a, b []float32) float64 {
	var difference, size float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		difference, size = difference+d*d, size+float64(b[i])*float64(b[i])
	}
	return math.Sqrt(difference / size)
}

func TestAPackedModelSaysTheSame(t *testing.T) {
	tokens, logits := said(t, tiny(t), 1)
	memory := tiny(t)
	if err := Memory(memory); err != nil {
		t.Fatal(err)
	}
	fastTokens, fastLogits := said(t, memory, 1)
	if e := off(fastTokens, tokens); !(e <= 1e-3) {
		t.Errorf("sound tokens are off by %.2g", e)
	}
	if e := off(fastLogits, logits); !(e <= 0.03) {
		t.Errorf("logits are off by %.2g", e)
	}
	t.Logf("sound tokens off by %.2g, logits by %.2g", off(fastTokens, tokens), off(fastLogits, logits))
	againTokens, againLogits := said(t, memory, 3)
	if !slices.Equal(againTokens, fastTokens) || !slices.Equal(againLogits, fastLogits) {
		t.Error("three workers compute something else than one")
	}
	file, dir := tiny(t), t.TempDir()
	if err := Attach(file, dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error %v before anything was written", err)
	}
	var last, total int64
	if err := Write(file, dir, func(done, all int64) { last, total = done, all }); err != nil {
		t.Fatal(err)
	}
	if last != total || total != (Options{}).Size(file) {
		t.Errorf("told of %d of %d bytes, the size is %d", last, total, (Options{}).Size(file))
	}
	if err := Attach(file, dir); err != nil {
		t.Fatal(err)
	}
	mappedTokens, mappedLogits := said(t, file, 1)
	if !slices.Equal(mappedTokens, fastTokens) || !slices.Equal(mappedLogits, fastLogits) {
		t.Error("the mapped model says something else than the one in memory")
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	m, dir := tiny(t), t.TempDir()
	if err := Write(m, dir, nil); err != nil {
		t.Fatal(err)
	}
	path := Options{}.Path(m, dir)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := Options{}.plans(m)
	print := fingerprint(all)
	if _, err := read(whole, print, all); err != nil {
		t.Fatal(err)
	}
	size := 16 + int(binary.LittleEndian.Uint32(whole[8:]))
	for i := range size {
		damaged := slices.Clone(whole[:min(len(whole), size+4096)]) // the header is refused first
		damaged[i] ^= 0x10
		if _, err := read(damaged, print, all); err == nil {
			t.Fatalf("byte %d of the header can be changed", i)
		}
	}
	for _, n := range []int{0, 7, 15, 16, size - 1, maxHeader, len(whole) - align} {
		if _, err := read(whole[:n], print, all); err == nil {
			t.Errorf("cut to %d bytes it is taken", n)
		}
	}
	if err := os.WriteFile(path, whole[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Attach(m, dir); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "; remove it") {
		t.Errorf("error %v", err)
	}
}

func TestTheFingerprintKnowsEveryMatrix(t *testing.T) {
	m := tiny(t)
	plans := Options{}.plans(m)
	before := fingerprint(plans)
	for i, p := range plans {
		data := slices.Clone(p.Matrix.Data)
		for _, at := range []int{0, len(data) / 2, len(data) - 1} {
			data[at] ^= 1
			changed := slices.Clone(plans)
			matrix := *p.Matrix
			matrix.Data = data
			changed[i].Matrix = &matrix
			if fingerprint(changed) == before {
				t.Fatalf("%s: byte %d may change", p.Name, at)
			}
			data[at] ^= 1
		}
	}
	if other := (Options{Text: tensor.Q8_0}).plans(m); fingerprint(other) == before {
		t.Error("another type has the same fingerprint")
	}
}

func TestAPlaceThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(tiny(t), dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v", err)
	}
}

func TestAWeightThatIsNotANumber(t *testing.T) {
	dir := t.TempDir()
	for name, pack := range map[string]func(*gemma4.Model) error{
		"Memory": Memory,
		"Write":  func(m *gemma4.Model) error { return Write(m, dir, nil) },
	} {
		m := tiny(t)
		spoil(m)
		if err := pack(m); !errors.Is(err, ErrValue) || !strings.Contains(err.Error(), "decoder layer 1 up") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
}

func spoil(m *gemma4.Model) {
	bad := tensor.Matrix{Rows: m.Text.Layers[1].Up.Rows, Cols: m.Text.Layers[1].Up.Cols, DType: tensor.F32}
	bad.Data = make([]byte, bad.Size())
	binary.LittleEndian.PutUint32(bad.Data[400:], math.Float32bits(float32(math.NaN())))
	m.Text.Layers[1].Up = bad
}

// A checkpoint trained for Q4_0 and stored in BF16 is packed to the very codes.
func TestATrainedGridIsFound(t *testing.T) {
	m := tiny(t)
	stored := m.Text.Layers[0].Up
	if stored.DType != tensor.Q4_0 {
		t.Fatalf("the tiny model holds %s", stored.DType)
	}
	plain := tensor.Matrix{Rows: stored.Rows, Cols: stored.Cols, DType: tensor.F32}
	row := make([]float32, stored.Cols)
	for r := range stored.Rows {
		stored.Row(row, r)
		for _, v := range row {
			plain.Data = binary.LittleEndian.AppendUint32(plain.Data, math.Float32bits(v))
		}
	}
	if to := (Options{}).textType(&plain); to != tensor.Q4_0 {
		t.Fatalf("packed as %s", to)
	}
	got, err := tensor.Pack(plain, tensor.Q4_0)
	if err != nil {
		t.Fatal(err)
	}
	again := make([]float32, stored.Cols)
	for r := range stored.Rows {
		stored.Row(row, r)
		got.Row(again, r)
		if !slices.Equal(row, again) {
			t.Fatalf("row %d has changed", r)
		}
	}
}

func FuzzRead(f *testing.F) {
	m, dir := tiny(f), f.TempDir()
	if err := Write(m, dir, nil); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(Options{}.Path(m, dir))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[:16+binary.LittleEndian.Uint32(whole[8:])])
	all := Options{}.plans(m)
	f.Fuzz(func(t *testing.T, data []byte) { read(data, fingerprint(all), all) })
}
