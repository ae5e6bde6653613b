package rtp

// wide16 returns the number near reference whose low 16 bits are v.
func wide16(reference int64, v uint16) int64 {
	return reference + int64(int16(v-uint16(reference)))
}

// wide32 returns the number near reference whose low 32 bits are v.
func wide32(reference int64, v uint32) int64 {
	return reference + int64(int32(v-uint32(reference)))
}
