package tensor

import (
	"encoding/binary"
	"math"
)

func decodeF32(dst []float32, data []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
}
