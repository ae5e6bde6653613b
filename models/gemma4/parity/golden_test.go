package parity

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"sotto/audio/wav"
	"sotto/models/safetensors"
)

// golden is what golden.py wrote: the facts from its .json file, and the numbers
// from its .safetensors file.
type golden struct {
	Config   json.RawMessage  `json:"config"`
	Seed     string           `json:"seed"`
	DType    string           `json:"dtype"`
	Infinite bool             `json:"infinite"`
	Tensors  map[string][]int `json:"tensors"`
	Clips    []struct {
		At      int `json:"at"`
		Samples int `json:"samples"`
		Mel     int `json:"mel"`
		Tokens  int `json:"tokens"`
	} `json:"clips"`
	Prompt []int `json:"prompt"` // sound stands in it as placeholders
	Greedy []int `json:"greedy"`

	numbers *safetensors.File
	hidden  bar // for hidden states and tokens
}

func readGolden(t *testing.T, base string) *golden {
	t.Helper()
	data, err := os.ReadFile(base + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if g.numbers, err = safetensors.Open(base + ".safetensors"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.numbers.Close() })
	return &g
}

// floats returns an array of the golden, and its rows' width.
func (g *golden) floats(t *testing.T, name string) (values []float32, width int) {
	t.Helper()
	s, ok := g.numbers.Tensor(name)
	if !ok {
		t.Fatalf("the golden has no %q", name)
	}
	values = make([]float32, s.Elements())
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(s.Data[4*i:]))
	}
	return values, s.Shape[len(s.Shape)-1]
}

func readSound(t *testing.T, path string) []float32 {
	t.Helper()
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := wav.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var sound []float32
	buf := make([]float32, 4096)
	for {
		n, err := r.Read(buf)
		sound = append(sound, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return sound
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// stage collects the rows of one stage by their place in the whole sequence.
type stage map[int][]float32

// keep copies the rows that begin at place first.
func (s stage) keep(first, width int, rows []float32) {
	for i := 0; i+width <= len(rows); i += width {
		s[first+i/width] = append([]float32(nil), rows[i:i+width]...)
	}
}

// bar is how far a row may be from the golden's.
type bar func(got, want []float32) (distance float64, allowed float64)

// relative is ‖got − want‖ / ‖want‖, of one row; a row of zeros is wanted exactly.
func relative(allowed float64) bar {
	return func(got, want []float32) (float64, float64) {
		var difference, size float64
		for i, w := range want {
			d := float64(got[i]) - float64(w)
			difference += d * d
			size += float64(w) * float64(w)
		}
		if difference == 0 {
			return 0, allowed
		}
		return math.Sqrt(difference / size), allowed
	}
}

// absolute is the largest difference of two elements.
func absolute(allowed float64) bar {
	return func(got, want []float32) (float64, float64) {
		worst := 0.0
		for i, w := range want {
			if d := math.Abs(float64(got[i]) - float64(w)); !(d <= worst) {
				worst = d
			}
		}
		return worst, allowed
	}
}

// compare checks the stored rows of a stage, and the norm of every row that we
// have. It wants all rows that needed says.
func (g *golden) compare(t *testing.T, name string, got stage, b bar, needed func(row int) bool) {
	t.Helper()
	places, _ := g.floats(t, name+".rows")
	values, width := g.floats(t, name+".values")
	norms, _ := g.floats(t, name+".norms")
	worst, seen := 0.0, 0
	for i, place := range places {
		row, have := got[int(place)]
		if !have && needed(int(place)) {
			t.Errorf("%s: row %d is missing", name, int(place))
		}
		if !have {
			continue
		}
		seen++
		if len(row) != width {
			t.Fatalf("%s: row %d has %d values, want %d", name, int(place), len(row), width)
		}
		distance, allowed := b(row, values[i*width:(i+1)*width])
		worst = max(worst, distance)
		if !(distance <= allowed) {
			t.Errorf("%s: row %d is %.3g off, allowed is %.3g", name, int(place), distance, allowed)
		}
	}
	if seen == 0 && len(places) > 0 {
		t.Errorf("%s: nothing to compare", name)
	}
	g.compareNorms(t, name, got, norms)
	t.Logf("%-20s %3d rows, worst %.2e", name, seen, worst)
}

func (g *golden) compareNorms(t *testing.T, name string, got stage, norms []float32) {
	t.Helper()
	for place, row := range got {
		if place >= len(norms) {
			t.Errorf("%s: row %d, but the golden has only %d", name, place, len(norms))
			continue
		}
		var squares float64
		for _, v := range row {
			squares += float64(v) * float64(v)
		}
		if squares == 0 && norms[place] == 0 {
			continue
		}
		if off := math.Abs(math.Sqrt(squares)/float64(norms[place]) - 1); !(off <= 2e-5) {
			t.Errorf("%s: the norm of row %d is off by a share of %.3g", name, place, off)
		}
	}
}

func always(int) bool { return true }
