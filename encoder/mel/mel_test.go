package mel

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

// The counts follow the reference's feature extractor.
func TestCount(t *testing.T) {
	for _, tt := range []struct{ samples, rows int }{
		{0, 0}, {1, 0}, {160, 0}, {161, 1}, {320, 1}, {321, 2}, {480, 2}, {640, 3}, {641, 4}, {1280, 7}, {1281, 8},
		{8000, 49}, {16000, 99}, {98832, 617}, {160000, 999}, {479999, 2999}, {480000, 2999},
	} {
		if got := Count(tt.samples); got != tt.rows {
			t.Errorf("Count(%d) = %d, want %d", tt.samples, got, tt.rows)
		}
		if got := len(Rows(make([]float32, tt.samples))); got != tt.rows {
			t.Errorf("Rows of %d samples: %d rows, want %d", tt.samples, got, tt.rows)
		}
	}
}

// Two sines, with values computed in double precision outside this repository.
func TestKnownSpectrum(t *testing.T) {
	x := make([]float32, 16000)
	for n := range x {
		at := 2 * math.Pi * float64(n) / 16000
		x[n] = float32(0.1*math.Sin(440*at) + 0.05*math.Sin(1234.5*at+0.3))
	}
	rows := Rows(x)
	channels := []int{0, 2, 8, 20, 26, 27, 28, 52, 53, 54, 100, 127}
	want := map[int][]float64{
		0:  {-6.907755, -1.817405, -1.19073, 0.052119, 0.680987, 0.564889, 0.432805, 0.756597, 0.537155, -0.09114, -3.146816, -4.118549},
		1:  {-6.907755, -6.188658, -5.358422, -1.940249, 0.99439, 0.53071, -1.257199, 1.192451, 0.099309, -2.118849, -6.884923, -6.904967},
		50: {-6.907755, -6.086815, -5.292885, -1.941868, 0.994457, 0.530903, -1.257517, 1.192589, 0.098839, -2.121519, -6.895441, -6.905734},
		98: {-6.907755, -6.556263, -5.521834, -1.939166, 0.994371, 0.530835, -1.255585, 1.192628, 0.098769, -2.121735, -6.89383, -6.906289},
	}
	for row, values := range want {
		for i, c := range channels {
			if got := float64(rows[row][c]); math.Abs(got-values[i]) > 2e-5 { // the reference rounds its window to float32
				t.Errorf("row %d, channel %d: %v, want %v", row, c, got, values[i])
			}
		}
	}
	sum := 0.0
	for _, row := range rows {
		for _, v := range row {
			sum += float64(v)
		}
	}
	if math.Abs(sum+64729.48235) > 0.01 {
		t.Errorf("the sum over all rows is %v, want -64729.48235", sum)
	}
}

func TestTransformEqualsGonum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	f := newFFT()
	var x [fftLen]complex128
	in := make([]complex128, fftLen)
	for n := range in {
		in[n] = complex(rng.NormFloat64(), rng.NormFloat64())
		x[f.order[n]] = in[n]
	}
	f.transform(&x)
	for k, want := range fourier.NewCmplxFFT(fftLen).Coefficients(nil, in) {
		if d := x[k] - want; math.Hypot(real(d), imag(d)) > 1e-11 {
			t.Fatalf("bin %d: %v, want %v", k, x[k], want)
		}
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	s := NewStream()
	var four [RowsPerFrame]Row
	var frame [FrameLen]float32
	if got := testing.AllocsPerRun(20, func() { s.Step(&four, &frame) }); got > 0 {
		t.Errorf("%v allocations a frame", got)
	}
}

func BenchmarkStep(b *testing.B) {
	s := NewStream()
	var four [RowsPerFrame]Row
	var frame [FrameLen]float32
	for b.Loop() {
		s.Step(&four, &frame)
	}
}
