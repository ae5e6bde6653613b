package tensor

import (
	"encoding/binary"
	"math"
)

// A bfloat16 is the upper half of a float32.
func decodeBF16(dst []float32, data []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16)
	}
}
