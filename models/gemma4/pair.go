package gemma4

import (
	"fmt"
	"strings"

	"sotto/models/gguf"
)

// pair is the two halves of a GGUF model and what to call them in errors.
type pair struct {
	text, audio         *gguf.File
	textFile, audioFile string
}

func (p *pair) close() error {
	err := p.text.Close()
	if p.audio != nil {
		if e := p.audio.Close(); err == nil {
			err = e
		}
	}
	return err
}

const archKey = "general.architecture"

// checkText proves that the first file is a Gemma 4 decoder.
func (p *pair) checkText() error {
	switch arch, _ := p.text.String(archKey); arch {
	case "gemma4":
		return nil
	case "clip":
		return fmt.Errorf("gemma4: %s is the audio half of a pair; name the text file first and this one with --mmproj", p.textFile)
	default:
		return fmt.Errorf("gemma4: %s is a %.80q model, want %q (key %q, %s)", p.textFile, arch, "gemma4", archKey, p.text.At(archKey))
	}
}

// checkAudio proves that the second file is an mmproj.
func (p *pair) checkAudio() error {
	switch arch, _ := p.audio.String(archKey); arch {
	case "clip":
		return nil
	case "gemma4":
		return fmt.Errorf("gemma4: %s is a text model, want the mmproj file that belongs to it", p.audioFile)
	default:
		return fmt.Errorf("gemma4: %s is a %.80q model, want an mmproj file, %q (key %q, %s)", p.audioFile, arch, "clip", archKey, p.audio.At(archKey))
	}
}

// loadPair reads sizes, tokenizer and weights of both halves.
func loadPair(p pair) (*Model, error) {
	if err := p.checkText(); err != nil {
		return nil, err
	}
	if err := p.checkAudio(); err != nil {
		return nil, err
	}
	m := &Model{Source: Source{Format: "GGUF pair"}}
	m.Name, _ = p.text.String("general.name")
	text := keys{file: p.textFile, gguf: p.text, fault: new(error)}
	readTextKeys(text, &m.Config)
	if *text.fault != nil {
		return nil, *text.fault
	}
	audio := keys{file: p.audioFile, gguf: p.audio, fault: new(error)}
	readAudioKeys(audio, &m.Config)
	if *audio.fault != nil {
		return nil, *audio.fault
	}
	if err := m.pairTokenizer(text); err != nil {
		return nil, err
	}
	if err := m.Config.Audio.check(); err != nil {
		return nil, fmt.Errorf("gemma4: %s: %s: %w", p.audioFile, p.audio.MetadataAt(), err)
	}
	if err := m.Config.check(); err != nil {
		return nil, fmt.Errorf("gemma4: %s: %s: %w", p.textFile, p.text.MetadataAt(), err)
	}
	if err := m.pairWeights(p); err != nil {
		return nil, err
	}
	m.Source.sort()
	return m, nil
}

func (m *Model) pairWeights(p pair) error {
	text, audio := p.text.Tensors(), p.audio.Tensors()
	if err := checkCounts(p.textFile, p.text.TableAt(), m.Config.Text.Layers(), len(text)); err != nil {
		return err
	}
	if err := checkCounts(p.audioFile, p.audio.TableAt(), m.Config.Audio.Layers, len(audio)); err != nil {
		return err
	}
	t := &table{gguf: true}
	t.text(&m.Config.Text, &m.Text)
	t.ignored("", "rope_freqs.weight", m.Config.Text.HeadDim[Full]/2)
	if err := bind(p.textFile, p.text.TableAt(), true, t.slots, convert(text), nobody, &m.Source); err != nil {
		return err
	}
	a := &table{gguf: true}
	a.audio(&m.Config, &m.Audio)
	return bind(p.audioFile, p.audio.TableAt(), true, a.slots, convert(audio), otherSense, &m.Source)
}

func convert(tensors []gguf.Tensor) []stored {
	all := make([]stored, len(tensors))
	for i, t := range tensors {
		all[i] = stored(t)
	}
	return all
}

// otherSense tells an mmproj's tensors for pictures.
func otherSense(name string) bool {
	return strings.HasPrefix(name, "v.") || strings.HasPrefix(name, "mm.") && !strings.HasPrefix(name, "mm.a.")
}

func nobody(string) bool { return false }
