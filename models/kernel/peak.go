package kernel

import (
	"encoding/binary"
	"runtime"
)

// Peak is a loop of nothing but one kind of arithmetic on registers: what the
// processor can do at most, at the form in force.
type Peak struct {
	Instruction string
	Operations  int // multiplications and additions of a turn
	Run         func(turns int)
}

// IntegerPeak is what quantised weights are multiplied by.
func IntegerPeak() Peak { return use.integerPeak }

// FloatPeak is what the audio tower is multiplied by.
func FloatPeak() Peak { return use.floatPeak }

// stretch is the bytes that Read takes at a time.
const stretch = 256

// Read reads whole stretches of 256 bytes and nothing else: what memory can give
// at most. Each line is asked for so many bytes ahead.
func Read(data []byte, ahead int) {
	if n := len(data) / stretch; n > 0 {
		use.read(data[:n*stretch], ahead)
	}
}

var (
	integerPeakPortable = Peak{"Go, one number at a time", 8, integersPortable}
	floatPeakPortable   = Peak{"Go, one number at a time", 8, floatsPortable}
)

func integersPortable(turns int) {
	var a, b, c, d int32
	x := int32(turns)
	for range turns {
		a, b, c, d = a+x*a, b+x*b, c+x*c, d+x*d
	}
	runtime.KeepAlive(a + b + c + d)
}

func floatsPortable(turns int) {
	var a, b, c, d float32
	x := float32(turns)
	for range turns {
		a, b, c, d = a+x*a, b+x*b, c+x*c, d+x*d
	}
	runtime.KeepAlive(a + b + c + d)
}

func readPortable(data []byte, _ int) {
	var sum uint64
	for ; len(data) >= 16; data = data[16:] {
		sum ^= binary.LittleEndian.Uint64(data) ^ binary.LittleEndian.Uint64(data[8:])
	}
	runtime.KeepAlive(sum)
}
