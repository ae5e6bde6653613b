//go:build linux || darwin || freebsd || dragonfly

package disk

import "syscall"

// Free returns how many bytes this user can still write in a folder, or -1 when
// the system does not say.
func Free(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
