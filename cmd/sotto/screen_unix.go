//go:build linux || darwin

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// screenWidth returns the columns of the terminal behind f, 0 when it does not
// say.
func screenWidth(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
