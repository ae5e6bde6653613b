//go:build amd64

package simd

import (
	"bytes"
	"testing"
	"unsafe"
)

// canary fills what a kernel must leave alone, margin bytes on either side.
const (
	canary = 0xa5
	margin = 512
)

// A yard lends operands that touch the fence of their memory.
type yard struct{ mem []byte }

func newYard(t testing.TB, size int) *yard {
	return &yard{fenced(t, (size+8191)&^4095)}
}

// lend returns n bytes of canaries: the last before the upper fence but for off
// bytes, or the first behind the lower fence.
func (y *yard) lend(n, off int, low bool) []byte {
	from := off
	if !low {
		from = len(y.mem) - off - n
	}
	for i := max(0, from-margin); i < min(len(y.mem), from+n+margin); i++ {
		y.mem[i] = canary
	}
	return y.mem[from : from+n : from+n]
}

// quiet reports whether the margins of part are canaries still.
func (y *yard) quiet(part []byte) bool {
	from := int(uintptr(unsafe.Pointer(&part[0])) - uintptr(unsafe.Pointer(&y.mem[0])))
	end := from + len(part)
	return untouched(y.mem[max(0, from-margin):from]) && untouched(y.mem[end:min(len(y.mem), end+margin)])
}

func untouched(b []byte) bool { return bytes.Count(b, []byte{canary}) == len(b) }
