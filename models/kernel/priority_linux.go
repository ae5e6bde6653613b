package kernel

import "syscall"

// lowerPriority puts the calling thread a step behind those that serve the
// network. That it may fail changes nothing but the order.
func lowerPriority() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 2) }
