package kernel

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/x448/float16"
	"go.uber.org/goleak"

	"sotto/models/tensor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eachLevel runs f with every form that this processor can use in force.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	for _, name := range Levels() {
		t.Run(name, func(t *testing.T) {
			force(t, name)
			f(t)
		})
	}
}

func force(t testing.TB, name string) {
	t.Helper()
	back, err := Force(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(back)
}

// running returns a team whose workers are there until the test ends. Like the
// program, it has them on processors of their own.
func running(t testing.TB, workers int) *Team {
	t.Helper()
	team := NewTeam(workers)
	old := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(old + workers)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- team.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
		runtime.GOMAXPROCS(old)
	})
	return team
}

func TestTheFastestLevelIsChosenUnlessOneIsNamed(t *testing.T) {
	from := []level{{name: "fast"}, {name: "slow"}, {name: "portable"}}
	for want, chosen := range map[string]string{"": "fast", "slow": "slow", "portable": "portable", "avx9": "fast", "SLOW": "fast"} {
		if got := choose(want, from).name; got != chosen {
			t.Errorf("%q chooses %s, want %s", want, got, chosen)
		}
	}
	if all := Levels(); all[len(all)-1] != "portable" {
		t.Errorf("the levels %v do not end with portable", all)
	}
}

func TestForceCanBeTakenBack(t *testing.T) {
	before := Level()
	back, err := Force("portable")
	if err != nil || Level() != "portable" {
		t.Fatalf("%s is in force, %v", Level(), err)
	}
	back()
	if Level() != before {
		t.Errorf("%s is in force, want %s again", Level(), before)
	}
	_, err = Force("neon")
	if err == nil || !strings.Contains(err.Error(), `"neon"`) || !strings.Contains(err.Error(), strings.Join(Levels(), ", ")) {
		t.Errorf("%v, want an error that names what was asked for and what there is", err)
	}
	if Level() != before {
		t.Errorf("a refused Force put %s in force", Level())
	}
}

func TestTheEnvironmentIsChecked(t *testing.T) {
	for want, ok := range map[string]bool{"": true, Level(): true, "fastest": false, "AVX2": false} {
		t.Setenv("SOTTO_KERNEL", want)
		err := CheckEnvironment()
		if (err == nil) != ok {
			t.Errorf("%q: %v", want, err)
		}
		if err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "portable")) {
			t.Errorf("%v does not name %q and what there is", err, want)
		}
	}
}

// sample is a matrix in panels and the values that it stands for.
type sample struct {
	*Weights
	values []float32 // [rows, cols]
}

// newSample draws a matrix of a panel type.
func newSample(t testing.TB, rng *rand.Rand, d tensor.DType, rows, cols int) sample {
	t.Helper()
	return packSample(t, storedMatrix(t, d, rows, cols, randomSlice(rng, rows*cols)))
}

func packSample(t testing.TB, m tensor.Matrix) sample {
	t.Helper()
	packed, err := tensor.Pack(m, m.DType)
	if err != nil {
		t.Fatal(err)
	}
	s := sample{Prepare(packed), make([]float32, m.Elements())}
	for r := range m.Rows {
		m.Row(s.values[r*m.Cols:(r+1)*m.Cols], r)
	}
	return s
}

// storedMatrix puts values into a type, row after row.
func storedMatrix(t testing.TB, d tensor.DType, rows, cols int, values []float32) tensor.Matrix {
	t.Helper()
	m := tensor.Matrix{Rows: rows, Cols: cols, DType: d, Data: make([]byte, rows*cols/d.BlockLen()*d.BlockBytes())}
	switch d {
	case tensor.Q4_0, tensor.Q8_0:
		if err := tensor.Quantize(m.Data, d, values); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for i, v := range values {
		switch bits := math.Float32bits(v); d {
		case tensor.F16:
			le.PutUint16(m.Data[2*i:], float16.Fromfloat32(v).Bits())
		case tensor.BF16:
			le.PutUint16(m.Data[2*i:], uint16(bits>>16))
		default:
			le.PutUint32(m.Data[4*i:], bits)
		}
	}
	return m
}

// taken returns inputs [n, cols] as a matrix takes them: quantised or as they are.
func (s sample) taken(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	if !s.integer() {
		return out
	}
	var q [blockLen]int8
	for b := 0; b < len(x); b += blockLen {
		meta := quantiseBlock(q[:], x[b:b+blockLen])
		for i, code := range q {
			out[b+i] = float64(code) * float64(meta.Scale)
		}
	}
	return out
}

// product returns an output in double precision, and the sum of the magnitudes
// of its terms.
func (s sample) product(x []float64, r int) (sum, size float64) {
	cols := s.Cols()
	for c, v := range x {
		p := float64(s.values[r*cols+c]) * v
		sum, size = sum+p, size+math.Abs(p)
	}
	return sum, size
}

// bound is the most that an output may be off: a rounding of half a 2^24th for
// each of its sums, and one for each product of two scales.
func (s sample) bound(size float64) float64 {
	steps := s.Cols()
	if s.integer() {
		steps = s.Cols()/blockLen + 1
	}
	return float64(steps)*0x1p-24*size + 1e-38
}

func sameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}
