package packed

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sync"
	"sync/atomic"

	"sotto/models/disk"
	"sotto/models/gemma4"
)

const (
	pieceBytes = 4 << 20  // that a worker packs at a time, about
	syncBytes  = 64 << 20 // that wait for the disk at most, about
)

// Write writes the packed form of m by the usual options.
func Write(ctx context.Context, m *gemma4.Model, dir string, progress Progress) error {
	return Options{}.Write(ctx, m, dir, progress)
}

// Write writes the packed form of m to a folder: to a temporary name, synced,
// then renamed, so that a file under its own name is whole. What killed writers
// of the same model left is removed first. The end of ctx ends it, and nothing
// of it is left.
func (o Options) Write(ctx context.Context, m *gemma4.Model, dir string, progress Progress) error {
	return o.write(ctx, m, dir, progress, disk.Free)
}

func (o Options) write(ctx context.Context, m *gemma4.Model, dir string, progress Progress, free func(dir string) (int64, error)) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("packed: cannot make a place for the packed model: %w", err)
	}
	w := newWriter(o.plans(m), progress)
	print := fingerprint(w.all) // before a plan falls back
	removeDead(dir, print[:32])
	if err := disk.Check(dir, w.end, free); err != nil {
		return fmt.Errorf("packed: %w", err)
	}
	part, err := newPart(dir, print[:32])
	if err == nil {
		err = part.finish(w.write(ctx, part.File, print), file(dir, print))
	}
	if err != nil {
		return fmt.Errorf("packed: cannot write the packed model: %w", err)
	}
	return nil
}

// writer writes one packed file.
type writer struct {
	all     []plan
	entries []entry
	end     int64         // of what has a place in the file
	sums    [][]uint32    // of the pieces of each matrix
	offGrid []atomic.Bool // matrices whose plan turned out wrong
	meter   meter

	file     *os.File
	unsynced atomic.Int64 // bytes
	syncing  sync.Mutex
}

// newWriter gives every matrix a place.
func newWriter(all []plan, progress Progress) *writer {
	w := &writer{
		all: all, entries: make([]entry, len(all)), end: maxHeader, sums: make([][]uint32, len(all)),
		offGrid: make([]atomic.Bool, len(all)), meter: meter{tell: progress},
	}
	for i := range all {
		w.place(i)
	}
	return w
}

// place gives matrix i the next place, as its plan stands.
func (w *writer) place(i int) {
	m := w.all[i].planned()
	w.entries[i] = entry{Name: w.all[i].Name, Type: m.DType.String(), Rows: m.Rows, Cols: m.Cols, Offset: w.end}
	w.end += (int64(m.Size()) + align - 1) / align * align
	w.meter.total += int64(m.Size())
}

// write writes all panels, then the header. A matrix that turns out to lie on no
// grid is written again behind all others; the place it had stays unused.
func (w *writer) write(ctx context.Context, file *os.File, print string) error {
	w.file = file
	todo := make([]int, len(w.all))
	for i := range todo {
		todo[i] = i
	}
	for len(todo) > 0 {
		if err := file.Truncate(w.end); err != nil {
			return err
		}
		if err := w.panels(ctx, w.pieces(todo)); err != nil {
			return err
		}
		todo = w.replan()
	}
	for i := range w.entries {
		w.entries[i].CRC = w.sum(i)
	}
	head, err := header{print, w.entries}.bytes()
	if err == nil {
		_, err = file.WriteAt(head, 0)
	}
	if err == nil {
		err = file.Sync()
	}
	return err
}

// replan gives the matrices on no grid another type and place and returns them.
func (w *writer) replan() []int {
	var again []int
	for i := range w.all {
		if w.offGrid[i].Swap(false) {
			w.all[i].fallBack()
			w.place(i)
			again = append(again, i)
		}
	}
	return again
}

// piece is some panels of one matrix.
type piece struct {
	matrix   int
	number   int   // within the matrix
	offset   int64 // of its first byte
	from, to int   // panels
}

// step returns how many panels of matrix i make a piece.
func (w *writer) step(i int) int {
	m := w.all[i].planned()
	return max(1, pieceBytes/m.PanelBytes())
}

func (w *writer) pieces(matrices []int) []piece {
	var list []piece
	for _, i := range matrices {
		m, step := w.all[i].planned(), w.step(i)
		size, n := m.PanelBytes(), 0
		for from := 0; from < m.Panels(); from += step {
			list = append(list, piece{i, n, w.entries[i].Offset + int64(from*size), from, min(from+step, m.Panels())})
			n++
		}
		w.sums[i] = make([]uint32, n)
	}
	return list
}

// panels packs on all processors, a piece at a time.
func (w *writer) panels(ctx context.Context, list []piece) error {
	return inParallel(ctx, len(list), func() func(int) error {
		var k packer
		var buf []byte
		return func(i int) error {
			p := &list[i]
			m := w.all[p.matrix].planned()
			n := (p.to - p.from) * m.PanelBytes()
			if len(buf) < n {
				buf = make([]byte, n)
			}
			err := w.piece(&k, buf[:n], p)
			if errors.Is(err, errOffGrid) {
				w.offGrid[p.matrix].Store(true)
				err = nil
			}
			w.meter.add(n)
			return err
		}
	})
}

// piece packs and writes one piece, unless its plan is known to be wrong.
func (w *writer) piece(k *packer, buf []byte, p *piece) error {
	if w.offGrid[p.matrix].Load() {
		return nil
	}
	size := len(buf) / (p.to - p.from)
	for i := range p.to - p.from {
		if err := k.panel(buf[i*size:(i+1)*size], &w.all[p.matrix], p.from+i); err != nil {
			return err
		}
	}
	w.sums[p.matrix][p.number] = crc32.Checksum(buf, castagnoli)
	if _, err := w.file.WriteAt(buf, p.offset); err != nil {
		return err
	}
	return w.settle(len(buf))
}

// settle waits for the disk now and then, so that the end of ctx, or of the file,
// need not wait for all of it.
func (w *writer) settle(n int) error {
	if w.unsynced.Add(int64(n)) < syncBytes || !w.syncing.TryLock() {
		return nil
	}
	defer w.syncing.Unlock()
	w.unsynced.Store(0)
	return w.file.Sync()
}

// sum returns the checksum of matrix i from those of its pieces, all of which but
// the last are of one size.
func (w *writer) sum(i int) uint32 {
	m, step := w.all[i].planned(), w.step(i)
	sum, left := uint32(0), int64(m.Size())
	full := int64(step * m.PanelBytes())
	for _, next := range w.sums[i] {
		n := min(full, left)
		sum, left = joined(sum, next, n), left-n
	}
	return sum
}

// bytes returns the beginning of the file.
func (h header) bytes() ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if len(text) > maxHeader-16 {
		return nil, fmt.Errorf("a header of %d bytes for %d matrices, at most %d", len(text), len(h.Matrices), maxHeader-16)
	}
	var head bytes.Buffer
	head.WriteString(magic)
	head.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(text))))
	head.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(text)))
	head.Write(text)
	return head.Bytes(), nil
}
