package tensor

import (
	"encoding/binary"
	"math"
	"os"
	"testing"
)

// The golden files are written by testdata/make.py with an independent reader.
func TestRowsEqualTheGgufPackageToTheBit(t *testing.T) {
	for _, d := range []DType{F32, F16, BF16, Q8_0, Q4_0, Q6_K} {
		t.Run(d.String(), func(t *testing.T) {
			m := Matrix{Rows: 2, Cols: 512, DType: d, Data: read(t, d.String()+".bin")}
			want := read(t, d.String()+".f32")
			if len(m.Data) != m.Rows*m.RowBytes() || len(want) != 4*m.Elements() {
				t.Fatalf("stored %d bytes, golden %d bytes", len(m.Data), len(want))
			}
			row := make([]float32, m.Cols)
			for r := range m.Rows {
				m.Row(row, r)
				for c, got := range row {
					bits := binary.LittleEndian.Uint32(want[4*(r*m.Cols+c):])
					if math.Float32bits(got) != bits && got != math.Float32frombits(bits) {
						t.Fatalf("[%d,%d] = %v, want %v", r, c, got, math.Float32frombits(bits))
					}
				}
			}
		})
	}
}

func TestSizesThatDoNotFitPanic(t *testing.T) {
	cases := []struct {
		name string
		d    DType
		dst  int
		data int
	}{
		{"half a block", Q8_0, 32, 33},
		{"too few elements", F32, 3, 16},
		{"too many elements", Q4_0, 64, 18},
		{"no such type", DType(99), 1, 4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Fatal("did not panic")
				}
			}()
			Decode(make([]float32, c.dst), c.d, make([]byte, c.data))
		})
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
