package kernel

import "math"

// blockLen columns share one scale of a quantised row.
const blockLen = 32

// Meta describes one quantised block of an input.
type Meta struct {
	Start int32 // −8·Σq, where the sum over codes of Q4_0 starts, since code 8 means 0
	Scale float32
}

// least is the magnitude below which a block counts as zero: its reciprocal
// would leave the range of float32.
const least = 0x1p-100

// quantisePortable writes one row x as blocks of 32 whose value is scale·q, q in
// [−127, 127]; block b goes to q[b·qStride:] and meta[b·metaStride]. A block
// that is not finite has the scale NaN.
func quantisePortable(q []int8, meta []Meta, x []float32, qStride, metaStride int) {
	for b := range len(x) / blockLen {
		meta[b*metaStride] = quantiseBlock(q[b*qStride:b*qStride+blockLen], x[b*blockLen:(b+1)*blockLen])
	}
}

func quantiseBlock(q []int8, x []float32) Meta {
	var most uint32 // of the bits, which order as magnitudes do, NaN above all
	for _, v := range x {
		most = max(most, math.Float32bits(v)&^(1<<31))
	}
	top := math.Float32frombits(most)
	if top < least || !(top <= math.MaxFloat32) {
		clear(q)
		if top < least {
			return Meta{}
		}
		return Meta{Scale: float32(math.NaN())}
	}
	inverse, sum := 127/top, int32(0)
	for i, v := range x {
		q[i] = int8(math.RoundToEven(float64(v * inverse)))
		sum += int32(q[i])
	}
	return Meta{Start: -8 * sum, Scale: top / 127}
}
