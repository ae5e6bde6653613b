package tensor

// A Q3_K block of 256 values is 32 bytes of third bits, bit r of byte i for
// value i of run r of 32, 64 bytes of the other two bits laid out as in Q2_K,
// 12 bytes that pack sixteen 6-bit scales and a half super-scale:
// x = super · (scale - 32) · (q - 4).
func decodeQ3_K(dst []float32, data []byte) {
	for len(dst) > 0 {
		super := half(data[108:])
		for group := range 16 {
			scale := super * float32(scaleQ3(data[96:108], group)-32)
			codes, shift := run2(data[32:96], group)
			high := data[16*(group%2):]
			for i, q := range codes {
				dst[16*group+i] = scale * float32(int(q>>shift&3|high[i]>>(group/2)&1<<2)-4)
			}
		}
		dst, data = dst[256:], data[110:]
	}
}

// scaleQ3 unpacks a scale: 4 bits from the first 8 bytes, whose low halves are
// the first 8 scales, and 2 bits from the last 4 bytes.
func scaleQ3(packed []byte, group int) int {
	low := packed[group%8] >> (4 * (group / 8)) & 15
	high := packed[8+group%4] >> (2 * (group / 4)) & 3
	return int(low | high<<4)
}
