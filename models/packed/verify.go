package packed

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"sotto/models/gemma4"
)

// Verify reads the packed form of m in a folder again and compares the checksum
// of every matrix with the one it was written with. The error is ErrDamaged when
// they differ, and fs.ErrNotExist when the model is not packed yet. It reads the
// file rather than mapping it: a disk that fails is an error then.
func (o Options) Verify(ctx context.Context, m *gemma4.Model, dir string, progress Progress) error {
	all := o.plans(m)
	print := fingerprint(all)
	path := file(dir, print)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("packed: cannot read the packed model: %w", err)
	}
	defer f.Close()
	head, size, err := beginning(f)
	if err != nil {
		return fmt.Errorf("packed: cannot read the packed model: %w", err)
	}
	entries, err := places(head, size, print, all)
	if err != nil {
		return damaged(path, err)
	}
	v := verifier{file: f, all: all, entries: entries, meter: meter{tell: progress}}
	for i, e := range entries {
		m := all[i].packed(e.Type)
		v.meter.total += int64(m.Size())
	}
	return v.compare(ctx)
}

// beginning returns what holds the header, and the size of the file.
func beginning(f *os.File) (head []byte, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	head = make([]byte, max(0, min(maxHeader, info.Size())))
	_, err = io.ReadFull(f, head)
	return head, info.Size(), err
}

type verifier struct {
	file    *os.File
	all     []plan
	entries []entry
	meter   meter
}

// compare reads all matrices, several at a time.
func (v *verifier) compare(ctx context.Context) error {
	return inParallel(ctx, len(v.entries), func() func(int) error {
		buf := make([]byte, pieceBytes)
		return func(i int) error {
			e := &v.entries[i]
			sum, err := v.sum(ctx, i, buf)
			if err != nil {
				return fmt.Errorf("packed: cannot read %s: %w", e.Name, err)
			}
			if sum != e.CRC {
				return damaged(v.file.Name(), fmt.Errorf("%s has the checksum %08x, and was written with %08x", e.Name, sum, e.CRC))
			}
			return nil
		}
	})
}

// sum reads matrix i.
func (v *verifier) sum(ctx context.Context, i int, buf []byte) (uint32, error) {
	m := v.all[i].packed(v.entries[i].Type)
	in := io.NewSectionReader(v.file, v.entries[i].Offset, int64(m.Size()))
	sum := uint32(0)
	for {
		n, err := in.Read(buf)
		sum = crc32.Update(sum, castagnoli, buf[:n])
		v.meter.add(n)
		if err == io.EOF {
			return sum, nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, err
		}
	}
}
