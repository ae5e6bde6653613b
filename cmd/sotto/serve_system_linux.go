package main

import (
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the time of the clock that is never set.
func monotonic() time.Duration {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // cannot fail with a clock that exists
	return time.Duration(now.Nano())
}

// keepPrivate has nothing of the process's memory, which holds what people say,
// written to disk when it dies or read by other processes of its user.
func keepPrivate(log *slog.Logger) {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		log.Warn("a crash may leave a core file", "error", err.Error())
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		log.Warn("other processes may look into this one", "error", err.Error())
	}
}

// boundMemory has Go collect garbage in time for the limit of the control group.
// Weights that are mapped are not Go's: the system drops their pages when it needs
// room. A GOMEMLIMIT of the owner's stays.
func boundMemory(log *slog.Logger) {
	limit := memoryLimit(os.DirFS("/"))
	if limit == 0 || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(limit / 100 * 85)
	log.Debug("memory", "limit", limit, "for_go", limit/100*85)
}
