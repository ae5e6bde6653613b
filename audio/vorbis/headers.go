package vorbis

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

const (
	// MaxChannels bounds what is read.
	MaxChannels = 32

	// Known encoders stay far below these.
	maxEntries    = 1 << 15 // of a codebook
	maxDimensions = 64
	maxValues     = 1 << 20 // entries times dimensions
)

// ident is the first header (Vorbis I, section 4.2.2).
type ident struct{ rateHz, channels int }

func parseIdent(b []byte) (ident, error) {
	if len(b) < 30 || string(b[:7]) != "\x01vorbis" {
		return ident{}, errors.New("vorbis: the first packet is no identification header")
	}
	rateHz := binary.LittleEndian.Uint32(b[12:])
	channels, short, long := int(b[11]), b[28]&15, b[28]>>4
	switch {
	case channels < 1 || channels > MaxChannels:
		return ident{}, fmt.Errorf("vorbis: %d channels, want 1 to %d", channels, MaxChannels)
	case rateHz > math.MaxInt32:
		return ident{}, fmt.Errorf("vorbis: %d samples per second", rateHz)
	case short < 6 || long > 13 || short > long:
		return ident{}, fmt.Errorf("vorbis: blocks of 2^%d and 2^%d samples, want 2^6 to 2^13 in this order", short, long)
	}
	return ident{int(rateHz), channels}, nil
}

// checkSetup walks over the third header (section 4.2.4) as far as the decoder
// takes things for granted: that sizes are sane, that every code leads somewhere,
// and that the header does not end in the midst of it.
func checkSetup(b []byte) error {
	if len(b) < 8 || string(b[:7]) != "\x05vorbis" {
		return errors.New("vorbis: the setup header is missing")
	}
	r := &bitReader{data: b[7:]}
	for _, part := range []struct {
		name      string
		countBits int // of their number less one
		check     func(*bitReader) error
	}{
		{"codebook", 8, checkCodebook}, {"transform", 6, checkTransform}, {"floor", 6, checkFloor}, {"residue", 6, checkResidue},
	} {
		for i := range r.read(part.countBits) + 1 {
			err := part.check(r)
			switch {
			case r.ended:
				return fmt.Errorf("vorbis: the setup header ends within %s %d", part.name, i)
			case err != nil:
				return fmt.Errorf("vorbis: %s %d %w", part.name, i, err)
			}
		}
	}
	return nil
}

func checkCodebook(r *bitReader) error {
	if r.read(24) != 0x564342 { // "BCV"
		return errors.New("does not begin as one")
	}
	dimensions, entries := r.read(16), r.read(24)
	if dimensions < 1 || dimensions > maxDimensions || entries < 1 || entries > maxEntries || entries*dimensions > maxValues {
		return fmt.Errorf("has %d entries of %d dimensions, want 1 to %d of 1 to %d", entries, dimensions, maxEntries, maxDimensions)
	}
	var codes uint64 // share of all codes that the entries take, in 2^−32
	if r.read(1) == 1 {
		codes = orderedCodes(r, entries)
	} else {
		codes = listedCodes(r, entries)
	}
	if codes != 1<<32 {
		return errors.New("has a code that is not complete")
	}
	return skipValues(r, entries, dimensions)
}

// listedCodes reads a length for each entry that is used.
func listedCodes(r *bitReader, entries int) (codes uint64) {
	sparse := r.read(1) == 1
	for range entries {
		if !sparse || r.read(1) == 1 {
			codes += 1 << (32 - r.read(5) - 1)
		}
	}
	return codes
}

// orderedCodes reads how many entries each length has, in ascending order.
func orderedCodes(r *bitReader, entries int) (codes uint64) {
	length := r.read(5) + 1
	for left := entries; left > 0; length++ {
		n := r.read(bits.Len(uint(left)))
		if n > left || length > 32 || r.ended {
			return 0
		}
		codes += uint64(n) << (32 - length)
		left -= n
	}
	return codes
}

// skipValues reads over the vectors of a codebook.
func skipValues(r *bitReader, entries, dimensions int) error {
	lookup := r.read(4)
	if lookup == 0 {
		return nil
	}
	if lookup > 2 {
		return fmt.Errorf("has lookup type %d, want 0 to 2", lookup)
	}
	r.skip(64) // minimum and delta
	width := r.read(4) + 1
	r.skip(1)
	n := entries * dimensions
	if lookup == 1 { // the greatest n with n^dimensions <= entries, as the decoder finds it
		n = int(math.Floor(math.Pow(float64(entries), 1/float64(dimensions))))
	}
	r.skip(n * width)
	return nil
}

func checkTransform(r *bitReader) error {
	if kind := r.read(16); kind != 0 {
		return fmt.Errorf("is of type %d, want 0", kind)
	}
	return nil
}

// checkFloor reads over a floor of type 1 (section 7.2.2). Type 0 has not been
// written since before Vorbis 1.0.
func checkFloor(r *bitReader) error {
	if kind := r.read(16); kind != 1 {
		return fmt.Errorf("is of type %d, want 1", kind)
	}
	classOf := make([]int, r.read(5))
	if len(classOf) == 0 { // the decoder then reads a class that is not there
		return errors.New("is without partitions, as the bass channel of surround sound is, and cannot be read; convert the file to FLAC")
	}
	classes := 1
	for i := range classOf {
		classOf[i] = r.read(4)
		classes = max(classes, classOf[i]+1)
	}
	dimensions := make([]int, classes)
	for i := range dimensions {
		dimensions[i] = r.read(3) + 1
		subclasses := r.read(2)
		if subclasses > 0 {
			r.skip(8) // the master book
		}
		r.skip(8 << subclasses)
	}
	r.skip(2) // the multiplier
	width := r.read(4)
	for _, c := range classOf {
		r.skip(dimensions[c] * width)
	}
	return nil
}

// checkResidue reads over a residue (section 8.6.1).
func checkResidue(r *bitReader) error {
	if kind := r.read(16); kind > 2 {
		return fmt.Errorf("is of type %d, want 0 to 2", kind)
	}
	begin, end := r.read(24), r.read(24)
	if begin > end {
		return fmt.Errorf("begins at %d and ends at %d", begin, end)
	}
	r.skip(24) // the partition's size
	classes := r.read(6) + 1
	r.skip(8) // the book of classes
	books := 0
	for range classes {
		books += bits.OnesCount(uint(r.read(3)))
		if r.read(1) == 1 {
			books += bits.OnesCount(uint(r.read(5)))
		}
	}
	r.skip(8 * books)
	return nil
}

// bitReader reads integers, their lowest bit first. Behind the end it reads
// zeros.
type bitReader struct {
	data  []byte
	at    int // in bits
	ended bool
}

func (r *bitReader) read(n int) (v int) {
	if r.skip(n); r.ended {
		return 0
	}
	for i := range n {
		bit := r.at - n + i
		v |= int(r.data[bit/8]>>(bit%8)&1) << i
	}
	return v
}

func (r *bitReader) skip(n int) {
	r.at += n
	r.ended = r.at > 8*len(r.data)
}
