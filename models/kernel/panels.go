package kernel

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"

	"sotto/models/tensor"
)

// group is some rows of quantised inputs that are multiplied together, at most
// level.group: q [blocks, rows, 32] and meta [blocks, rows].
type group struct {
	q    []int8
	meta []Meta
	rows int
}

// A quantProduct multiplies panels that follow each other in w by a group of
// inputs: dst[t·stride + 16p + r] for input t, panel p, row r. For each output
// it adds, block after block, wscale·xscale·Σ w·q to a float32 sum.
type quantProduct func(dst []float32, stride int, w []byte, panels, blocks int, in group)

// A floatProduct multiplies panels by n rows of x, each stride xStride behind
// the one before. Each output is one sum over the columns in their order.
type floatProduct func(dst []float32, stride int, w []byte, panels, cols int, x []float32, xStride, n int)

func q4Portable(dst []float32, stride int, w []byte, panels, blocks int, in group) {
	quantPortable(dst, stride, w, panels, blocks, in, tensor.Q4_0)
}

func q8Portable(dst []float32, stride int, w []byte, panels, blocks int, in group) {
	quantPortable(dst, stride, w, panels, blocks, in, tensor.Q8_0)
}

func quantPortable(dst []float32, stride int, w []byte, panels, blocks int, in group, d tensor.DType) {
	size := panelRows * d.BlockBytes()
	var codes [panelRows][blockLen]int8
	for p := range panels {
		for b := range blocks {
			block := w[(p*blocks+b)*size:][:size]
			unpack(&codes, block, d)
			scales := block[size-2*panelRows:]
			for t := range in.rows {
				q := in.q[(b*in.rows+t)*blockLen:][:blockLen]
				scale := in.meta[b*in.rows+t].Scale
				out := dst[t*stride+p*panelRows:][:panelRows]
				for r := range out {
					if b == 0 {
						out[r] = 0
					}
					out[r] = fma(dotCodes(&codes[r], q), half(scales[2*r:])*scale, out[r])
				}
			}
		}
	}
}

// fma is a·b + c, rounded once but for a tie that two roundings can break.
func fma(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

func dotCodes(codes *[blockLen]int8, q []int8) float32 {
	var sum int32
	for i, v := range q {
		sum += int32(codes[i]) * int32(v)
	}
	return float32(sum)
}

// unpack reads the signed codes of one block of a panel.
func unpack(codes *[panelRows][blockLen]int8, block []byte, d tensor.DType) {
	for r := range codes {
		for k := range codes[r] {
			if d == tensor.Q8_0 {
				codes[r][k] = int8(block[64*(k/4)+4*r+k%4])
			} else {
				codes[r][k] = int8(block[64*(k/8)+4*r+k%4]>>(k/4%2*4)&15) - 8
			}
		}
	}
}

func half(data []byte) float32 { return float16.Frombits(binary.LittleEndian.Uint16(data)).Float32() }

func f32Portable(dst []float32, stride int, w []byte, panels, cols int, x []float32, xStride, n int) {
	floatPortable(dst, stride, w, panels, cols, x, xStride, n, 4, func(d []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(d)) })
}

func f16Portable(dst []float32, stride int, w []byte, panels, cols int, x []float32, xStride, n int) {
	floatPortable(dst, stride, w, panels, cols, x, xStride, n, 2, half)
}

func bf16Portable(dst []float32, stride int, w []byte, panels, cols int, x []float32, xStride, n int) {
	floatPortable(dst, stride, w, panels, cols, x, xStride, n, 2, func(d []byte) float32 {
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(d)) << 16)
	})
}

func floatPortable(dst []float32, stride int, w []byte, panels, cols int, x []float32, xStride, n, size int, read func([]byte) float32) {
	var row [panelRows]float32
	for p := range panels {
		for t := range n {
			clear(dst[t*stride+p*panelRows:][:panelRows])
		}
		for c := range cols {
			stored := w[(p*cols+c)*panelRows*size:]
			for r := range row {
				row[r] = read(stored[r*size:])
			}
			for t := range n {
				v := x[t*xStride+c]
				out := dst[t*stride+p*panelRows:][:panelRows]
				for r, y := range row {
					out[r] = fma(y, v, out[r])
				}
			}
		}
	}
}
