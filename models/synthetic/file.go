package synthetic

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"sotto/models/gguf"
	"sotto/models/tensor"
)

// chunkBytes is how much is made at a time, and syncBytes after how much the
// disk is waited for, so that progress tells of the disk, not of the cache.
const (
	chunkBytes = 1 << 20
	syncBytes  = 256 << 20
)

// file is a GGUF file while it is planned, then written.
type file struct {
	path    string
	seed    uint64
	gguf    *gguf.Writer
	out     sink
	entries []entry
}

// entry is one tensor: write makes its data.
type entry struct {
	name     string
	elements int64
	write    func(out io.Writer, r *random) error
}

// sink is where the planned GGUF goes: known only when it is written.
type sink struct{ io.Writer }

func newFile(path string, seed uint64) *file {
	f := &file{path: path, seed: seed}
	f.gguf = gguf.NewWriter(&f.out)
	return f
}

func (f *file) size() int64 { return int64(f.gguf.Size()) }

// matrix plans a [rows, cols] matrix of values with mean 0 and the given
// standard deviation.
func (f *file) matrix(name string, d tensor.DType, rows, cols int, spread float64) {
	f.gguf.Tensor(name, d, uint64(cols), uint64(rows))
	blocks := rows * cols / d.BlockLen()
	f.entries = append(f.entries, entry{name, int64(rows) * int64(cols), func(out io.Writer, r *random) error {
		return writeBlocks(out, newMaker(d, spread), d.BlockBytes(), blocks, r)
	}})
}

// writeBlocks writes n blocks of the given size, a chunk at a time.
func writeBlocks(out io.Writer, fill maker, size, n int, r *random) error {
	buf := make([]byte, min(n, chunkBytes/size)*size)
	for n > 0 {
		part := buf[:min(n*size, len(buf))]
		fill(part, r)
		if _, err := out.Write(part); err != nil {
			return err
		}
		n -= len(part) / size
	}
	return nil
}

// vector plans a small tensor of F32, dimensions innermost first.
func (f *file) vector(name string, draw func(r *random) float64, dims ...int) {
	n, sizes := 1, make([]uint64, len(dims))
	for i, d := range dims {
		n, sizes[i] = n*d, uint64(d)
	}
	f.gguf.Tensor(name, tensor.F32, sizes...)
	f.entries = append(f.entries, entry{name, int64(n), func(out io.Writer, r *random) error {
		var b bytes.Buffer
		for range n {
			appendF32(&b, draw(r))
		}
		_, err := out.Write(b.Bytes())
		return err
	}})
}

// write writes the planned file under a temporary name and renames it.
func (f *file) write(m *meter) error {
	temporary := f.path + ".part"
	disk, err := os.Create(temporary)
	if err != nil {
		return err
	}
	err = f.fill(disk, m)
	if e := disk.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temporary, f.path)
	}
	if err != nil {
		os.Remove(temporary)
		return fmt.Errorf("cannot write %s: %w", f.path, err)
	}
	return nil
}

// fill writes and syncs the whole file. Each tensor draws from a generator of
// its own, so that its values do not depend on what stands before it.
func (f *file) fill(disk *os.File, m *meter) error {
	buffer := bufio.NewWriterSize(&counter{disk: disk, meter: m}, chunkBytes)
	f.out.Writer = buffer
	for _, e := range f.entries {
		data, err := f.gguf.Data(e.name)
		if err != nil {
			return err
		}
		if err := e.write(data, newRandom(f.seed, e.name)); err != nil {
			return err
		}
	}
	if err := f.gguf.Close(); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	return disk.Sync()
}

// counter tells the meter of what reaches the disk.
type counter struct {
	disk     *os.File
	meter    *meter
	unsynced int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.disk.Write(p)
	c.unsynced += n
	if err == nil && c.unsynced >= syncBytes {
		c.unsynced, err = 0, c.disk.Sync()
	}
	c.meter.add(n)
	return n, err
}

// newRandom returns the generator of one tensor.
func newRandom(seed uint64, name string) *random {
	h := fnv.New64a()
	io.WriteString(h, name)
	r := random(seed)
	r = random(r.next() ^ h.Sum64())
	return &r
}
