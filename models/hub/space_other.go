//go:build !linux && !darwin && !freebsd && !dragonfly && !windows

package hub

func freeSpace(string) (int64, error) { return -1, nil }
