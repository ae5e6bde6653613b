package tensor

// A Q6_K block of 256 values is ql [128] low nibbles, qh [64] pairs of high
// bits, 16 signed scales of 16 values each, and a half super-scale:
// x = super · scale · (q - 32). It is laid out in two halves of 128 values,
// each in four runs of 32 that share their bytes of qh.
func decodeQ6_K(dst []float32, data []byte) {
	for len(dst) > 0 {
		super := half(data[208:])
		for h := range 2 {
			q6Half(dst[128*h:], data[64*h:], data[128+32*h:], data[192+8*h:], super)
		}
		dst, data = dst[256:], data[210:]
	}
}

// q6Half decodes 128 values from ql [64], qh [32] and scales [8].
func q6Half(dst []float32, ql, qh, scales []byte, super float32) {
	for run := range 4 {
		low := ql[32*(run%2):]
		nibble, pair := 4*(run/2), 2*run
		for i := range 32 {
			q := low[i]>>nibble&15 | qh[i]>>pair&3<<4
			scale := super * float32(int8(scales[2*run+i/16]))
			dst[32*run+i] = scale * float32(int(q)-32)
		}
	}
}
