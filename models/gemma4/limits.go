package gemma4

import "fmt"

// Limits on sizes that a file claims, far above any Gemma 4. They keep every
// product of two sizes inside an int and every allocation that is made before
// tensors are looked at small.
const (
	maxLayers    = 1 << 10
	maxHeads     = 1 << 10
	maxWidth     = 1 << 20
	maxVocab     = 1 << 24
	maxPositions = 1 << 28
)

// melBins is the height of the log-mel rows that Gemma 4 was trained on.
const melBins = 128

// check proves what the network takes for granted, whatever the format the
// sizes came from. Errors have no package prefix.
func (c *Config) check() error {
	if err := c.Audio.check(); err != nil {
		return err
	}
	if err := c.Text.check(); err != nil {
		return err
	}
	return c.Tokens.check(c.Text.VocabSize)
}

func (a *AudioConfig) check() error {
	past := a.ContextLeft - 1
	switch {
	case a.HiddenSize%a.Heads != 0 || a.HiddenSize%2 != 0:
		return fmt.Errorf("audio: width %d, want an even multiple of the %d heads", a.HiddenSize, a.Heads)
	case a.ContextRight != 0:
		return fmt.Errorf("audio: attention looks %d frames ahead, and only 0 is implemented", a.ContextRight)
	case (a.ChunkSize+past)/2 != past:
		// The reference counts distances from half of chunk + past. For any
		// other chunk its position table would be shifted.
		return fmt.Errorf("audio: attention_chunk_size %d with attention_context_left %d, want a chunk of %d or %d",
			a.ChunkSize, a.ContextLeft, past, past+1)
	}
	return nil
}

func (t *TextConfig) check() error {
	if len(t.Intermediate) != t.Layers() {
		return fmt.Errorf("text: %d feed-forward widths for %d layers", len(t.Intermediate), t.Layers())
	}
	if t.KVSharedLayers >= t.Layers() {
		return fmt.Errorf("text: %d of %d layers share keys and values, want at least one that does not", t.KVSharedLayers, t.Layers())
	}
	if t.PLEVocabSize < t.VocabSize {
		return fmt.Errorf("text: %d per-layer embeddings for %d token ids", t.PLEVocabSize, t.VocabSize)
	}
	for l, kind := range t.LayerTypes {
		switch heads, dim := t.KVHeads[kind], t.HeadDim[kind]; {
		case heads < 1 || t.Heads%heads != 0:
			return fmt.Errorf("text: layer %d: %d heads share %d key/value heads, want a divisor", l, t.Heads, heads)
		case dim < 2 || dim%2 != 0:
			return fmt.Errorf("text: layer %d: heads of %d, want an even size", l, dim)
		case t.KVSource(l) < 0:
			return fmt.Errorf("text: layer %d shares keys and values, but no %s layer before layer %d has any", l, kind, t.FirstShared())
		}
	}
	return nil
}

// namedID is an id with a meaning and the piece that Gemma 4 spells it with.
type namedID struct {
	piece string
	id    int
}

func (t *Tokens) named() []namedID {
	return []namedID{
		{"<pad>", t.Pad}, {"<bos>", t.BOS}, {pieceTurnOpen, t.TurnOpen}, {pieceTurnClose, t.TurnClose},
		{pieceAudioOpen, t.AudioOpen}, {pieceAudioClose, t.AudioClose}, {pieceAudioSoft, t.AudioSoft},
		{pieceChannelOpen, t.ChannelOpen}, {pieceChannelClose, t.ChannelClose},
	}
}

func (t *Tokens) check(vocab int) error {
	for _, n := range t.named() {
		if n.id >= vocab {
			return fmt.Errorf("token %s has id %d, but there are only %d ids", n.piece, n.id, vocab)
		}
	}
	for _, id := range t.Stop {
		if id < 0 || id >= vocab {
			return fmt.Errorf("stop token %d, but ids go from 0 to %d", id, vocab-1)
		}
	}
	if len(t.Stop) == 0 {
		return fmt.Errorf("no stop token is named")
	}
	return nil
}

// String returns the layer type as configurations spell it.
func (t LayerType) String() string {
	if t == Full {
		return "full_attention"
	}
	return "sliding_attention"
}
