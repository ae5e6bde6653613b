package voice

// mulaw reads a sample as telephones of America and Japan send it (G.711): sign,
// three bits that say how far four others are shifted, all inverted.
func mulaw(b []byte) float32 {
	v := ^b[0]
	const bias = 0x84
	return signed((int(v&0x0f)<<3+bias)<<(v>>4&7)-bias, v&0x80 != 0)
}

// alaw reads a sample as the other telephones send it: every second bit inverted,
// the sign set for what is above zero.
func alaw(b []byte) float32 {
	v := b[0] ^ 0x55
	size, shift := int(v&0x0f)<<4+8, v>>4&7
	if shift > 0 {
		size = (size + 0x100) << (shift - 1)
	}
	return signed(size, v&0x80 == 0)
}

func signed(size int, negative bool) float32 {
	if negative {
		size = -size
	}
	return float32(size) / fullScale
}
