package synthetic

import (
	"encoding/binary"
	"math"

	"github.com/x448/float16"

	"sotto/models/tensor"
)

// maker fills whole blocks of one stored type with random values.
type maker func(dst []byte, r *random)

// newMaker returns the maker of values with mean 0 and the given standard
// deviation. Only the three types of a published file's matrices are made.
func newMaker(d tensor.DType, spread float64) maker {
	switch d {
	case tensor.Q4_0:
		return makeQ4_0(spread)
	case tensor.Q6_K:
		return makeQ6_K(spread)
	case tensor.F16:
		return makeF16(spread)
	}
	return nil
}

// The root mean squares of even codes, -8 to 7 and -32 to 31, and of factors
// spread evenly over [0.75, 1.25].
var (
	rms4     = math.Sqrt(21.5)
	rms6     = math.Sqrt(341.5)
	rmsScale = math.Sqrt(1 + 1.0/48)
)

// makeQ4_0 draws even codes. Their mean is half a step below zero, so half of
// the scales are negative, as in files made from real weights: all positive,
// every matrix would favour one direction and the layers would agree on it.
func makeQ4_0(spread float64) maker {
	var scales [256]uint16
	for i := range scales {
		factor := 0.75 + 0.5*(float64(i/2)+0.5)/128
		if i%2 == 1 {
			factor = -factor
		}
		scales[i] = half(factor * spread / (rms4 * rmsScale))
	}
	return func(dst []byte, r *random) {
		for ; len(dst) >= 18; dst = dst[18:] {
			a := r.next()
			b := r.next()
			// The scale's index is mixed from all bits, so that it tells
			// nothing of the codes.
			binary.LittleEndian.PutUint16(dst, scales[(a^b)*0x9E3779B97F4A7C15>>56])
			binary.LittleEndian.PutUint64(dst[2:], a)
			binary.LittleEndian.PutUint64(dst[10:], b)
		}
	}
}

// makeQ6_K draws even codes, and scales of either sign from 96 to 127 of the
// super-scale.
func makeQ6_K(spread float64) maker {
	const low, high = 96, 127
	squares := 0.0
	for s := low; s <= high; s++ {
		squares += float64(s*s) / (high - low + 1)
	}
	super := half(spread / (rms6 * math.Sqrt(squares)))
	return func(dst []byte, r *random) {
		for ; len(dst) >= 210; dst = dst[210:] {
			for at := 0; at < 208; at += 8 {
				binary.LittleEndian.PutUint64(dst[at:], r.next())
			}
			for i := 192; i < 208; i++ {
				scale := int8(low + dst[i]>>3) // 5 bits of size
				if dst[i]&1 == 1 {
					scale = -scale
				}
				dst[i] = byte(scale)
			}
			binary.LittleEndian.PutUint16(dst[208:], super)
		}
	}
}

// makeF16 draws from 4096 normal values that are bfloat16 numbers, as a real
// checkpoint's are.
func makeF16(spread float64) maker {
	var values [4096]uint16
	for i := range values {
		values[i] = half(brain(spread * quantile((float64(i)+0.5)/4096)))
	}
	return func(dst []byte, r *random) {
		var bits uint64
		for i := 0; i+2 <= len(dst); i += 2 {
			if i%10 == 0 {
				bits = r.next()
			}
			binary.LittleEndian.PutUint16(dst[i:], values[bits&4095])
			bits >>= 12
		}
	}
}

// brain rounds to the nearest bfloat16.
func brain(x float64) float64 {
	bits := math.Float32bits(float32(x))
	bits += 0x7fff + bits>>16&1
	return float64(math.Float32frombits(bits &^ 0xffff))
}

func half(x float64) uint16 { return float16.Fromfloat32(float32(x)).Bits() }
