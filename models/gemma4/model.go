package gemma4

import "sotto/models/tokenizer"

// Model is a loaded checkpoint: what it is, the typed weights of both towers,
// and nothing that moves. It may be shared by any number of streams.
type Model struct {
	Config Config
	Audio  AudioWeights
	Text   TextWeights
	Name   string // what the checkpoint calls itself, else its file or folder
	Source Source
	// Tokenizer is nil when a folder was opened for its weights alone.
	Tokenizer *tokenizer.Tokenizer

	closers []func() error
}

// Close gives the mapped files back. No weight may be read afterwards.
func (m *Model) Close() error {
	var first error
	for _, c := range m.closers {
		if err := c(); err != nil && first == nil {
			first = err
		}
	}
	m.closers = nil
	return first
}
