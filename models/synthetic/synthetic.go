// Package synthetic writes Gemma 4 models of true shapes and random weights, as
// the GGUF pair that this program and llama.cpp load. They know no language.
// They cost what the real ones cost to load, to pack and to run, so that
// anyone can measure and compare without a download.
package synthetic

import (
	"fmt"
	"os"
	"path/filepath"

	"sotto/models/disk"
)

// Write writes the pair of a shape into dir, which is made if it is not there:
// synthetic-e4b.gguf and synthetic-e4b-mmproj.gguf for E4B. The same seed gives
// the same bytes. Either file has its name only when it is complete; what an
// interrupted call leaves ends in .part, and the next call writes over it.
// progress may be nil; it is told of bytes written and bytes in all.
func Write(dir string, shape Shape, seed uint64, progress func(done, total int64)) (text, mmproj string, err error) {
	files := []*file{textFile(dir, shape, seed), audioFile(dir, shape, seed)}
	total := int64(0)
	for _, f := range files {
		total += f.size()
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", "", fmt.Errorf("synthetic: cannot make the folder: %w", err)
	}
	if err := disk.Check(dir, total, disk.Free); err != nil {
		return "", "", fmt.Errorf("synthetic: %w; free some or name another folder", err)
	}
	m := &meter{total: total, report: progress}
	for _, f := range files {
		if err := f.write(m); err != nil {
			return "", "", fmt.Errorf("synthetic: %w", err)
		}
	}
	return files[0].path, files[1].path, nil
}

// Paths returns where Write puts the pair.
func Paths(dir string, s Shape) (text, mmproj string) {
	name := filepath.Join(dir, "synthetic-"+s.Name)
	return name + ".gguf", name + "-mmproj.gguf"
}

func textFile(dir string, s Shape, seed uint64) *file {
	path, _ := Paths(dir, s)
	f := newFile(path, seed)
	f.textKeys(s)
	f.textTensors(&s.Config.Text)
	return f
}

func audioFile(dir string, s Shape, seed uint64) *file {
	_, path := Paths(dir, s)
	f := newFile(path, seed)
	f.audioKeys(s)
	f.audioTensors(&s.Config)
	return f
}

// meter adds up what was written.
type meter struct {
	done, total int64
	report      func(done, total int64)
}

func (m *meter) add(n int) {
	m.done += int64(n)
	if m.report != nil {
		m.report(m.done, m.total)
	}
}
