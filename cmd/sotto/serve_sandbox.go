package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// confinement is all that a daemon may touch once its model is loaded and its
// addresses are bound.
type confinement struct {
	reads  []string // folders and files
	runs   []string // folders it reads and whose programs it may start: ffmpeg and what that needs
	writes []string // folders
	port   uint16   // of its own, the only one it may connect to
}

// errNoSandbox says that this system has none.
var errNoSandbox = errors.New("it takes Linux with Landlock (5.19, or 6.7 for ports too), and a build without C")

// confine gives up every right that hearing voices does not take.
func (d *daemon) confine() {
	if d.config.Sandbox == "off" {
		return
	}
	allowed := d.confinement()
	switch err := allowed.enforce(); {
	case errors.Is(err, errNoSandbox):
		d.log.Info("no sandbox", "reason", err.Error())
	case err != nil:
		d.log.Warn("no sandbox", "error", err.Error())
	default:
		d.log.Debug("sandbox", "reads", allowed.reads, "runs", allowed.runs, "writes", allowed.writes, "port", allowed.port)
	}
}

// confinement is what the daemon's configuration takes. What is a link counts with
// where it leads now.
func (d *daemon) confinement() confinement {
	c := confinement{
		reads:  []string{"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/etc", "/proc", "/sys"},
		runs:   []string{"/bin", "/gnu", "/lib", "/lib32", "/lib64", "/nix", "/opt", "/sbin", "/snap", "/usr"},
		writes: []string{os.TempDir(), d.config.State},
		port:   uint16(d.server.Addr().(*net.TCPAddr).Port),
	}
	if program, err := exec.LookPath("ffmpeg"); err == nil {
		c.runs = append(c.runs, beside(program)...)
	}
	path := d.told.path
	if path == "" {
		path = defaultConfig()
	}
	// They are read again at SIGHUP, others of the same names in their place.
	for _, file := range []string{path, d.file, d.config.TLSCert, d.config.TLSKey} {
		c.reads = append(c.reads, beside(file)...)
	}
	return c
}

// beside are the folders of a file: that of its name, and that of what the name
// leads to.
func beside(file string) (folders []string) {
	if file == "" {
		return nil
	}
	folders = []string{filepath.Dir(file)}
	if target, err := filepath.EvalSymlinks(file); err == nil {
		folders = append(folders, filepath.Dir(target))
	}
	return folders
}
