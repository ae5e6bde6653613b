package gemma4_test

import (
	"path/filepath"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/mutant"
)

// TestMutantsOfModelsAreOpenedOrExplained opens 5,000 models of which one file
// is damaged, from disk and from memory.
func TestMutantsOfModelsAreOpenedOrExplained(t *testing.T) {
	text, audio, weights := read(t, "text.gguf"), read(t, "mmproj.gguf"), read(t, "folder/model.safetensors")
	dir, folder := t.TempDir(), copyFolder(t)
	paths := [3]string{filepath.Join(dir, "text.gguf"), filepath.Join(dir, "mmproj.gguf"), filepath.Join(folder, "model.safetensors")}
	write(t, paths[0], text)
	write(t, paths[1], audio)
	open := func(m *gemma4.Model, err error) error {
		if err != nil {
			return err
		}
		byName(m)
		return m.Close()
	}
	openFolder := func([]byte) error { return open(gemma4.Open(folder, "")) }
	openPair := func([]byte) error { return open(gemma4.Open(paths[0], "")) }
	for _, c := range []struct {
		name   string
		source *mutant.File
		count  int
		path   string // empty: from memory
		open   func(data []byte) error
		names  []string
	}{
		{"folder", mutant.Safetensors(weights), 800, paths[2], openFolder, []string{folder, "model.safetensors"}},
		{"text", mutant.GGUF(text), 350, paths[0], openPair, []string{paths[0]}},
		{"mmproj", mutant.GGUF(audio), 350, paths[1], openPair, []string{paths[1]}},
		{"text in memory", mutant.GGUF(text), 1750, "", func(data []byte) error { return open(gemma4.OpenGGUF(data, audio)) }, []string{"text file"}},
		{"mmproj in memory", mutant.GGUF(audio), 1750, "", func(data []byte) error { return open(gemma4.OpenGGUF(text, data)) }, []string{"mmproj file"}},
	} {
		t.Run(c.name, func(t *testing.T) { openMutants(t, c.source, c.count, c.path, c.open, c.names) })
	}
}

// openMutants damages the file at path, if there is one, and repairs it again.
func openMutants(t *testing.T, source *mutant.File, count int, path string, open func([]byte) error, names []string) {
	valid := 0
	for n := range count {
		data, what := source.Mutant(n * 13)
		if path != "" {
			write(t, path, data)
		}
		fault := mutant.Judge(what, func() error {
			err := open(data)
			if err == nil {
				valid++
			}
			return err
		}, names...)
		if fault != "" {
			t.Errorf("mutant %d: %s", n, fault)
		}
	}
	if path != "" {
		write(t, path, source.Whole())
	}
	t.Logf("%d of %d mutants are valid models", valid, count)
}
