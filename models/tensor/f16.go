package tensor

import (
	"encoding/binary"

	"github.com/x448/float16"
)

func decodeF16(dst []float32, data []byte) {
	for i := range dst {
		dst[i] = half(data[2*i:])
	}
}

// half reads one little-endian IEEE half.
func half(data []byte) float32 {
	return float16.Frombits(binary.LittleEndian.Uint16(data)).Float32()
}
