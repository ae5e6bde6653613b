package wire

import (
	"encoding/binary"
	"fmt"
)

// numberLen is how many bytes a Number is.
const numberLen = 12

// Number begins a binary message of a numbered voice.
type Number struct {
	Seq      uint32 // 0, 1, 2 …; after the largest comes 0
	Position uint64 // of the first sample, at the announced rate since the start
}

// Append appends the number as it is sent.
func (n Number) Append(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, n.Seq), n.Position)
}

// ParseNumber reads the number of a binary message. sound is what follows it.
func ParseNumber(message []byte) (n Number, sound []byte, err error) {
	if len(message) < numberLen {
		return Number{}, nil, fmt.Errorf("a numbered message of %d bytes; it begins with %d for its number and position", len(message), numberLen)
	}
	n = Number{binary.LittleEndian.Uint32(message), binary.LittleEndian.Uint64(message[4:])}
	return n, message[numberLen:], nil
}
