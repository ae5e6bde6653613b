package gemma4

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"sotto/models/tokenizer"
)

const maxTokenizerBytes = 256 << 20

// folderTokenizer reads tokenizer.json and looks up the ids that config.json
// does not carry.
func (m *Model) folderTokenizer(dir string, want bool) error {
	path := filepath.Join(dir, "tokenizer.json")
	data, err := readFile(path, maxTokenizerBytes)
	if errors.Is(err, fs.ErrNotExist) {
		if want {
			return fmt.Errorf("gemma4: %s lacks tokenizer.json; copy it from where the model came from", dir)
		}
		return nil
	}
	if err != nil {
		return err
	}
	t, err := tokenizer.FromJSON(data)
	if err != nil {
		return fmt.Errorf("gemma4: %s: %w", path, err)
	}
	return m.setTokenizer(path, t)
}

// pairTokenizer makes the tokenizer from the text file's metadata and finds
// all ids with a meaning by their pieces.
func (m *Model) pairTokenizer(k keys) error {
	const p = "tokenizer.ggml."
	kind, _ := k.gguf.String(p + "model")
	if pre, _ := k.gguf.String(p + "pre"); kind != "gemma4" && !(kind == "llama" && pre == "gemma4") {
		k.wrong(p+"model", `"gemma4"`)
		return *k.fault
	}
	if prefix, _ := k.gguf.Bool(p + "add_space_prefix"); prefix {
		k.fail(p+"add_space_prefix", " is true, and only false is implemented")
	}
	v := tokenizer.Vocabulary{Tokens: k.texts(p + "tokens"), Merges: k.texts(p + "merges"), Types: k.types(p + "token_type")}
	if *k.fault != nil {
		return *k.fault
	}
	t, err := tokenizer.FromVocabulary(v)
	if err != nil {
		return fmt.Errorf("gemma4: %s: %s: %w", k.file, k.gguf.MetadataAt(), err)
	}
	ids := &m.Config.Tokens
	ids.Pad = k.idOr(p+"padding_token_id", t, "<pad>")
	ids.BOS = k.idOr(p+"bos_token_id", t, "<bos>")
	ids.AudioOpen, ids.AudioClose, ids.AudioSoft = find(t, pieceAudioOpen), find(t, pieceAudioClose), find(t, pieceAudioSoft)
	// GGUF has one end id; Gemma's turns end with two more pieces.
	for _, id := range []int{k.idOr(p+"eos_token_id", t, "<eos>"), find(t, pieceTurnClose), find(t, pieceToolResponse)} {
		if id >= 0 && !slices.Contains(ids.Stop, id) {
			ids.Stop = append(ids.Stop, id)
		}
	}
	if *k.fault != nil {
		return *k.fault
	}
	return m.setTokenizer(k.file+": "+k.gguf.MetadataAt(), t)
}

// setTokenizer finds the ids that are known by their pieces only and proves
// that a prompt can be written.
func (m *Model) setTokenizer(file string, t *tokenizer.Tokenizer) error {
	ids := &m.Config.Tokens
	ids.TurnOpen, ids.TurnClose = find(t, pieceTurnOpen), find(t, pieceTurnClose)
	ids.ChannelOpen, ids.ChannelClose = find(t, pieceChannelOpen), find(t, pieceChannelClose)
	if t.Size() > m.Config.Text.VocabSize {
		return fmt.Errorf("gemma4: %s: the tokenizer has %d tokens, the model only %d", file, t.Size(), m.Config.Text.VocabSize)
	}
	for _, n := range ids.named() {
		if n.id < 0 && n.piece != pieceChannelOpen && n.piece != pieceChannelClose {
			return fmt.Errorf("gemma4: %s: the tokenizer has no %s, which every prompt needs", file, n.piece)
		}
	}
	m.Tokenizer = t
	return nil
}

// find returns the id of a piece, or -1.
func find(t *tokenizer.Tokenizer, piece string) int {
	if id, ok := t.ID(piece); ok {
		return id
	}
	return -1
}

// idOr returns the id under a key, or that of a piece when the key is absent.
func (k keys) idOr(key string, t *tokenizer.Tokenizer, piece string) int {
	if !k.gguf.Has(key) {
		return find(t, piece)
	}
	return k.whole(key, 0, maxVocab)
}

// types returns the kinds of tokens; nil when the file does not tell.
func (k keys) types(key string) []int32 {
	list, ok := k.gguf.Ints(key)
	if !ok {
		if k.gguf.Has(key) {
			k.wrong(key, "an array of whole numbers")
		}
		return nil
	}
	types := make([]int32, len(list))
	for i, n := range list {
		types[i] = int32(n)
	}
	return types
}
