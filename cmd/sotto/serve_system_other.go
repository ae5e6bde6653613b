//go:build !linux

package main

import (
	"log/slog"
	"time"
)

// start is where monotonic begins.
var start = time.Now()

// monotonic is the time of a clock that is never set.
func monotonic() time.Duration { return time.Since(start) }

// keepPrivate is for Linux.
func keepPrivate(*slog.Logger) {}

// boundMemory is for Linux, which has control groups.
func boundMemory(*slog.Logger) {}
