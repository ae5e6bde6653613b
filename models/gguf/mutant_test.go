package gguf

import (
	"os"
	"path/filepath"
	"testing"

	"sotto/models/mutant"
)

// TestMutantsAreOpenedOrExplained opens 8,000 damaged files, every fifth from
// disk. Every second one has a bit of another header byte flipped.
func TestMutantsAreOpenedOrExplained(t *testing.T) {
	const count = 8000
	data, err := os.ReadFile("testdata/every.gguf")
	if err != nil {
		t.Fatal(err)
	}
	source, path, valid := mutant.GGUF(data), filepath.Join(t.TempDir(), "mutant.gguf"), 0
	if n := source.HeaderBytes(); n > count/2 {
		t.Errorf("%d mutants do not reach each of %d header bytes", count, n)
	}
	for n := range count {
		data, what := source.Mutant(n)
		open, name := func() (*File, error) { return Parse(data) }, "gguf: "
		if n%10 < 2 {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			open, name = func() (*File, error) { return Open(path) }, path
		}
		fault := mutant.Judge(what, func() error {
			f, err := open()
			if err != nil {
				return err
			}
			valid++
			readAll(f)
			return f.Close()
		}, name)
		if fault != "" {
			t.Errorf("mutant %d: %s", n, fault)
		}
	}
	t.Logf("%d of %d mutants are valid files", valid, count)
}

// readAll touches every value and every tensor.
func readAll(file *File) {
	for _, key := range file.Keys() {
		file.String(key)
		file.Strings(key)
		file.Uint(key)
		file.Ints(key)
		file.Float(key)
		file.Floats(key)
		file.Bool(key)
		file.Bools(key)
		file.Describe(key)
	}
	for _, x := range file.Tensors() {
		if x.DType != 0 {
			decoded(x)
		}
	}
}
