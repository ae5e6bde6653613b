//go:build linux || darwin

package synthetic

import "syscall"

// freeBytes returns how much an ordinary user may still write below dir.
func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
