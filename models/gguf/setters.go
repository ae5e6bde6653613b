package gguf

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// String sets a string value.
func (w *Writer) String(key, v string) {
	if w.pair(key, kindString) {
		w.pairs = appendText(w.pairs, v)
	}
}

// Uint32 sets a uint32 value.
func (w *Writer) Uint32(key string, v uint32) {
	if w.pair(key, kindUint32) {
		w.pairs = binary.LittleEndian.AppendUint32(w.pairs, v)
	}
}

// Float32 sets a float32 value.
func (w *Writer) Float32(key string, v float32) {
	if w.pair(key, kindFloat32) {
		w.pairs = binary.LittleEndian.AppendUint32(w.pairs, math.Float32bits(v))
	}
}

// Bool sets a bool value.
func (w *Writer) Bool(key string, v bool) {
	if w.pair(key, kindBool) {
		w.pairs = append(w.pairs, bit(v))
	}
}

// Strings sets an array of strings.
func (w *Writer) Strings(key string, v []string) {
	if w.array(key, kindString, len(v)) {
		for _, text := range v {
			w.pairs = appendText(w.pairs, text)
		}
	}
}

// Int32s sets an array of int32.
func (w *Writer) Int32s(key string, v []int32) {
	if w.array(key, kindInt32, len(v)) {
		for _, n := range v {
			w.pairs = binary.LittleEndian.AppendUint32(w.pairs, uint32(n))
		}
	}
}

// Float32s sets an array of float32.
func (w *Writer) Float32s(key string, v []float32) {
	if w.array(key, kindFloat32, len(v)) {
		for _, x := range v {
			w.pairs = binary.LittleEndian.AppendUint32(w.pairs, math.Float32bits(x))
		}
	}
}

// Bools sets an array of bools.
func (w *Writer) Bools(key string, v []bool) {
	if w.array(key, kindBool, len(v)) {
		for _, x := range v {
			w.pairs = append(w.pairs, bit(x))
		}
	}
}

// pair begins a key and reports whether its value may follow.
func (w *Writer) pair(key string, k kind) bool {
	switch {
	case w.err != nil:
	case w.started:
		w.fail("key %q: set after data was written", key)
	case w.keys[key]:
		w.fail("key %q is there twice", key)
	case key == "" || len(key) > maxKeyBytes || !utf8.ValidString(key):
		w.fail("key %.20q, want UTF-8 of 1 to %d bytes", key, maxKeyBytes)
	case key == alignmentKey:
		w.fail("key %q: the alignment is always %d and is not written", key, defaultAlignment)
	default:
		w.keys[key] = true
		w.pairs = appendText(w.pairs, key)
		w.pairs = binary.LittleEndian.AppendUint32(w.pairs, uint32(k))
		return true
	}
	return false
}

// array begins an array of n elements.
func (w *Writer) array(key string, k kind, n int) bool {
	if !w.pair(key, kindArray) {
		return false
	}
	w.pairs = binary.LittleEndian.AppendUint32(w.pairs, uint32(k))
	w.pairs = binary.LittleEndian.AppendUint64(w.pairs, uint64(n))
	return true
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}
