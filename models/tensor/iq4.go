package tensor

import "encoding/binary"

// iq4Values are what the codes of IQ4_NL and IQ4_XS stand for.
var iq4Values = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

// An IQ4_NL block of 32 values is a half scale and 16 bytes of codes, the low
// halves first: x = scale · value[q].
func decodeIQ4_NL(dst []float32, data []byte) {
	for len(dst) > 0 {
		decodeIQ4(dst, data[2:18], half(data))
		dst, data = dst[32:], data[18:]
	}
}

// An IQ4_XS block of 256 values is a half super-scale, the high 2 bits of eight
// scales, their low 4 bits and 128 bytes of codes for runs of 32 as in IQ4_NL:
// x = super · (scale - 32) · value[q].
func decodeIQ4_XS(dst []float32, data []byte) {
	for len(dst) > 0 {
		super, high := half(data), binary.LittleEndian.Uint16(data[2:])
		for run := range 8 {
			low := data[4+run/2] >> (4 * (run % 2)) & 15
			scale := int(low) | int(high>>(2*run)&3)<<4
			decodeIQ4(dst[32*run:], data[8+16*run:][:16], super*float32(scale-32))
		}
		dst, data = dst[256:], data[136:]
	}
}

func decodeIQ4(dst []float32, codes []byte, scale float32) {
	for i, q := range codes {
		dst[i] = scale * iq4Values[q&15]
		dst[i+16] = scale * iq4Values[q>>4]
	}
}
