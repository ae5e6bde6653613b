package synthetic

import (
	"math"
	"testing"

	"sotto/models/tensor"
)

// TestBlocksHaveTheWantedSpread decodes what was made with the loader's own
// decoders, which goldens of another program check.
func TestBlocksHaveTheWantedSpread(t *testing.T) {
	const n = 1 << 20
	for _, d := range []tensor.DType{tensor.Q4_0, tensor.Q6_K, tensor.F16} {
		for _, spread := range []float64{1.0 / 101, 1.0 / 16} {
			data := make([]byte, n/d.BlockLen()*d.BlockBytes())
			newMaker(d, spread)(data, newRandom(3, "test"))
			values := make([]float32, n)
			tensor.Decode(values, d, data)
			if mean, got := moments(values); math.Abs(mean) > 0.01*spread || math.Abs(got/spread-1) > 0.01 {
				t.Errorf("%s: mean %.5f, spread %.5f, want 0 and %.5f within a hundredth", d, mean, got, spread)
			}
		}
	}
}

func moments(x []float32) (mean, spread float64) {
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(x))
	return sum / n, math.Sqrt(squares / n)
}

// TestRowsAreNotAlike looks for a common direction: the sums of many rows, each
// of which would be large if codes leaned to one side.
func TestRowsAreNotAlike(t *testing.T) {
	const rows, cols = 512, 512
	for _, d := range []tensor.DType{tensor.Q4_0, tensor.Q6_K, tensor.F16} {
		data := make([]byte, rows*cols/d.BlockLen()*d.BlockBytes())
		newMaker(d, keep(cols))(data, newRandom(4, "test"))
		values := make([]float32, rows*cols)
		tensor.Decode(values, d, data)
		sums := make([]float32, rows)
		for i, v := range values {
			sums[i/cols] += v
		}
		// A row's sum has spread 1; the mean of so many has 1/√512.
		if mean, spread := moments(sums); math.Abs(mean) > 0.2 || spread > 1.5 {
			t.Errorf("%s: row sums of mean %.3f and spread %.3f, want about 0 and 1", d, mean, spread)
		}
	}
}

func TestF16ValuesAreBfloat16Numbers(t *testing.T) {
	data := make([]byte, 2<<16)
	newMaker(tensor.F16, keep(1024))(data, newRandom(5, "test"))
	values := make([]float32, 1<<16)
	tensor.Decode(values, tensor.F16, data)
	for _, v := range values {
		if math.Float32bits(v)&0xffff != 0 && math.Abs(float64(v)) > 1e-4 {
			t.Fatalf("%v has more digits than bfloat16", v)
		}
	}
}

func BenchmarkMake(b *testing.B) {
	for _, d := range []tensor.DType{tensor.Q4_0, tensor.Q6_K, tensor.F16} {
		b.Run(d.String(), func(b *testing.B) {
			data := make([]byte, chunkBytes/d.BlockBytes()*d.BlockBytes())
			fill, r := newMaker(d, 0.02), newRandom(6, "test")
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				fill(data, r)
			}
		})
	}
}
