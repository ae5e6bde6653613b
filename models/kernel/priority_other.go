//go:build !linux

package kernel

// Only Linux gives a thread a priority of its own.
func lowerPriority() {}
