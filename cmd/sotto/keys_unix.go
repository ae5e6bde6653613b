//go:build linux || darwin

package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// keyboard reads single keys from the terminal of the program, whatever its
// standard input is. Ctrl-C stays a signal.
type keyboard struct {
	terminal *os.File
	before   unix.Termios
	pressed  chan byte
	ended    chan struct{}
}

// openKeyboard returns nil where there is no terminal, or another program has it.
func openKeyboard() *keyboard {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	before, err := unix.IoctlGetTermios(fd(terminal), getTermios)
	owner, _ := unix.IoctlGetInt(fd(terminal), unix.TIOCGPGRP)
	if err != nil || owner != unix.Getpgrp() || terminal.SetReadDeadline(time.Time{}) != nil { // which close needs
		terminal.Close()
		return nil
	}
	k := &keyboard{terminal, *before, make(chan byte, 16), make(chan struct{})}
	single := *before
	single.Lflag &^= unix.ICANON | unix.ECHO
	single.Cc[unix.VMIN], single.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd(terminal), setTermios, &single); err != nil {
		terminal.Close()
		return nil
	}
	go k.read()
	return k
}

// fd returns a descriptor without making reads of the file block for good, as Fd
// would.
func fd(f *os.File) (n int) {
	if raw, err := f.SyscallConn(); err == nil {
		raw.Control(func(d uintptr) { n = int(d) })
	}
	return n
}

func (k *keyboard) read() {
	defer close(k.ended)
	for {
		var b [1]byte
		if _, err := k.terminal.Read(b[:]); err != nil {
			return
		}
		select {
		case k.pressed <- b[0]:
		default: // typed ahead by more than anyone means
		}
	}
}

// keys gives what is pressed.
func (k *keyboard) keys() <-chan byte {
	if k == nil {
		return nil
	}
	return k.pressed
}

// close gives the terminal back as it was.
func (k *keyboard) close() {
	if k == nil {
		return
	}
	unix.IoctlSetTermios(fd(k.terminal), setTermios, &k.before)
	k.terminal.SetReadDeadline(time.Now())
	<-k.ended
	k.terminal.Close()
}
