// Package kernel is the arithmetic of both towers: plain functions over float32
// slices whose shapes stand beside them.
//
// Every function has a portable form in Go, which is kept for ever as the judge
// of the others. level.go chooses the fastest form that the processor knows;
// SOTTO_KERNEL=portable, avx2 or avx512 in the environment forces one. A matrix
// is multiplied as it lies: packed in panels by the fast kernels, row after row
// by the reference, which sums in double precision.
//
// Shapes are checked once, at the door of each function; a wrong one is a
// mistake in the program and panics.
package kernel

import "fmt"

func check(ok bool, format string, sizes ...int) {
	if ok {
		return
	}
	args := make([]any, len(sizes)) // boxed only here: a good call allocates nothing
	for i, n := range sizes {
		args[i] = n
	}
	panic("kernel: internal error: " + fmt.Sprintf(format, args...))
}
