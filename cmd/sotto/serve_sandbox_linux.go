package main

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights of Landlock.
const (
	mayRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	mayRun  = mayRead | unix.LANDLOCK_ACCESS_FS_EXECUTE
	mayOwn  = mayRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_REFER |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR
	ofFiles = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_EXECUTE

	// The first version of Landlock lets no file be renamed into another folder,
	// those before the fourth know no ports.
	oldest, withPorts = 2, 4
)

// ruleset and portRule are structures of the kernel's.
type ruleset struct{ files, ports uint64 }
type portRule struct{ allowed, port uint64 }

const rulePort = 2 // LANDLOCK_RULE_NET_PORT

// enforce takes all other rights from every thread, for good. Processes that it
// starts have them no more either.
func (c *confinement) enforce() error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < oldest {
		return errNoSandbox
	}
	// The first version had 13 rights over files, the next two one more each; that
	// over devices came later and is not taken.
	all := ruleset{files: 1<<(12+min(version, 3)) - 1}
	size := unsafe.Sizeof(all.files)
	if version >= withPorts {
		all.ports, size = unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, unsafe.Sizeof(all)
	}
	rules, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&all)), size, 0)
	if errno != 0 {
		return fmt.Errorf("the kernel makes no rules: %w", errno)
	}
	defer unix.Close(int(rules))
	if err := c.allow(rules, &all); err != nil {
		return err
	}
	if _, _, errno = syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno == syscall.ENOTSUP {
		return errNoSandbox // a build with C has threads that Go does not know
	}
	if errno == 0 {
		_, _, errno = syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0)
	}
	if errno != 0 {
		return fmt.Errorf("the kernel does not take the rules: %w", errno)
	}
	return nil
}

// allow writes down what stays allowed. What is not there needs no rule.
func (c *confinement) allow(rules uintptr, all *ruleset) error {
	for _, group := range []struct {
		paths  []string
		rights uint64
	}{{c.reads, mayRead}, {c.runs, mayRun}, {c.writes, mayOwn}, {[]string{"/dev/null"}, mayRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE}} {
		for _, path := range group.paths {
			if err := allowPath(rules, path, group.rights&all.files); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s cannot be allowed: %w", path, err)
			}
		}
	}
	if all.ports == 0 {
		return nil
	}
	own := portRule{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, uint64(c.port)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, rules, rulePort, uintptr(unsafe.Pointer(&own)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("port %d cannot be allowed: %w", c.port, errno)
	}
	return nil
}

// allowPath gives rights over a file, or over all below a folder.
func allowPath(rules uintptr, path string, rights uint64) error {
	if path == "" {
		return nil
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil {
		return err
	}
	if found.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= ofFiles
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, rules, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	runtime.KeepAlive(&rule)
	if errno != 0 {
		return errno
	}
	return nil
}
