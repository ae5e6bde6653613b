package main

import (
	"os"
	"syscall"
)

// rootedAt has a process see a folder as the root, with no rights over the machine.
func rootedAt(folder string) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Chroot:      folder,
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}
