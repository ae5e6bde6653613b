package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// files compares the files of a model with their sums, as far as these are known.
func (d *doctor) files(paths []string) check {
	const name = "files"
	if len(paths) == 0 {
		return fine(name, "the model is a part of the program")
	}
	sums, total := summed(paths)
	if len(sums) == 0 {
		return fine(name, "no sum is known of them, as it is of models from sotto pull")
	}
	bar := newPackingBar(d.stderr, "reading the model's files")
	defer bar.clear()
	var done int64
	for path, want := range sums {
		got, err := sumOf(d.c.Context, path, func(n int) {
			done += int64(n)
			bar.show(done, total)
		})
		switch {
		case err != nil:
			return failing(name, modelError(fmt.Errorf("cannot read %s: %w", path, bare(err))))
		case got != want:
			return failing(name, modelError(fmt.Errorf("%s is damaged; get it again with sotto pull --check", path)))
		}
	}
	if len(sums) == 1 {
		return fine(name, "1 file has the sum it was pulled with")
	}
	return fine(name, "%d files have the sums they were pulled with", len(sums))
}

// summed returns those of the files, and of those in folders, that lie under
// their sums in a cache of the hub, by path, and how many bytes they have.
func summed(paths []string) (sums map[string]string, total int64) {
	var all []string
	for _, path := range paths {
		all = append(all, path)
		inside, _ := filepath.Glob(filepath.Join(path, "*"))
		all = append(all, inside...)
	}
	sums = make(map[string]string)
	for _, path := range all {
		real, err := filepath.EvalSymlinks(path)
		sum, told := hex.DecodeString(filepath.Base(real))
		info, gone := os.Stat(path)
		if err == nil && told == nil && gone == nil && len(sum) == sha256.Size && real != path {
			sums[path] = filepath.Base(real)
			total += info.Size()
		}
	}
	return sums, total
}

// sumOf reads a file to its end, unless ctx ends before.
func sumOf(ctx context.Context, path string, read func(n int)) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, buf := sha256.New(), make([]byte, 1<<20)
	for ctx.Err() == nil {
		n, err := f.Read(buf)
		sum.Write(buf[:n])
		read(n)
		if err == io.EOF {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", ctx.Err()
}
