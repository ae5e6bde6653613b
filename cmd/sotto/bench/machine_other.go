//go:build !linux && !darwin

package bench

import "os"

func cpuName() string { return os.Getenv("PROCESSOR_IDENTIFIER") } // Windows

// memory returns all of it and what is free to use; 0 is unknown.
func memory() (total, free int64) { return 0, 0 }

func resident() Memory { return Memory{} }

func resetPeak() bool { return false }
