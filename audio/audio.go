// Package audio holds the one shape sound has in this program: 40 ms frames,
// mono, 16 kHz.
package audio

// The one format of sound inside the program.
const (
	RateHz     = 16000 // samples per second
	FrameLen   = 640   // samples per frame: 40 ms, one sound token
	FrameMilli = 40
)

// Frame is 40 ms of mono sound at 16 kHz, samples in [-1, 1].
type Frame [FrameLen]float32

// Position counts samples since a voice began; every time in the program is
// derived from it.
type Position int64

// Millis returns the position in milliseconds, rounded down.
func (p Position) Millis() int64 { return int64(p) * 1000 / RateHz }
