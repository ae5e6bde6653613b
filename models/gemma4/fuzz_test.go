package gemma4_test

import (
	"os"
	"path/filepath"
	"testing"

	"sotto/models/gemma4"
)

// FuzzConfig opens the toy folder with another config.json.
func FuzzConfig(f *testing.F) {
	f.Add(read(f, "folder/config.json"))
	f.Add([]byte(`{"model_type":"gemma4","text_config":{},"audio_config":{}}`))
	f.Add([]byte(`null`))
	dir := f.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testdata+"folder")); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		own := t.TempDir() // workers share the rest by links
		for _, name := range []string{"model.safetensors", "tokenizer.json", "preprocessor_config.json"} {
			if err := os.Symlink(filepath.Join(dir, name), filepath.Join(own, name)); err != nil {
				t.Skip(err)
			}
		}
		write(t, filepath.Join(own, "config.json"), config)
		use(t)(gemma4.Open(own, ""))
	})
}

// FuzzOpenGGUF opens any pair.
func FuzzOpenGGUF(f *testing.F) {
	text, audio := read(f, "text.gguf"), read(f, "mmproj.gguf")
	f.Add(text, audio)
	f.Add(text[:2000], audio)
	f.Add(audio, text)
	f.Fuzz(func(t *testing.T, text, audio []byte) { use(t)(gemma4.OpenGGUF(text, audio)) })
}

// use touches every weight of what was opened.
func use(t *testing.T) func(*gemma4.Model, error) {
	return func(m *gemma4.Model, err error) {
		if err != nil {
			return
		}
		byName(m)
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
