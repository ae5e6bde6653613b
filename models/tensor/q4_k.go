package tensor

// A Q4_K block of 256 values is two half super-scales, of scales and of minima,
// 12 bytes that pack eight 6-bit scales and minima, and 128 bytes of codes. Each
// run of 32 values has a scale and a minimum: x = super · scale · q - super · min.
// 32 bytes hold two runs, the low halves first.
func decodeQ4_K(dst []float32, data []byte) {
	for len(dst) > 0 {
		scales, codes := data[4:16], data[16:144]
		for run := range 8 {
			scale, low := kScale(data, scales, run)
			shift := 4 * (run % 2)
			for i, q := range codes[32*(run/2):][:32] {
				dst[32*run+i] = float32(scale*float32(q>>shift&15)) - low
			}
		}
		dst, data = dst[256:], data[144:]
	}
}

// A Q5_K block is as Q4_K with 32 bytes before the codes that hold the fifth
// bits: bit r of byte i belongs to value i of run r.
func decodeQ5_K(dst []float32, data []byte) {
	for len(dst) > 0 {
		scales, high, codes := data[4:16], data[16:48], data[48:176]
		for run := range 8 {
			scale, low := kScale(data, scales, run)
			shift := 4 * (run % 2)
			for i, q := range codes[32*(run/2):][:32] {
				dst[32*run+i] = float32(scale*float32(q>>shift&15|high[i]>>run&1<<4)) - low
			}
		}
		dst, data = dst[256:], data[176:]
	}
}

// kScale returns what a run's codes are multiplied with and what is subtracted
// then. The first four runs have the low 6 bits of bytes 0 to 3 and 4 to 7; the
// others have the halves of bytes 8 to 11 and the high 2 bits of the first 8.
func kScale(block, packed []byte, run int) (scale, low float32) {
	var s, m byte
	if run < 4 {
		s, m = packed[run]&63, packed[run+4]&63
	} else {
		s = packed[run+4]&15 | packed[run-4]>>6<<4
		m = packed[run+4]>>4 | packed[run]>>6<<4
	}
	return half(block) * float32(s), half(block[2:]) * float32(m)
}
