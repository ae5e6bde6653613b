package bench

import "golang.org/x/sys/unix"

func cpuName() string {
	name, _ := unix.Sysctl("machdep.cpu.brand_string")
	return name
}

// memory returns all of it and what is free to use; 0 is unknown.
func memory() (total, free int64) {
	n, _ := unix.SysctlUint64("hw.memsize")
	return int64(n), 0
}

// resident would need the kernel's task calls, which Go has none for.
func resident() Memory { return Memory{} }

func resetPeak() bool { return false }
