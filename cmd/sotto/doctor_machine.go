package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sotto/audio/mic"
	"sotto/cmd/sotto/bench"
	"sotto/models/disk"
	"sotto/models/kernel"
)

// kernel says which arithmetic this processor gets.
func (d *doctor) kernel() []check {
	const name = "processor"
	if err := kernel.CheckEnvironment(); err != nil {
		return []check{failing(name, environmentError("%w", err))}
	}
	cores, cpu := kernel.Cores(), cmp.Or(bench.Processor(), runtime.GOARCH)
	if kernel.Level() == "portable" {
		return []check{warning(name, "only small models keep up; a processor with AVX2 or AVX-512 is many times as fast", "%s, %d cores, portable arithmetic", cpu, cores)}
	}
	return []check{fine(name, "%s, %d cores, %s", cpu, cores, kernel.Level())}
}

// microphone says what sotto listen would hear.
func (d *doctor) microphone() []check {
	const name = "microphone"
	all, err := mic.Devices()
	switch {
	case err == nil && len(all) == 0:
		err = mic.ErrNone
		fallthrough
	case err != nil:
		says, advice, _ := strings.Cut(err.Error(), "; ")
		return []check{warning(name, advice, "%s", says)}
	}
	for _, m := range all {
		if m.Default {
			return []check{fine(name, "%s, %d Hz, one of %d", m.Name, m.RateHz, len(all))}
		}
	}
	return []check{warning(name, "choose one of sotto devices with --device", "%d devices and no default one", len(all))}
}

// ffmpeg says which recordings can be read.
func (d *doctor) ffmpeg() []check {
	const name = "ffmpeg"
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return []check{warning(name, "install ffmpeg to read M4A, WebM and video too", "not installed: WAV, FLAC, MP3, Ogg Opus and Ogg Vorbis are read without it")}
	}
	ctx, cancel := context.WithTimeout(d.c.Context, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-hide_banner", "-version").Output()
	first, _, _ := strings.Cut(string(out), "\n")
	words := strings.Fields(first)
	if err != nil || len(words) < 3 {
		return []check{warning(name, "install it anew to read M4A, WebM and video", "%s does not run", path)}
	}
	return []check{fine(name, "%s, %s", words[2], path)}
}

// address says whether sotto serve could listen.
func (d *doctor) address() []check {
	const name = "address"
	l, err := net.Listen("tcp", d.config.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return []check{warning(name, "stop the other program before sotto serve, or choose --listen", "%s is in use", d.config.Listen)}
	case err != nil:
		return []check{failing(name, environmentError("cannot listen on %s: %w; choose another address with --listen", d.config.Listen, bareNet(err)))}
	}
	l.Close()
	return []check{fine(name, "%s is free", d.config.Listen)}
}

// bareNet takes the operation and the address from an error of the network.
func bareNet(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// roomForText is what a state folder should have: hundreds of hours of captions.
const roomForText = 64 << 20

// rooms looks at the folder of what was said.
func (d *doctor) rooms() []check {
	const name = "state"
	if d.config.State == "" {
		return []check{fine(name, "rooms are kept in memory; --state FOLDER keeps them over a restart")}
	}
	return []check{folderCheck(name, d.config.State, roomForText, "choose another folder with --state")}
}

// folderCheck says whether a folder can be written to and has so much room.
func folderCheck(name, dir string, need int64, advice string) check {
	at := standing(dir)
	probe, err := os.CreateTemp(at, ".sotto-doctor-*")
	if err != nil {
		return failing(name, environmentError("cannot write to %s: %w; %s", dir, bare(err), advice))
	}
	probe.Close()
	os.Remove(probe.Name())
	free, err := disk.Free(at)
	switch {
	case err != nil || free < 0:
		return fine(name, "%s can be written to", dir)
	case free < need:
		return failing(name, environmentError("%s has %s free and needs %s; make room there, or %s", dir, size(free), size(need), advice))
	}
	return fine(name, "%s free in %s", size(free), dir)
}

// standing returns a folder, or where it is not there yet the one it would be
// made in.
func standing(dir string) string {
	dir, err := filepath.Abs(dir)
	for err == nil && !exists(dir) && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
	}
	return dir
}

// usableMemory returns how many bytes the program may have altogether, and how
// many it could have now: of the machine, or of its container where that allows
// less. 0 is unknown.
func usableMemory() (total, free int64) {
	total, free = bench.MachineMemory()
	for _, group := range groups() {
		limit, used := number(group+"/memory.max"), number(group+"/memory.current")
		if limit > 0 && (total == 0 || limit < total) {
			total, free = limit, min(max(limit-used, 1), cmp.Or(free, limit))
		}
	}
	return total, free
}

// groups lists the control groups of the program that may have a limit of their
// own.
func groups() []string {
	const root = "/sys/fs/cgroup"
	text, _ := os.ReadFile("/proc/self/cgroup")
	own, found := strings.CutPrefix(strings.TrimSpace(string(text)), "0::")
	all := []string{root}
	for ; found && own != "/" && own != "." && own != ""; own = filepath.Dir(own) {
		all = append(all, filepath.Join(root, own))
	}
	return all
}

// number reads a file that holds one; 0 where there is none, or no limit.
func number(path string) int64 {
	text, _ := os.ReadFile(path)
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}
