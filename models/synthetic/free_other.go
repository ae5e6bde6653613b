//go:build !linux && !darwin && !windows

package synthetic

// freeBytes cannot tell here.
func freeBytes(string) (int64, error) { return -1, nil }
