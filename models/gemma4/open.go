package gemma4

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sotto/models/gguf"
)

// Open loads a Hugging Face folder, or the text file of a GGUF pair. mmproj
// names the pair's other file; when it is empty, the only *mmproj*.gguf beside
// the first is taken. The weights stay mapped until Close.
func Open(path, mmproj string) (*Model, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("gemma4: cannot read %s: %w", path, bare(err))
	case info.IsDir() && mmproj != "":
		return nil, fmt.Errorf("gemma4: %s is a folder, which has its audio half inside; leave mmproj away or name a GGUF file", path)
	case info.IsDir():
		return openFolder(path, true)
	case strings.HasSuffix(path, ".safetensors"), strings.HasSuffix(path, ".json"):
		return nil, fmt.Errorf("gemma4: %s is one file of a model; name its folder, %s", path, filepath.Dir(path))
	}
	return openPair(path, mmproj)
}

// OpenWeights is Open for a Hugging Face folder that has no tokenizer; Tokenizer
// is nil then and ids that only it knows are -1.
func OpenWeights(dir string) (*Model, error) { return openFolder(dir, false) }

// OpenGGUF loads a GGUF pair from memory, which must not change while the
// model is used.
func OpenGGUF(text, mmproj []byte) (*Model, error) {
	t, err := gguf.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("text file: %w", err)
	}
	a, err := gguf.Parse(mmproj)
	if err != nil {
		return nil, fmt.Errorf("mmproj file: %w", err)
	}
	return loadPair(pair{text: t, audio: a, textFile: "text file", audioFile: "mmproj file"})
}

func openPair(path, mmproj string) (*Model, error) {
	p := pair{textFile: path}
	var err error
	if p.text, err = gguf.Open(path); err != nil {
		return nil, err
	}
	m, err := p.open(mmproj)
	if err != nil {
		p.close()
		return nil, err
	}
	m.closers = append(m.closers, p.close)
	m.Source.Paths = []string{p.textFile, p.audioFile}
	if m.Name == "" {
		m.Name = strings.TrimSuffix(filepath.Base(path), ".gguf")
	}
	return m, nil
}

// open finds and opens the other half and loads both.
func (p *pair) open(mmproj string) (_ *Model, err error) {
	if p.audioFile = mmproj; mmproj == "" {
		if err := p.checkText(); err != nil {
			return nil, err
		}
		if p.audioFile, err = findProjector(p.textFile); err != nil {
			return nil, err
		}
	}
	if p.audio, err = gguf.Open(p.audioFile); err != nil {
		return nil, err
	}
	return loadPair(*p)
}

// findProjector returns the only other GGUF file beside path that calls itself
// mmproj.
func findProjector(path string) (string, error) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("gemma4: cannot read %s: %w", dir, bare(err))
	}
	var found []string
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		if e.Name() != filepath.Base(path) && strings.HasSuffix(name, ".gguf") && strings.Contains(name, "mmproj") {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 1:
		return filepath.Join(dir, found[0]), nil
	case 0:
		return "", fmt.Errorf("gemma4: no mmproj file beside %s, and without that half the model does not hear; name it with --mmproj FILE", path)
	}
	return "", fmt.Errorf("gemma4: %d mmproj files beside %s (%s); choose one with --mmproj FILE", len(found), path, strings.Join(found, ", "))
}
