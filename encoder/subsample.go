package encoder

import (
	"sotto/encoder/mel"
	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/tensor"
)

const (
	freq0 = mel.Bins / 2 // frequencies after the first convolution
	freq1 = mel.Bins / 4 // and after the second
)

// subsample is the convolutional front of the tower: four mel rows become one
// row of H. Both convolutions are 3×3 with stride 2 and one row or column of
// zeros on every side, written as products of patches.
type subsample struct {
	c0, c1     int
	conv0      *kernel.Weights // [C0, 9]: time, frequency
	norm0      []float32       // [C0]
	conv1      *kernel.Weights // [C1, 9·C0]: time, frequency, channel
	norm1      []float32       // [C1]
	project    *kernel.Weights // [H, freq1·C1]
	layerNorms float32         // their epsilon
}

func newSubsample(cfg *gemma4.AudioConfig, w *gemma4.AudioWeights) subsample {
	c0, c1 := cfg.ConvChannels[0], cfg.ConvChannels[1]
	return subsample{
		c0: c0, c1: c1,
		conv0:      floats(w.Conv0, c0, 9, w.InputProj.Packed),
		norm0:      w.Conv0Norm,
		conv1:      floats(channelsLast(w.Conv1, c1, c0), c1, 9*c0, w.InputProj.Packed),
		norm1:      w.Conv1Norm,
		project:    kernel.Prepare(w.InputProj),
		layerNorms: cfg.RMSNormEps,
	}
}

// floats readies weights that are in float32, packed for the fast kernels where
// they fill whole panels.
func floats(values []float32, rows, cols int, packed bool) *kernel.Weights {
	if packed && rows%tensor.PanelRows == 0 {
		return kernel.PackFloats(values, rows, cols)
	}
	return kernel.FromFloats(values, rows, cols)
}

// outputs returns the width of a row of the convolutions.
func (s *subsample) outputs() int { return freq1 * s.c1 }

// channelsLast reorders [out, in, 9] to [out, 9, in], the order of a patch.
func channelsLast(w []float32, out, in int) []float32 {
	r := make([]float32, len(w))
	for o := range out {
		for c := range in {
			for k := range 9 {
				r[(o*9+k)*in+c] = w[(o*in+c)*9+k]
			}
		}
	}
	return r
}

// subsampleState is what the convolutions remember of the rows before.
type subsampleState struct {
	mel  mel.Row   // the last row
	rows []float32 // the last row of the first convolution, [1+freq0, C0], the first frequency zero

	// scratch
	first, second []float32 // two new rows of the first convolution, like rows
	patches0      []float32 // [freq0, 9]
	patches1      []float32 // [freq1, 9·C0]
}

func (s *subsample) newState() *subsampleState {
	row := (1 + freq0) * s.c0
	return &subsampleState{
		rows: make([]float32, row), first: make([]float32, row), second: make([]float32, row),
		patches0: make([]float32, freq0*9),
		patches1: make([]float32, freq1*9*s.c0),
	}
}

func (st *subsampleState) reset() {
	st.mel = mel.Row{}
	clear(st.rows)
}

// step writes one row of the convolutions, [freq1·C1], from four mel rows, of which the first valid count
// (4, or fewer at the end of a voice; the others are zero). A row of the first
// convolution whose own mel row is missing is zero, not a convolution of zeros.
func (s *subsample) step(dst []float32, st *subsampleState, four *[mel.RowsPerFrame]mel.Row, valid int) {
	s.firstConv(st.first, st.patches0, &st.mel, &four[0], &four[1])
	if valid > 2 {
		s.firstConv(st.second, st.patches0, &four[1], &four[2], &four[3])
	} else {
		clear(st.second)
	}
	s.secondConv(dst, st.patches1, st.rows, st.first, st.second)
	st.mel = four[3]
	st.rows, st.second = st.second, st.rows
}

// firstConv writes relu(layernorm(conv0)) of the middle one of three mel rows.
func (s *subsample) firstConv(dst, patches []float32, before, at, after *mel.Row) {
	for f := range freq0 {
		p := patches[f*9 : f*9+9]
		for t, row := range [3]*mel.Row{before, at, after} {
			p[t*3] = 0
			if f > 0 {
				p[t*3] = row[2*f-1]
			}
			p[t*3+1], p[t*3+2] = row[2*f], row[2*f+1]
		}
	}
	out := dst[s.c0:]
	kernel.MatMul(out, patches, freq0, s.conv0)
	for f := range freq0 {
		cell := out[f*s.c0 : (f+1)*s.c0]
		kernel.LayerNorm(cell, cell, s.norm0, s.layerNorms)
	}
	kernel.ReLU(out)
}

// secondConv writes relu(layernorm(conv1)) of the middle one of three rows,
// [freq1, C1]. Rows start with the zeros below their first frequency.
func (s *subsample) secondConv(dst, patches, before, at, after []float32) {
	span := 3 * s.c0 // three neighbouring frequencies
	for f := range freq1 {
		p := patches[f*3*span:]
		for t, row := range [3][]float32{before, at, after} {
			copy(p[t*span:(t+1)*span], row[2*f*s.c0:])
		}
	}
	kernel.MatMul(dst, patches, freq1, s.conv1)
	for f := range freq1 {
		cell := dst[f*s.c1 : (f+1)*s.c1]
		kernel.LayerNorm(cell, cell, s.norm1, s.layerNorms)
	}
	kernel.ReLU(dst)
}
