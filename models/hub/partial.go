package hub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
)

const (
	incomplete = ".incomplete"        // behind a blob's name while it is coming
	tagFile    = incomplete + ".etag" // the strong tag of the answer that began it
)

// partial is a blob on its way. It keeps what came when a pull ends early.
type partial struct {
	store *store
	want  File
	file  *os.File
	size  int64 // bytes that are here
	tag   etag  // of the answer they came from; zero when it had no strong one
	// joined: the bytes did not all come in one answer.
	joined bool
}

// openPartial finds what an earlier pull left, or begins. The caller holds the
// blob's lock.
func (s *store) openPartial(f File) (*partial, error) {
	name := s.blob(f) + incomplete
	what := "keeping " + f.Name
	// A link there would let us write into what it points at.
	if info, err := s.root.Lstat(name); err == nil && !info.Mode().IsRegular() {
		if err := s.root.Remove(name); err != nil {
			return nil, storeFault(what, err)
		}
	}
	file, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, storeFault(what, err)
	}
	p := &partial{store: s, want: f, file: file}
	if p.size, err = file.Seek(0, io.SeekEnd); err != nil {
		file.Close()
		return nil, storeFault(what, err)
	}
	p.joined = p.size > 0
	if data, err := s.root.ReadFile(s.blob(f) + tagFile); err == nil {
		p.tag, _ = parseETag(string(data))
	}
	if p.size > f.Size {
		if err := p.begin(etag{}); err != nil {
			file.Close()
			return nil, err
		}
	}
	return p, nil
}

func (p *partial) close() { p.file.Close() }

// begin forgets what is here; the bytes to come belong to an answer with tag.
func (p *partial) begin(tag etag) error {
	if err := p.file.Truncate(0); err != nil {
		return storeFault("keeping "+p.want.Name, err)
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return storeFault("keeping "+p.want.Name, err)
	}
	p.size, p.joined, p.tag = 0, false, etag{}
	name := p.store.blob(p.want) + tagFile
	if !tag.strong() {
		p.store.root.Remove(name)
		return nil
	}
	p.tag = tag
	return p.store.replace(name, tag.String())
}

// discard removes all trace of the blob.
func (p *partial) discard() {
	p.close()
	p.store.root.Remove(p.store.blob(p.want) + incomplete)
	p.store.root.Remove(p.store.blob(p.want) + tagFile)
}

// finish gives the blob its name.
func (p *partial) finish() error {
	what := "keeping " + p.want.Name
	p.close() // some systems rename no open file
	if err := p.store.root.Rename(p.store.blob(p.want)+incomplete, p.store.blob(p.want)); err != nil {
		return storeFault(what, err)
	}
	p.store.root.Remove(p.store.blob(p.want) + tagFile)
	return p.store.sync(p.store.at("blobs"))
}

// errSum says that a file is not what its name says.
var errSum = errors.New("sum differs")

// verify reads the file from the disk and compares it with the sum that the hub
// gave: SHA-256 for large files, git's blob hash for small ones.
func verify(file io.ReadSeeker, want File, read func(n int64) error) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return storeFault("reading "+want.Name, err)
	}
	var sum hash.Hash
	if sum = sha256.New(); len(want.Sum) == 2*sha1.Size {
		sum = sha1.New()
		fmt.Fprintf(sum, "blob %d\x00", want.Size)
	}
	buffer := make([]byte, 1<<20)
	var size int64
	for {
		n, err := file.Read(buffer)
		sum.Write(buffer[:n])
		size += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return storeFault("reading "+want.Name, err)
		}
		if err := read(size); err != nil {
			return err
		}
	}
	if size != want.Size || hex.EncodeToString(sum.Sum(nil)) != want.Sum {
		return errSum
	}
	return nil
}

// sound reports whether the blob that the cache holds is still what it was.
func (s *store) sound(name string, f File, read func(int64) error) (bool, error) {
	file, err := s.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, storeFault("reading "+f.Name, err)
	}
	defer file.Close()
	err = verify(file, f, read)
	if errors.Is(err, errSum) {
		return false, nil
	}
	return err == nil, err
}
