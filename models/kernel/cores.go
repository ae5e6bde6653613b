package kernel

import (
	"os"
	"path/filepath"
	"runtime"
)

// Cores returns how many workers make sense: the processors that Go may use, or
// the physical cores if those are fewer. Two threads of one core share its
// multipliers.
func Cores() int {
	siblings, err := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list")
	cores := make(map[string]bool)
	for _, path := range siblings {
		if list, err := os.ReadFile(path); err == nil {
			cores[string(list)] = true
		}
	}
	if n := len(cores); err == nil && n > 0 {
		return min(n, runtime.GOMAXPROCS(0))
	}
	return runtime.GOMAXPROCS(0)
}
