package tensor

import "encoding/binary"

// The types of this file have blocks of 32 values. Where codes are 4 bits wide,
// 16 bytes hold two each: the low halves are the first 16 values.

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

// A Q4_0 block is a half scale and 16 bytes of codes: x = scale · (q - 8).
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

// A Q4_1 block is a half scale, a half minimum and 16 bytes of codes:
// x = scale · q + min.
func decodeQ4_1(dst []float32, data []byte) {
	for len(dst) > 0 {
		scale, low := half(data), half(data[2:])
		for i, q := range data[4:20] {
			dst[i] = float32(scale*float32(q&15)) + low
			dst[i+16] = float32(scale*float32(q>>4)) + low
		}
		dst, data = dst[32:], data[20:]
	}
}

// A Q5_0 block is a half scale, 32 fifth bits, lowest first, and 16 bytes of
// the other four: x = scale · (q - 16).
func decodeQ5_0(dst []float32, data []byte) {
	for len(dst) > 0 {
		scale, high := half(data), binary.LittleEndian.Uint32(data[2:])
		for i, q := range data[6:22] {
			dst[i] = scale * float32(int(uint32(q&15)|high>>i&1<<4)-16)
			dst[i+16] = scale * float32(int(uint32(q>>4)|high>>(i+16)&1<<4)-16)
		}
		dst, data = dst[32:], data[22:]
	}
}

// A Q5_1 block is as Q5_0 with a half minimum behind the scale:
// x = scale · q + min.
func decodeQ5_1(dst []float32, data []byte) {
	for len(dst) > 0 {
		scale, low, high := half(data), half(data[2:]), binary.LittleEndian.Uint32(data[4:])
		for i, q := range data[8:24] {
			dst[i] = float32(scale*float32(uint32(q&15)|high>>i&1<<4)) + low
			dst[i+16] = float32(scale*float32(uint32(q>>4)|high>>(i+16)&1<<4)) + low
		}
		dst, data = dst[32:], data[24:]
	}
}
