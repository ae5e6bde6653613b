package packed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sotto/models/disk"
)

// A packed file is called NAME.RANDOM.part while it is written, and its writer
// has it locked: the lock goes with the process, however that ends.
const partSuffix = ".part"

// deadAfter is how long nobody has written to a dead part, on systems and disks
// without locks.
const deadAfter = time.Hour

// part is a packed file on its way.
type part struct{ *os.File }

// newPart creates a part. Another process may take it for dead, and remove it,
// before it is locked; then there is another one.
func newPart(dir, name string) (*part, error) {
	for range 100 {
		f, err := os.CreateTemp(dir, name+".*"+partSuffix)
		if err != nil {
			return nil, err
		}
		p := &part{f}
		if locked, err := disk.TryLock(f); err != nil || locked && p.isStill() {
			return p, nil
		}
		p.drop()
	}
	return nil, errors.New("others remove " + filepath.Join(dir, name) + ".*" + partSuffix + " as soon as it is there")
}

// isStill reports whether the open file is the one that has the name.
func (p *part) isStill() bool {
	mine, err := p.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(p.Name())
	return err == nil && os.SameFile(mine, named)
}

// drop removes the part: the open file where the system can, which nobody can
// take for dead meanwhile, else the closed one.
func (p *part) drop() {
	err := os.Remove(p.Name())
	p.Close()
	if err != nil {
		os.Remove(p.Name())
	}
}

// finish gives the part its own name, or drops it when writing it failed.
func (p *part) finish(err error, path string) error {
	if err == nil {
		if err = os.Rename(p.Name(), path); err == nil {
			return p.Close()
		}
		p.Close() // not every system renames an open file
		err = os.Rename(p.Name(), path)
	}
	if err != nil {
		p.drop()
	}
	return err
}

// removeDead removes the parts that no living process writes. What cannot be
// removed stays: it is in nobody's way but for its room.
func removeDead(dir, name string) {
	all, _ := os.ReadDir(dir)
	for _, e := range all {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), name+".") && strings.HasSuffix(e.Name(), partSuffix) {
			removeIfDead(filepath.Join(dir, e.Name()), disk.TryLock)
		}
	}
}

// removeIfDead removes a part. lock is disk.TryLock, or a test's.
func removeIfDead(path string, lock func(*os.File) (bool, error)) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	p := &part{f}
	dead, err := lock(f)
	if err != nil {
		info, err := f.Stat()
		dead = err == nil && time.Since(info.ModTime()) > deadAfter
	}
	if !dead {
		p.Close()
		return
	}
	p.drop()
}
