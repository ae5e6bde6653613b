package main

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// memoryLimit is the least memory limit of the control groups this process is in,
// in bytes; 0: there is none. root is the file system's.
func memoryLimit(root fs.FS) (least int64) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(groups)) {
		// number:controllers:path; the second version of groups has 0 and no controllers.
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		mount, file := "sys/fs/cgroup", "memory.max"
		switch controllers {
		case "":
		case "memory":
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		// A group is also bound by those around it.
		for at := path.Clean("/" + group); ; at = path.Dir(at) {
			if limit := readLimit(root, path.Join(mount, at, file)); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
			if at == "/" {
				break
			}
		}
	}
	return least
}

// readLimit is the number in a file; 0: there is none. The first version of groups
// writes a number near 2^63 where there is no limit.
func readLimit(root fs.FS, name string) int64 {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil || n >= 1<<62 {
		return 0
	}
	return n
}
