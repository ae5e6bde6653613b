package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"sotto/models/disk"
)

// store is one repository's place in the cache. Everything is written through an
// os.Root, so that no name and no link in the cache leads out of it.
type store struct {
	dir    string // the cache
	folder string // models--organisation--name
	root   *os.Root
}

func openStore(dir, repo string) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, storeFault("making the folder "+dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, storeFault("opening the folder "+dir, err)
	}
	s := &store{dir: dir, folder: folderName(repo), root: root}
	for _, sub := range []string{"blobs", "refs", "snapshots"} {
		if err := s.root.MkdirAll(s.at(sub), 0o755); err != nil {
			root.Close()
			return nil, storeFault("making "+filepath.Join(dir, s.at(sub)), err)
		}
	}
	return s, nil
}

func (s *store) close() { s.root.Close() }

func folderName(repo string) string { return "models--" + strings.ReplaceAll(repo, "/", "--") }

// at is a path in the repository's folder, relative to the cache.
func (s *store) at(parts ...string) string {
	return path.Join(append([]string{s.folder}, parts...)...)
}

func (s *store) blob(f File) string { return s.at("blobs", f.Sum) }

func (s *store) pointer(commit string, f File) string { return s.at("snapshots", commit, f.Name) }

// holds reports whether name, links followed, is a regular file of f's size.
func (s *store) holds(name string, f File) bool {
	info, err := os.Stat(filepath.Join(s.dir, filepath.FromSlash(name)))
	return err == nil && info.Mode().IsRegular() && info.Size() == f.Size
}

// have reports whether f's bytes are in the cache, as a blob or, where links are
// not to be had, in the snapshot itself.
func (s *store) have(commit string, f File) bool {
	return s.holds(s.blob(f), f) || s.holds(s.pointer(commit, f), f)
}

// publish makes f part of a snapshot. Without links the blob itself moves there,
// as the hub's own programs do.
func (s *store) publish(commit string, f File) error {
	name := s.pointer(commit, f)
	target := strings.Repeat("../", strings.Count(f.Name, "/")+2) + "blobs/" + f.Sum
	if old, err := s.root.Readlink(name); err == nil && filepath.ToSlash(old) == target || !s.holds(s.blob(f), f) && s.holds(name, f) {
		return nil
	}
	what := "linking " + f.Name
	if err := s.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return storeFault(what, err)
	}
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storeFault(what, err)
	}
	if err := s.root.Symlink(filepath.FromSlash(target), name); err == nil {
		return s.sync(path.Dir(name))
	}
	if err := s.root.Rename(s.blob(f), name); err != nil {
		return storeFault(what, err)
	}
	return s.sync(path.Dir(name))
}

// setRef writes which commit a branch or tag stands for: last of all, when the
// snapshot is whole.
func (s *store) setRef(revision, commit string) error {
	if revision == commit {
		return nil
	}
	return s.replace(s.at("refs", revision), commit)
}

func (s *store) ref(revision string) string {
	if commitHash.MatchString(revision) {
		return revision
	}
	data, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(s.at("refs", revision))))
	if commit := strings.TrimSpace(string(data)); err == nil && commitHash.MatchString(commit) {
		return commit
	}
	return ""
}

// drafts counts the drafts of this process, so that no two have one name.
var drafts atomic.Int64

// replace writes a small file whole or not at all.
func (s *store) replace(name, text string) error {
	what := "writing " + name
	if err := s.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return storeFault(what, err)
	}
	draft := fmt.Sprintf("%s.%d.%d.tmp", name, os.Getpid(), drafts.Add(1))
	s.root.Remove(draft) // what a killed process of the same number left
	f, err := s.root.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return storeFault(what, err)
	}
	_, err = io.WriteString(f, text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = s.root.Rename(draft, name)
	}
	if err != nil {
		s.root.Remove(draft)
		return storeFault(what, err)
	}
	return s.sync(path.Dir(name))
}

// sync makes a folder's entries last. Not every system can; those that cannot
// say so with an error that is of no use to anyone.
func (s *store) sync(folder string) error {
	if f, err := s.root.Open(folder); err == nil {
		f.Sync()
		f.Close()
	}
	return nil
}

// lock waits until no other process works on f. The lock is the one that the
// hub's own programs take.
func (s *store) lock(ctx context.Context, f File, waiting func()) (unlock func(), err error) {
	name := path.Join(".locks", s.folder, f.Sum+".lock")
	what := "locking " + filepath.Join(s.dir, name)
	if err := s.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return nil, storeFault(what, err)
	}
	for first := true; ; first = false {
		file, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o664)
		if err != nil {
			return nil, storeFault(what, err)
		}
		locked, err := disk.TryLock(file)
		if err != nil {
			file.Close()
			return nil, storeFault(what, err)
		}
		if locked && s.isStill(name, file) {
			return func() { file.Close() }, nil // the lock goes with the descriptor
		}
		file.Close()
		if first && !locked {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// isStill reports whether an open file is the one that has the name: others may
// remove a lock file between our opening and our locking it.
func (s *store) isStill(name string, file *os.File) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	theirs, err := s.root.Lstat(name)
	return err == nil && os.SameFile(mine, theirs)
}
