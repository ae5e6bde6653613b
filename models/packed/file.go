package packed

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"sotto/models/gemma4"
	"sotto/models/mapped"
	"sotto/models/tensor"
)

// A packed file is a header and the panels of every matrix, each at a multiple
// of align:
//
//	magic [8] · length of the JSON uint32 · its CRC-32 uint32 · JSON · panels
const (
	magic     = "SOTTOPK1" // its last letter is the format's version
	align     = 4096
	maxHeader = 1 << 20 // the first matrix lies here
)

// header describes the file. Fingerprint ties it to the checkpoint it was made
// from.
type header struct {
	Fingerprint string
	Matrices    []entry
}

type entry struct {
	Name       string
	Type       string
	Rows, Cols int
	Offset     int64
}

// Progress is told how many of all bytes have been written.
type Progress func(done, total int64)

// Path returns where the packed form of m belongs in a folder.
func Path(m *gemma4.Model, dir string) string {
	return file(dir, fingerprint(plans(m)))
}

func file(dir, print string) string { return filepath.Join(dir, print[:32]+".packed") }

// Attach maps the packed form of m from a folder in place of its matrices. The
// error is fs.ErrNotExist when it has not been written yet; one that does not
// fit is an error that says so.
func Attach(m *gemma4.Model, dir string) error {
	all := plans(m)
	print := fingerprint(all)
	path := file(dir, print)
	weights, err := mapped.Open(path)
	if err != nil {
		return fmt.Errorf("packed: %w", err)
	}
	matrices, err := read(weights.Bytes(), print, all)
	if err != nil {
		weights.Close()
		return fmt.Errorf("packed: %s: %w; remove it and it is written anew", path, err)
	}
	for i, p := range all {
		*p.Matrix = matrices[i]
	}
	m.OnClose(weights.Close)
	return nil
}

// read checks a file against what is wanted and returns its matrices.
func read(data []byte, print string, all []plan) ([]tensor.Matrix, error) {
	h, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	if h.Fingerprint != print || len(h.Matrices) != len(all) {
		return nil, errors.New("it was made from another checkpoint")
	}
	matrices := make([]tensor.Matrix, len(all))
	for i, e := range h.Matrices {
		m := all[i].packed()
		if e.Name != all[i].Name || e.Type != m.DType.String() || e.Rows != m.Rows || e.Cols != m.Cols {
			return nil, fmt.Errorf("matrix %d is %s %s [%d, %d], want %s %s [%d, %d]", i, e.Name, e.Type, e.Rows, e.Cols, all[i].Name, m.DType, m.Rows, m.Cols)
		}
		size := int64(m.Size())
		if e.Offset < maxHeader || e.Offset%align != 0 || e.Offset > int64(len(data))-size {
			return nil, fmt.Errorf("%s lies at %d, which is not a place for %d bytes in a file of %d", e.Name, e.Offset, size, len(data))
		}
		m.Data = data[e.Offset : e.Offset+size]
		matrices[i] = m
	}
	return matrices, nil
}

func readHeader(data []byte) (*header, error) {
	if len(data) < 16 || string(data[:8]) != magic {
		return nil, fmt.Errorf("it does not begin as a packed file of this version (%s)", magic)
	}
	size, sum := binary.LittleEndian.Uint32(data[8:]), binary.LittleEndian.Uint32(data[12:])
	if int64(size) > min(maxHeader-16, int64(len(data)-16)) {
		return nil, fmt.Errorf("its header of %d bytes does not fit", size)
	}
	text := data[16 : 16+size]
	var h header
	if crc32.ChecksumIEEE(text) != sum {
		return nil, errors.New("its header is damaged")
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return nil, fmt.Errorf("its header cannot be read: %w", err)
	}
	return &h, nil
}

// fingerprint is a hash of the plan and of samples of every matrix: it changes
// with the checkpoint, its types and the format.
func fingerprint(all []plan) string {
	const sample = 1024
	sum := sha256.New()
	fmt.Fprintln(sum, magic)
	for _, p := range all {
		data := p.Matrix.Data
		fmt.Fprintln(sum, p.Name, p.Matrix.DType, p.Matrix.Rows, p.Matrix.Cols, p.to)
		sum.Write(data[:min(sample, len(data))])
		sum.Write(data[len(data)/2 : min(len(data)/2+sample, len(data))])
		sum.Write(data[max(0, len(data)-sample):])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Write writes the packed form of m to a folder: to a temporary name, synced,
// then renamed, so that a file under its own name is whole.
func Write(m *gemma4.Model, dir string, progress Progress) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("packed: cannot make a place for the packed model: %w", err)
	}
	all := plans(m)
	print := fingerprint(all)
	part, err := os.CreateTemp(dir, print[:32]+".*.part")
	if err != nil {
		return fmt.Errorf("packed: cannot write the packed model: %w", err)
	}
	err = errors.Join(write(part, print, all, progress), part.Sync(), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), file(dir, print))
	}
	if err != nil {
		os.Remove(part.Name())
		return fmt.Errorf("packed: cannot write the packed model: %w", err)
	}
	return nil
}

func write(file *os.File, print string, all []plan, progress Progress) error {
	h := header{Fingerprint: print, Matrices: make([]entry, len(all))}
	offset, total := int64(maxHeader), int64(0)
	for i := range all {
		m := all[i].packed()
		h.Matrices[i] = entry{all[i].Name, m.DType.String(), m.Rows, m.Cols, offset}
		total += int64(m.Size())
		offset += (int64(m.Size()) + align - 1) / align * align
	}
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if len(text) > maxHeader-16 {
		return fmt.Errorf("a header of %d bytes for %d matrices, at most %d", len(text), len(all), maxHeader-16)
	}
	var head bytes.Buffer
	head.WriteString(magic)
	head.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(text))))
	head.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(text)))
	head.Write(text)
	if _, err := file.WriteAt(head.Bytes(), 0); err != nil {
		return err
	}
	if err := file.Truncate(offset); err != nil {
		return err
	}
	return writePanels(file, pieces(h.Matrices, all), total, progress)
}

// piece is some panels of one matrix.
type piece struct {
	plan     *plan
	offset   int64 // of its first byte
	from, to int   // panels
}

const pieceBytes = 4 << 20

func pieces(entries []entry, all []plan) []piece {
	var list []piece
	for i := range all {
		m := all[i].packed()
		size := m.PanelBytes()
		step := max(1, pieceBytes/size)
		for from := 0; from < m.Panels(); from += step {
			list = append(list, piece{&all[i], entries[i].Offset + int64(from*size), from, min(from+step, m.Panels())})
		}
	}
	return list
}

// writePanels packs on all processors, a piece at a time.
func writePanels(file *os.File, list []piece, total int64, progress Progress) error {
	var next atomic.Int64
	var tell sync.Mutex
	done := int64(0)
	report := func(n int) {
		tell.Lock()
		defer tell.Unlock()
		if done += int64(n); progress != nil {
			progress(done, total)
		}
	}
	errs := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for w := range errs {
		workers.Go(func() {
			var work worker
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(list) {
					return
				}
				var n int
				if n, errs[w] = work.write(file, &list[i]); errs[w] != nil {
					next.Store(int64(len(list))) // the others stop too
				}
				report(n)
			}
		})
	}
	workers.Wait()
	return errors.Join(errs...)
}

// worker is the scratch of one writer.
type worker struct {
	packer tensor.Packer
	buf    []byte
}

func (w *worker) write(file *os.File, p *piece) (int, error) {
	m := p.plan.packed()
	size := m.PanelBytes()
	if n := (p.to - p.from) * size; len(w.buf) < n {
		w.buf = make([]byte, n)
	}
	for k := range p.to - p.from {
		if err := w.packer.Panel(w.buf[k*size:(k+1)*size], *p.plan.Matrix, p.plan.to, p.from+k); err != nil {
			return 0, fmt.Errorf("%s: %w: %w", p.plan.Name, ErrValue, err)
		}
	}
	return file.WriteAt(w.buf[:(p.to-p.from)*size], p.offset)
}
