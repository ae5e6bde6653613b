//go:build portaudio && cgo

package mic

import (
	"os"

	"golang.org/x/sys/unix"
)

// quietly does something while standard error leads nowhere: ALSA and JACK write
// dozens of lines there about what they did not find, on any machine, and have no
// other switch that all their versions know.
func quietly(do func() error) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return do()
	}
	defer null.Close()
	kept, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return do()
	}
	defer unix.Close(kept)
	unix.Dup3(int(null.Fd()), 2, 0)
	defer unix.Dup3(kept, 2, 0)
	return do()
}
