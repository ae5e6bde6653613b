//go:build amd64 && !linux

package simd

import "testing"

// fenced returns n bytes without fences: only the canaries stand guard here.
func fenced(_ testing.TB, n int) []byte { return make([]byte, n) }
