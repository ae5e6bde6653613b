//go:build amd64

package simd

import (
	"syscall"
	"testing"
)

// fencePage is the granularity of fences.
const fencePage = 4096

// fenced returns n bytes, a multiple of fencePage, between two pages that
// nobody may touch: a kernel that reads or writes beyond its operand dies.
func fenced(t testing.TB, n int) []byte {
	mem, err := syscall.Mmap(-1, 0, n+2*fencePage, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	for _, page := range [][]byte{mem[:fencePage], mem[fencePage+n:]} {
		if err := syscall.Mprotect(page, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return mem[fencePage : fencePage+n]
}
