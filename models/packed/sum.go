package packed

import "hash/crc32"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// joined returns the checksum of bytes from those of their two parts, the second
// of which has n: pieces are written in any order. A checksum is a remainder of
// polynomials over the field of two elements, and n bytes more multiply the
// first part by x^8n.
func joined(first, second uint32, n int64) uint32 {
	power, square := uint32(1<<31), uint32(1<<23) // 1 and x^8: bit 31 stands for 1
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			power = times(power, square)
		}
		square = times(square, square)
	}
	return times(power, first) ^ second
}

// times multiplies two polynomials modulo the one of CRC-32C.
func times(a, b uint32) uint32 {
	product := uint32(0)
	for ; a != 0; a <<= 1 {
		if a>>31 == 1 {
			product ^= b
		}
		b = b>>1 ^ crc32.Castagnoli&-(b&1)
	}
	return product
}
