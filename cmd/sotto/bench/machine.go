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

// MachineMemory returns the machine's memory and what of it is free to use, in
// bytes; 0 is unknown.
func MachineMemory() (total, free int64) { return memory() }

// Processor returns the name of the processor, "" where the system does not say.
func Processor() string { return cpuName() }
