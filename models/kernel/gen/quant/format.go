package main

// A format is a weight type as it lies in a panel. One block of 16 rows x 32
// columns is a few vectors of 64 bytes, whose dword lanes are the rows, then 16
// half scales.
type format struct {
	name    string
	vectors int // of 64 bytes in a block
}

// q4: byte i of vector v holds columns 8v+i (low nibble) and 8v+4+i (high), as
// 0..15 with the zero point at 8.
var q4 = format{name: "Q4", vectors: 4}

// q8: byte i of vector j is column 4j+i, an int8.
var q8 = format{name: "Q8", vectors: 8}

// Bytes of one activation row: of its block, and of its block's meta. The meta
// is an int32 start, which is -8·Σq, and a float32 scale.
const (
	rowBytes  = 32
	metaBytes = 8
	scaleAt   = 4
)

// scales is the offset of the half scales in a block.
func (f format) scales() int { return 64 * f.vectors }

// block is the size in bytes of a block.
func (f format) block() int { return f.scales() + 32 }
