package resample

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

var rates = []int{8000, 11025, 12000, 22050, 24000, 32000, 44056, 44100, 48000, 96000, 192000}

func TestLength(t *testing.T) {
	for _, from := range append(rates, 16000) {
		for _, n := range []int{0, 1, 2, 100, 4410, 9999} {
			want := int(math.Ceil(float64(n) * 16000 / float64(from)))
			if got := len(convert(from, 16000, make([]float32, n), n+1)); got != want {
				t.Errorf("%d samples at %d Hz became %d, want %d", n, from, got, want)
			}
		}
	}
}

// A tone keeps its level and its phase: no delay.
func TestTonePasses(t *testing.T) {
	for _, from := range rates {
		for _, hz := range []float64{100, 1000, 3000, 7000} {
			if hz > 0.45*float64(from) {
				continue
			}
			out := convert(from, 16000, tone(from, hz, from), 777)
			want := tone(16000, hz, 16000)
			worst := 0.0
			for i := 2000; i < 14000; i++ {
				worst = math.Max(worst, math.Abs(float64(out[i]-want[i])))
			}
			if worst > 2e-3 {
				t.Errorf("%d Hz, tone of %v Hz: off by %.4f", from, hz, worst)
			}
		}
	}
}

// A tone above half the lower rate does not come back as another.
func TestNothingFoldsDown(t *testing.T) {
	for _, from := range []int{22050, 44100, 48000, 96000} {
		for _, hz := range []float64{8500, 9000, 10000, 0.49 * float64(from)} {
			if hz > 0.5*float64(from) {
				continue
			}
			out := convert(from, 16000, tone(from, hz, from), 1000)
			power := 0.0
			for _, v := range out[2000:14000] {
				power += float64(v) * float64(v) / 12000
			}
			if db := 10 * math.Log10(2*power+1e-30); db > -75 {
				t.Errorf("%d Hz, tone of %v Hz: %.1f dB is left", from, hz, db)
			}
		}
	}
}

func TestSlicingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SampledFrom(rates).Draw(t, "from")
		x := rapid.SliceOfN(rapid.Float32Range(-1, 1), 0, 3000).Draw(t, "samples")
		whole := convert(from, 16000, x, len(x)+1)
		r := New(from, 16000)
		var got []float32
		for rest := x; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			got = append(got, r.Write(rest[:n])...)
			rest = rest[n:]
		}
		got = append(got, r.Flush()...)
		if len(got) != len(whole) {
			t.Fatalf("%d samples sliced, %d whole", len(got), len(whole))
		}
		for i := range got {
			if got[i] != whole[i] {
				t.Fatalf("sample %d: %v sliced, %v whole", i, got[i], whole[i])
			}
		}
	})
}

func TestMemoryStaysBounded(t *testing.T) {
	r := New(44100, 16000)
	for range 2000 {
		r.Write(make([]float32, 441))
	}
	if len(r.history) > 10000 {
		t.Errorf("%d samples are kept", len(r.history))
	}
}

func BenchmarkFrom48000(b *testing.B) {
	r := New(48000, 16000)
	in := make([]float32, 1920)
	for b.Loop() {
		r.Write(in)
	}
}

func convert(from, to int, x []float32, piece int) []float32 {
	r := New(from, to)
	var out []float32
	for len(x) > 0 {
		n := min(piece, len(x))
		out = append(out, r.Write(x[:n])...)
		x = x[n:]
	}
	return append(out, r.Flush()...)
}

func tone(rate int, hz float64, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)))
	}
	return x
}
