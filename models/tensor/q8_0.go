package tensor

// A Q8_0 block is a half scale and 32 signed bytes: x = scale · q.
func decodeQ8_0(dst []float32, data []byte) {
	for len(dst) > 0 {
		scale := half(data)
		for i, q := range data[2:34] {
			dst[i] = scale * float32(int8(q))
		}
		dst, data = dst[32:], data[34:]
	}
}
