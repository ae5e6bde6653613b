package bench

import (
	"os"
	"strconv"
	"strings"
)

// field returns the value behind a name in a file of lines "name: value".
func field(path, name string) string {
	text, _ := os.ReadFile(path) // none: no such field
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// kilobytes reads a value such as "12 kB" as bytes.
func kilobytes(path, name string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSuffix(field(path, name), " kB"), 10, 64)
	return n << 10
}

func cpuName() string { return field("/proc/cpuinfo", "model name") }

// memory returns all of it and what is free to use; 0 is unknown.
func memory() (total, free int64) {
	return kilobytes("/proc/meminfo", "MemTotal"), kilobytes("/proc/meminfo", "MemAvailable")
}

// resident returns what the process holds, and the most since resetPeak.
func resident() Memory {
	return Memory{ResidentBytes: kilobytes("/proc/self/status", "VmRSS"), PeakBytes: kilobytes("/proc/self/status", "VmHWM")}
}

// resetPeak starts the peak anew and reports whether the system did so.
func resetPeak() bool { return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) == nil }
