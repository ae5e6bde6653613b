package safetensors

import (
	"os"
	"path/filepath"
	"testing"

	"sotto/models/mutant"
)

// TestMutantsAreOpenedOrExplained opens 7,000 damaged files, every fifth from
// disk. Every second one has a bit of another header byte flipped.
func TestMutantsAreOpenedOrExplained(t *testing.T) {
	const count = 7000
	data, err := os.ReadFile("testdata/every.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	source, path, valid := mutant.Safetensors(data), filepath.Join(t.TempDir(), "mutant.safetensors"), 0
	if n := source.HeaderBytes(); n > count/2 {
		t.Errorf("%d mutants do not reach each of %d header bytes", count, n)
	}
	for n := range count {
		data, what := source.Mutant(n)
		open, name := func() (*File, error) { return Parse(data) }, "safetensors: "
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
			for _, x := range f.Tensors() {
				if x.DType != 0 {
					decoded(x)
				}
			}
			return f.Close()
		}, name)
		if fault != "" {
			t.Errorf("mutant %d: %s", n, fault)
		}
	}
	t.Logf("%d of %d mutants are valid files", valid, count)
}
