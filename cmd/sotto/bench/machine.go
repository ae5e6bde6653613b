package bench

import (
	"runtime"

	"sotto/models/kernel"
)

func describeMachine(threads int) Machine {
	m := Machine{
		CPU: cpuName(), Threads: threads, Kernel: kernel.Level(),
		OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(),
	}
	if m.CPU == "" {
		m.CPU = "unnamed " + runtime.GOARCH
	}
	m.MemoryBytes, _ = memory()
	return m
}
