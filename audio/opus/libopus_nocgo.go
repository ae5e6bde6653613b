//go:build libopus && !cgo

package opus

// The tag asks for C; without it the compiler prints this name as its error.
var _ = libopus_needs_CGO_ENABLED_1_and_a_C_compiler
