package tensor

// A Q4_0 block is a half scale and 16 bytes of two 4-bit values each, the low
// halves first: x = scale · (q - 8).
func decodeQ4_0(dst []float32, data []byte) {
	for len(dst) > 0 {
		scale := half(data)
		for i, q := range data[2:18] {
			dst[i] = scale * float32(int(q&15)-8)
			dst[i+16] = scale * float32(int(q>>4)-8)
		}
		dst, data = dst[32:], data[18:]
	}
}
