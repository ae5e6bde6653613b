package tensor

// A Q2_K block of 256 values is 16 bytes of a 4-bit scale and a 4-bit minimum
// for 16 values each, 64 bytes of codes and two half super-scales, of scales
// and of minima: x = super · scale · q - super · min. It is laid out as Q6_K:
// two halves of 128 values, each in four runs of 32 that share 32 bytes.
func decodeQ2_K(dst []float32, data []byte) {
	for len(dst) > 0 {
		super, superMin := half(data[80:]), half(data[82:])
		for group := range 16 {
			scale := super * float32(data[group]&15)
			low := superMin * float32(data[group]>>4)
			codes, shift := run2(data[16:80], group)
			for i, q := range codes {
				dst[16*group+i] = float32(scale*float32(q>>shift&3)) - low
			}
		}
		dst, data = dst[256:], data[84:]
	}
}

// run2 returns the 16 bytes that hold the 2-bit codes of a group of 16 values
// and how far they are shifted.
func run2(codes []byte, group int) (bytes []byte, shift int) {
	at := 32*(group/8) + 16*(group%2)
	return codes[at : at+16], group / 2 % 4 * 2
}
