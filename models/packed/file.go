package packed

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"sotto/models/gemma4"
	"sotto/models/mapped"
	"sotto/models/tensor"
)

// A packed file is a header and the panels of every matrix, each at a multiple
// of align:
//
//	magic [8] · length of the JSON uint32 · its CRC-32 uint32 · JSON · panels
//
// What lies between them means nothing.
const (
	magic     = "SOTTOPK2" // its last letter is the format's version
	align     = 4096
	maxHeader = 1 << 20 // the first matrix lies here
)

// header describes the file. Fingerprint ties it to the checkpoint it was made
// from.
type header struct {
	Fingerprint string
	Matrices    []entry
}

// entry is one matrix. CRC is the CRC-32C of its panels.
type entry struct {
	Name       string
	Type       string
	Rows, Cols int
	Offset     int64
	CRC        uint32
}

// ErrDamaged says that what lies under a packed file's name is not what was
// written there for this checkpoint. Write writes it anew.
var ErrDamaged = errors.New("the packed model is damaged")

// Progress is told how many of all bytes are done. What there is to do grows
// when a matrix turns out to lie on no grid.
type Progress func(done, total int64)

// Path returns where the packed form of m belongs in a folder.
func (o Options) Path(m *gemma4.Model, dir string) string {
	return file(dir, fingerprint(o.plans(m)))
}

func file(dir, print string) string { return filepath.Join(dir, print[:32]+".packed") }

// Attach maps the packed form of m by the usual options.
func Attach(m *gemma4.Model, dir string) error { return Options{}.Attach(m, dir) }

// Attach maps the packed form of m from a folder in place of its matrices. The
// error is fs.ErrNotExist when it has not been written yet, and ErrDamaged when
// it does not fit. The checksums of the panels are not compared: Verify does.
func (o Options) Attach(m *gemma4.Model, dir string) error {
	all := o.plans(m)
	print := fingerprint(all)
	path := file(dir, print)
	weights, err := mapped.Open(path)
	if err != nil {
		return fmt.Errorf("packed: %w", err)
	}
	matrices, err := read(weights.Bytes(), print, all)
	if err != nil {
		weights.Close()
		return damaged(path, err)
	}
	for i, p := range all {
		*p.Matrix = matrices[i]
	}
	m.OnClose(weights.Close)
	return nil
}

func damaged(path string, err error) error {
	return fmt.Errorf("packed: %s: %w: %w", path, ErrDamaged, err)
}

// read checks a file against what is wanted and returns its matrices.
func read(data []byte, print string, all []plan) ([]tensor.Matrix, error) {
	entries, err := places(data[:min(maxHeader, len(data))], int64(len(data)), print, all)
	if err != nil {
		return nil, err
	}
	matrices := make([]tensor.Matrix, len(all))
	for i, e := range entries {
		m := all[i].packed(e.Type)
		m.Data = data[e.Offset : e.Offset+int64(m.Size())]
		matrices[i] = m
	}
	return matrices, nil
}

// places reads the beginning of a file of so many bytes and returns where its
// matrices lie, in the order of the plans and checked against them.
func places(head []byte, size int64, print string, all []plan) ([]entry, error) {
	h, err := readHeader(head)
	if err != nil {
		return nil, err
	}
	if h.Fingerprint != print || len(h.Matrices) != len(all) {
		return nil, errors.New("it was made from another checkpoint")
	}
	for i, e := range h.Matrices {
		m := all[i].packed(e.Type)
		if e.Name != all[i].Name || e.Type != m.DType.String() || e.Rows != m.Rows || e.Cols != m.Cols {
			return nil, fmt.Errorf("matrix %d is %s %s [%d, %d], want %s %s [%d, %d]", i, e.Name, e.Type, e.Rows, e.Cols, all[i].Name, m.DType, m.Rows, m.Cols)
		}
		if n := int64(m.Size()); e.Offset < maxHeader || e.Offset%align != 0 || e.Offset > size-n {
			return nil, fmt.Errorf("%s lies at %d, which is not a place for %d bytes in a file of %d", e.Name, e.Offset, n, size)
		}
	}
	return h.Matrices, nil
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
// with the checkpoint, its types and the format. Whether a matrix that may become
// Q4_0 did is not part of it, for that takes all of the matrix to know: the
// file's header says it.
func fingerprint(all []plan) string {
	const sample = 1024
	sum := sha256.New()
	fmt.Fprintln(sum, magic)
	for _, p := range all {
		data := p.Matrix.Data
		fmt.Fprintln(sum, p.Name, p.Matrix.DType, p.Matrix.Rows, p.Matrix.Cols, p.to, p.ifOnGrid)
		sum.Write(data[:min(sample, len(data))])
		sum.Write(data[len(data)/2 : min(len(data)/2+sample, len(data))])
		sum.Write(data[max(0, len(data)-sample):])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
