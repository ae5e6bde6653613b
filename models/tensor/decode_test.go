package tensor

import (
	"encoding/binary"
	"math"
	"os"
	"testing"
)

// The golden files are written by testdata/make.py with an independent reader.
func TestRowsEqualTheGgufPackageToTheBit(t *testing.T) {
	for _, d := range Types() {
		t.Run(d.String(), func(t *testing.T) {
			m := Matrix{Cols: 512, DType: d, Data: read(t, d.String()+".bin")}
			m.Rows = len(m.Data) / m.RowBytes()
			want := read(t, d.String()+".f32")
			if m.Rows < 2 || len(m.Data) != m.Rows*m.RowBytes() || len(want) != 4*m.Elements() {
				t.Fatalf("stored %d bytes, golden %d bytes", len(m.Data), len(want))
			}
			row := make([]float32, m.Cols)
			for r := range m.Rows {
				m.Row(row, r)
				for c, got := range row {
					if bits := binary.LittleEndian.Uint32(want[4*(r*m.Cols+c):]); math.Float32bits(got) != bits {
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

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
