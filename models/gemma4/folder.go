package gemma4

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"sotto/models/safetensors"
)

// openFolder loads a Hugging Face folder.
func openFolder(dir string, wantTokenizer bool) (*Model, error) {
	m := &Model{Name: filepath.Base(filepath.Clean(dir))}
	if abs, err := filepath.Abs(dir); err == nil {
		m.Name = filepath.Base(abs)
	}
	m.Source = Source{Format: "Hugging Face folder", Paths: []string{dir}}
	file := filepath.Join(dir, "config.json")
	o, err := readObject(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noConfig(dir)
	}
	if err != nil {
		return nil, err
	}
	if m.Config = readConfig(o); *o.fault != nil {
		return nil, *o.fault
	}
	if err := m.readStops(dir); err != nil {
		return nil, err
	}
	if err := checkFrontEnd(dir); err != nil {
		return nil, err
	}
	if err := m.folderTokenizer(dir, wantTokenizer); err != nil {
		return nil, err
	}
	if err := m.Config.check(); err != nil {
		return nil, fmt.Errorf("gemma4: %s: %w", file, err)
	}
	if err := m.folderWeights(dir); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// noConfig says what a folder without config.json might be instead.
func noConfig(dir string) error {
	if found, _ := filepath.Glob(filepath.Join(dir, "*.gguf")); len(found) > 0 {
		return fmt.Errorf("gemma4: %s holds no config.json; to load a GGUF pair name its text file, such as %s", dir, found[0])
	}
	return fmt.Errorf("gemma4: %s holds no config.json; name a Hugging Face folder or a GGUF file", dir)
}

// readStops takes the stop ids from generation_config.json, which is where
// transformers' generate looks first.
func (m *Model) readStops(dir string) error {
	o, err := readObject(filepath.Join(dir, "generation_config.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.has("eos_token_id") {
		m.Config.Tokens.Stop = o.ids("eos_token_id")
	}
	return *o.fault
}

func (m *Model) folderWeights(dir string) error {
	f, err := safetensors.OpenFolder(dir)
	if err != nil {
		return err
	}
	m.closers = append(m.closers, f.Close)
	var tensors []stored
	for _, t := range f.Tensors() {
		tensors = append(tensors, stored(t))
	}
	if err := checkCounts(dir, f.HeaderAt(), m.Config.Audio.Layers+m.Config.Text.Layers(), len(tensors)); err != nil {
		return err
	}
	t := &table{}
	t.audio(&m.Config, &m.Audio)
	t.text(&m.Config.Text, &m.Text)
	seen := func(name string) bool {
		return strings.HasPrefix(name, "model.vision_tower.") || strings.HasPrefix(name, "model.embed_vision.")
	}
	if err := bind(dir, f.HeaderAt(), false, t.slots, tensors, seen, &m.Source); err != nil {
		return err
	}
	m.Source.sort()
	return nil
}
