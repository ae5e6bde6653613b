package tensor

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// Every type that is read can be packed, and a panel holds what its type can.
func TestPanelsHoldTheRows(t *testing.T) {
	for _, from := range Types() {
		for _, to := range PanelTypes {
			if to == BF16 && from != BF16 {
				continue // nothing is rounded to that
			}
			for _, rows := range []int{1, 15, 16, 17, 40} {
				m := randomStored(from, rows, 2*max(from.BlockLen(), 32))
				packed, err := Pack(m, to)
				if err != nil {
					t.Fatalf("%s to %s: %v", from, to, err)
				}
				checkPanels(t, m, packed)
			}
		}
	}
}

func checkPanels(t *testing.T, m, packed Matrix) {
	t.Helper()
	want, got := make([]float32, m.Cols), make([]float32, m.Cols)
	stored := make([]byte, packed.Cols/packed.DType.BlockLen()*packed.DType.BlockBytes())
	for r := range m.Rows {
		m.Row(want, r)
		if m.DType != packed.DType {
			if err := encode(stored, packed.DType, want); err != nil {
				t.Fatal(err)
			}
			Decode(want, packed.DType, stored)
		}
		packed.Row(got, r)
		for c := range want {
			if got[c] != want[c] {
				t.Fatalf("%s to %s, [%d,%d]: %v, want %v", m.DType, packed.DType, r, c, got[c], want[c])
			}
		}
	}
}

// randomStored is a matrix of type d with finite, moderate values.
func randomStored(d DType, rows, cols int) Matrix {
	rng := rand.New(rand.NewPCG(uint64(d), uint64(rows)))
	m := Matrix{Rows: rows, Cols: cols, DType: d}
	m.Data = make([]byte, m.Size())
	for i := range m.Data {
		m.Data[i] = byte(rng.UintN(256))
	}
	for row := make([]float32, cols); !moderate(m, row); {
		for i := range m.Data {
			if rng.UintN(8) == 0 {
				m.Data[i] = byte(rng.UintN(60)) // small exponents in either byte of a half
			}
		}
	}
	return m
}

func moderate(m Matrix, row []float32) bool {
	for r := range m.Rows {
		m.Row(row, r)
		for _, v := range row {
			if !(math.Abs(float64(v)) < 6e4) {
				return false
			}
		}
	}
	return true
}

func TestPackRefuses(t *testing.T) {
	nan := Matrix{Rows: 1, Cols: 32, DType: F32, Data: make([]byte, 128)}
	binary.LittleEndian.PutUint32(nan.Data[4:], math.Float32bits(float32(math.NaN())))
	large := Matrix{Rows: 1, Cols: 32, DType: F32, Data: make([]byte, 128)}
	binary.LittleEndian.PutUint32(large.Data[4:], math.Float32bits(1e30))
	scale := Matrix{Rows: 1, Cols: 64, DType: Q4_0, Data: make([]byte, 36)}
	half := Matrix{Rows: 1, Cols: 32, DType: F16, Data: make([]byte, 64)}
	brain := Matrix{Rows: 1, Cols: 32, DType: BF16, Data: make([]byte, 64)}
	scale.Data[19], half.Data[63], brain.Data[62], brain.Data[63] = 0x7e, 0xfc, 0x81, 0x7f
	narrow := Matrix{Rows: 1, Cols: 8, DType: F32, Data: make([]byte, 32)}
	for _, c := range []struct {
		name string
		m    Matrix
		to   DType
	}{
		{"not a number in Q8_0", nan, Q8_0}, {"not a number in Q4_0", nan, Q4_0},
		{"not a number in F32", nan, F32}, {"a scale that is not a number", scale, Q4_0}, {"a half that is infinite", half, F16}, {"a BF16 that is none", brain, BF16},
		{"too large for F16", large, F16}, {"rows that fill no block", narrow, Q8_0}, {"rounding to BF16", large, BF16},
	} {
		if _, err := Pack(c.m, c.to); err == nil {
			t.Errorf("%s is packed", c.name)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	for _, d := range PanelTypes {
		b.Run(d.String(), func(b *testing.B) {
			m := randomStored(d, 64, 2560)
			packed := Matrix{Rows: 64, Cols: 2560, DType: d, Packed: true}
			panel := make([]byte, packed.PanelBytes())
			var p Packer
			b.SetBytes(int64(len(panel)))
			for b.Loop() {
				if err := p.Panel(panel, m, d, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
