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
	margin = 256
)

// A yard lends operands that touch the fence of their memory.
type yard struct{ mem []byte }

func newYard(t testing.TB, size int) *yard {
	return &yard{fenced(t, (size+8191)&^4095)}
}

// lend returns n bytes between canaries, for the caller to fill: the last before
// the upper fence but for off bytes, or the first behind the lower fence.
func (y *yard) lend(n, off int, low bool) []byte {
	from := off
	if !low {
		from = len(y.mem) - off - n
	}
	before, after := y.margins(from, from+n)
	guard(before)
	guard(after)
	return y.mem[from : from+n : from+n]
}

// margins are the bytes on either side of a part that stand guard.
func (y *yard) margins(from, end int) (before, after []byte) {
	return y.mem[max(0, from-margin):from], y.mem[end:min(len(y.mem), end+margin)]
}

// guard fills b with canaries.
func guard(b []byte) {
	for i := range b {
		b[i] = canary
	}
}

// quiet reports whether the margins of part are canaries still.
func (y *yard) quiet(part []byte) bool {
	from := int(uintptr(unsafe.Pointer(&part[0])) - uintptr(unsafe.Pointer(&y.mem[0])))
	before, after := y.margins(from, from+len(part))
	return untouched(before) && untouched(after)
}

func untouched(b []byte) bool { return bytes.Count(b, []byte{canary}) == len(b) }
