package mel

import (
	"math"
	"math/bits"
)

// fftLen is the length of the transform: the next power of two after a window.
const fftLen = 512

// fft holds the tables of a radix-2 transform of fftLen complex values.
type fft struct {
	order   [fftLen]int            // bit-reversed index
	twiddle [fftLen / 2]complex128 // exp(−2πi·k/fftLen)
}

func newFFT() *fft {
	f := new(fft)
	shift := 64 - uint(bits.Len(fftLen-1))
	for i := range f.order {
		f.order[i] = int(bits.Reverse64(uint64(i)) >> shift)
	}
	for k := range f.twiddle {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / fftLen)
		f.twiddle[k] = complex(cos, sin)
	}
	return f
}

// transform replaces x, which is in bit-reversed order, by its discrete Fourier
// transform (decimation in time).
func (f *fft) transform(x *[fftLen]complex128) {
	for size := 2; size <= fftLen; size *= 2 {
		half, step := size/2, fftLen/size
		for start := 0; start < fftLen; start += size {
			for k := range half {
				a, b := x[start+k], x[start+k+half]*f.twiddle[k*step]
				x[start+k], x[start+k+half] = a+b, a-b
			}
		}
	}
}
