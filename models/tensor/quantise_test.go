package tensor

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// floats reads little-endian float32.
func floats(t testing.TB, name string) []float32 {
	t.Helper()
	data := read(t, name)
	x := make([]float32, len(data)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return x
}

func TestQuantisedRowsEqualTheGgufPackageToTheByte(t *testing.T) {
	for _, d := range []DType{Q4_0, Q8_0} {
		x, want := floats(t, "QUANTISED."+d.String()+".f32"), read(t, "QUANTISED."+d.String()+".bin")
		got := make([]byte, len(want))
		if err := Quantize(got, d, x); err != nil {
			t.Fatal(err)
		}
		for n := d.BlockBytes(); len(got) > 0; got, want, x = got[n:], want[n:], x[32:] {
			if !bytes.Equal(got[:n], want[:n]) {
				t.Fatalf("%s: % x\nwant % x\nfor %v", d, got[:n], want[:n], x[:32])
			}
		}
	}
}

func TestValuesThatNoScaleHoldsAreRefused(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, v := range map[string]float32{"NaN": nan, "-NaN": -nan, "Inf": inf, "-Inf": -inf, "too large": 1e8, "largest": -math.MaxFloat32} {
		x := make([]float32, 96)
		x[70] = v
		_, err := QuantizeGrid(make([]byte, 54), x)
		for _, err := range []error{err, Quantize(make([]byte, 54), Q4_0, x), Quantize(make([]byte, 102), Q8_0, x)} {
			if err == nil || !strings.HasPrefix(err.Error(), "elements 64 to 95 hold a value") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Scales whose inverse is infinite give zeros, as their halves do.
func TestTheLeastValuesBecomeZero(t *testing.T) {
	x := make([]float32, 32)
	for i := range x {
		x[i] = float32(i-16) * math.SmallestNonzeroFloat32
	}
	for _, d := range []DType{Q4_0, Q8_0} {
		data, y := make([]byte, d.BlockBytes()), make([]float32, 32)
		if err := Quantize(data, d, x); err != nil {
			t.Fatal(err)
		}
		Decode(y, d, data)
		for i, v := range y {
			if v != 0 {
				t.Errorf("%s: [%d] = %v", d, i, v)
			}
		}
	}
}

func TestQuantisersRefuseSizesThatDoNotFit(t *testing.T) {
	for name, f := range map[string]func(){
		"type":  func() { Quantize(make([]byte, 210), Q6_K, make([]float32, 256)) },
		"short": func() { Quantize(make([]byte, 18), Q4_0, make([]float32, 64)) },
		"grid":  func() { QuantizeGrid(make([]byte, 18), make([]float32, 31)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			f()
		})
	}
}

func BenchmarkQuantize(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	loose, grid := make([]float32, 4096), make([]float32, 4096)
	for i := range loose {
		loose[i] = roundTo(float32(math.Abs(rng.NormFloat64())), 8)
	}
	for i := range grid {
		scale := roundTo(0.01+float32(i/32)*1e-5, 8)
		grid[i] = asBF16(scale * float32(rng.IntN(15)-7))
	}
	dst := make([]byte, 4096/32*34)
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"Q8_0", func() { Quantize(dst, Q8_0, loose) }},
		{"Q4_0", func() { Quantize(dst[:4096/32*18], Q4_0, loose) }},
		{"grid/none", func() { QuantizeGrid(dst[:4096/32*18], loose) }},
		{"grid/all", func() { QuantizeGrid(dst[:4096/32*18], grid) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/weight")
		})
	}
}
