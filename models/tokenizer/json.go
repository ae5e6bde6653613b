package tokenizer

import (
	"encoding/json"
	"fmt"
)

// FromJSON makes a tokenizer of a Hugging Face tokenizer.json in Gemma's form: a
// BPE model with byte fallback, spaces replaced by "▁". A setting that would
// change the ids and is not implemented is refused by name.
func FromJSON(data []byte) (*Tokenizer, error) {
	// Gemma's file has 120 bytes for each piece and 60 for each merge.
	f := file{builder: newBuilder(len(data)/128, len(data)/64), seen: make(map[string]bool)}
	s := &scanner{data: data}
	err := s.object(func(key string) error { return f.field(s, key) })
	if err == nil {
		err = s.end()
	}
	if err == nil {
		err = f.finish()
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	return f.builder.done()
}

// file is tokenizer.json while it is read. The model may come before or after
// the added tokens, so what refers to pieces waits.
type file struct {
	builder *builder
	added   []addedToken
	merges  []byte // as they stand in the file
	unknown string
	seen    map[string]bool // fields that must not be missing
}

type addedToken struct {
	ID         int    `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

func (f *file) field(s *scanner, key string) error {
	f.seen[key] = true
	switch key {
	case "model":
		return s.object(func(key string) error { return f.model(s, key) })
	case "added_tokens":
		return decode(s, key, &f.added)
	case "normalizer":
		return component(s, key, checkNormalizer)
	case "pre_tokenizer":
		return component(s, key, checkPreTokenizer)
	case "decoder":
		return component(s, key, checkDecoder)
	case "version", "post_processor", "truncation", "padding":
		// The post-processor adds tokens around a text; prompts are rendered whole.
		_, err := s.skip()
		return err
	}
	return fmt.Errorf("unknown field %.40q", key)
}

func (f *file) model(s *scanner, key string) error {
	f.seen["model."+key] = true
	switch key {
	case "type":
		var kind string
		err := decode(s, key, &kind)
		if err == nil && kind != "BPE" {
			err = fmt.Errorf("model type %.40q, want BPE", kind)
		}
		return err
	case "vocab":
		return s.object(func(piece string) error {
			id, err := s.int()
			if err != nil {
				return err
			}
			return f.builder.piece(piece, id)
		})
	case "merges":
		var err error
		f.merges, err = s.skip()
		return err
	case "unk_token":
		var unknown *string
		err := decode(s, key, &unknown)
		if unknown != nil {
			f.unknown = *unknown
		}
		return err
	case "byte_fallback", "fuse_unk":
		return want(s, key, true)
	case "ignore_merges", "dropout", "continuing_subword_prefix", "end_of_word_suffix":
		return wantUnset(s, key)
	}
	return fmt.Errorf("model has the unknown field %.40q", key)
}

// finish joins what had to wait for the whole vocabulary.
func (f *file) finish() error {
	for _, key := range []string{"normalizer", "decoder", "model.type", "model.byte_fallback", "model.fuse_unk"} {
		if !f.seen[key] {
			return fmt.Errorf("%s is missing", key)
		}
	}
	for _, a := range f.added {
		if err := f.addToken(a); err != nil {
			return err
		}
	}
	if err := f.addMerges(); err != nil {
		return err
	}
	if f.unknown == "" {
		return nil
	}
	id, ok := f.builder.t.ids[f.unknown]
	if !ok {
		return fmt.Errorf("unk_token %.40q is no token", f.unknown)
	}
	f.builder.t.unknown = id
	return nil
}

func (f *file) addMerges() error {
	if f.merges == nil {
		return nil
	}
	s := &scanner{data: f.merges}
	err := s.array(func() error {
		left, right, err := s.merge()
		if err != nil {
			return err
		}
		return f.builder.merge(left, right)
	})
	if err != nil {
		return fmt.Errorf("merges: %w", err)
	}
	return nil
}

func (f *file) addToken(a addedToken) error {
	if a.SingleWord || a.LStrip || a.RStrip || a.Normalized {
		return fmt.Errorf("added token %.40q: single_word, lstrip, rstrip and normalized are not implemented", a.Content)
	}
	if id, ok := f.builder.t.ids[a.Content]; !ok {
		if err := f.builder.piece(a.Content, a.ID); err != nil {
			return err
		}
	} else if id != a.ID {
		return fmt.Errorf("added token %.40q has id %d, and %d in the vocabulary", a.Content, a.ID, id)
	}
	f.builder.add(a.Content, a.ID, a.Special)
	return nil
}

// step is one part of a normalizer, pre-tokenizer or decoder.
type step struct {
	Type     string `json:"type"`
	Content  string `json:"content"`
	Behavior string `json:"behavior"`
	Invert   bool   `json:"invert"`
	Pattern  struct {
		String string `json:"String"`
	} `json:"pattern"`
	Normalizers   []step `json:"normalizers"`
	Pretokenizers []step `json:"pretokenizers"`
	Decoders      []step `json:"decoders"`
}

func (p step) parts() []step {
	if p.Type != "Sequence" {
		return []step{p}
	}
	return append(append(p.Normalizers, p.Pretokenizers...), p.Decoders...)
}

// component reads one processing component and checks each of its steps.
func component(s *scanner, key string, check func(step) bool) error {
	var whole *step
	if err := decode(s, key, &whole); err != nil {
		return err
	}
	if whole == nil {
		if key == "pre_tokenizer" {
			return nil
		}
		return fmt.Errorf("%s is missing", key)
	}
	for _, p := range whole.parts() {
		if !check(p) {
			return fmt.Errorf("%s %.40q with pattern %.40q and content %.40q is not implemented", key, p.Type, p.Pattern.String, p.Content)
		}
	}
	return nil
}

func checkNormalizer(p step) bool {
	return p.Type == "Replace" && p.Pattern.String == " " && p.Content == space
}

// A split at spaces does nothing once every space has become "▁".
func checkPreTokenizer(p step) bool {
	return p.Type == "Split" && p.Pattern.String == " " && !p.Invert
}

func checkDecoder(p step) bool {
	switch p.Type {
	case "Replace":
		return p.Pattern.String == space && p.Content == " "
	case "ByteFallback", "Fuse":
		return true
	}
	return false
}

func decode(s *scanner, key string, into any) error {
	raw, err := s.skip()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func want(s *scanner, key string, value bool) error {
	var got bool
	if err := decode(s, key, &got); err != nil {
		return err
	}
	if got != value {
		return fmt.Errorf("model has %s %v, only %v is implemented", key, got, value)
	}
	return nil
}

// wantUnset refuses anything but null, false and "".
func wantUnset(s *scanner, key string) error {
	raw, err := s.skip()
	if err != nil {
		return err
	}
	switch string(raw) {
	case "null", "false", `""`:
		return nil
	}
	return fmt.Errorf("model has %s %.40s, which is not implemented", key, raw)
}
