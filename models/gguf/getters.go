package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Has reports whether the metadata has the key, of whatever type.
func (f *File) Has(key string) bool {
	_, ok := f.values[key]
	return ok
}

// Describe says what kind of value the key has: "uint32", "array of 3 string",
// or "nothing".
func (f *File) Describe(key string) string {
	v, ok := f.values[key]
	switch {
	case !ok:
		return "nothing"
	case v.array:
		return fmt.Sprintf("array of %d %s", v.count, kinds[v.kind].name)
	}
	return kinds[v.kind].name
}

// String returns a string value.
func (f *File) String(key string) (string, bool) {
	v, ok := f.values[key]
	if !ok || v.array || v.kind != kindString {
		return "", false
	}
	return string(v.data), true
}

// Strings returns an array of strings.
func (f *File) Strings(key string) ([]string, bool) {
	v, ok := f.values[key]
	if !ok || !v.array || v.kind != kindString {
		return nil, false
	}
	texts := make([]string, v.count)
	c := &cursor{data: v.data}
	for i := range texts {
		texts[i] = string(c.text())
	}
	return texts, true
}

// Bool returns a bool value.
func (f *File) Bool(key string) (truth, ok bool) {
	v, ok := f.values[key]
	if !ok || v.array || v.kind != kindBool {
		return false, false
	}
	return v.data[0] == 1, true
}

// Bools returns an array of bools.
func (f *File) Bools(key string) ([]bool, bool) {
	v, ok := f.values[key]
	if !ok || !v.array || v.kind != kindBool {
		return nil, false
	}
	values := make([]bool, v.count)
	for i, b := range v.data {
		values[i] = b == 1
	}
	return values, true
}

// Uint returns a value of any integer type that is not negative.
func (f *File) Uint(key string) (uint64, bool) {
	v, ok := f.values[key]
	if !ok || v.array {
		return 0, false
	}
	return v.uint(0)
}

// Ints returns an array of any integer type whose values all fit an int64.
func (f *File) Ints(key string) ([]int64, bool) {
	v, ok := f.values[key]
	if !ok || !v.array || !v.kind.integer() {
		return nil, false
	}
	values := make([]int64, v.count)
	for i := range values {
		if values[i], ok = v.int(i); !ok {
			return nil, false
		}
	}
	return values, true
}

// Float returns a float32 or float64 value.
func (f *File) Float(key string) (float64, bool) {
	v, ok := f.values[key]
	if !ok || v.array || !v.kind.float() {
		return 0, false
	}
	return v.float(0), true
}

// Floats returns an array of float32 or float64.
func (f *File) Floats(key string) ([]float64, bool) {
	v, ok := f.values[key]
	if !ok || !v.array || !v.kind.float() {
		return nil, false
	}
	values := make([]float64, v.count)
	for i := range values {
		values[i] = v.float(i)
	}
	return values, true
}

func (k kind) float() bool { return k == kindFloat32 || k == kindFloat64 }

func (k kind) integer() bool {
	return k <= kindInt32 || k == kindUint64 || k == kindInt64
}

func (v value) float(i int) float64 {
	if v.kind == kindFloat32 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(v.data[4*i:])))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(v.data[8*i:]))
}

// int returns element i of an integer value; false when it exceeds an int64.
func (v value) int(i int) (int64, bool) {
	le := binary.LittleEndian
	switch v.kind {
	case kindUint8:
		return int64(v.data[i]), true
	case kindInt8:
		return int64(int8(v.data[i])), true
	case kindUint16:
		return int64(le.Uint16(v.data[2*i:])), true
	case kindInt16:
		return int64(int16(le.Uint16(v.data[2*i:]))), true
	case kindUint32:
		return int64(le.Uint32(v.data[4*i:])), true
	case kindInt32:
		return int64(int32(le.Uint32(v.data[4*i:]))), true
	case kindUint64:
		u := le.Uint64(v.data[8*i:])
		return int64(u), u <= math.MaxInt64
	case kindInt64:
		return int64(le.Uint64(v.data[8*i:])), true
	}
	return 0, false
}

func (v value) uint(i int) (uint64, bool) {
	if v.kind == kindUint64 {
		return binary.LittleEndian.Uint64(v.data[8*i:]), true
	}
	n, ok := v.int(i)
	return uint64(n), ok && n >= 0
}
