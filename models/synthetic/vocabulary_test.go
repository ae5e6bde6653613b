package synthetic

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"sotto/decoder/prompt"
	"sotto/models/gemma4"
	"sotto/models/tokenizer"
)

// full is the vocabulary of the true shapes, made once.
var full = sync.OnceValue(func() tokenizer.Vocabulary { return newVocabulary(fullVocabulary) })

func fullTokenizer(t *testing.T) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.FromVocabulary(full())
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// The ids are Gemma 4's, so a prompt's frame is the one that the real model
// gets.
func TestAPromptHasGemmasIds(t *testing.T) {
	tok := fullTokenizer(t)
	if tok.Size() != 262144 {
		t.Errorf("%d ids", tok.Size())
	}
	p, err := prompt.New(&gemma4.Config{Tokens: layoutOf(fullVocabulary).tokens()}, tok)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{2, 105, 2364, 107, 256000}; !slices.Equal(p.Head(), want) {
		t.Errorf("head %d, want %d", p.Head(), want)
	}
	tail, err := p.Tail(prompt.Task{Source: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if end := []int{106, 107, 105, 4368, 107}; tail[0] != 258883 || !slices.Equal(tail[len(tail)-5:], end) {
		t.Errorf("tail %d, want 258883 … %d", tail, end)
	}
	if n := len(tail); n < 60 || n > 250 {
		t.Errorf("an instruction of %d tokens, which no real one is", n)
	}
}

func TestPiecesHaveGemmasIds(t *testing.T) {
	v := full()
	cases := []struct {
		id    int
		piece string
		kind  int32
	}{
		{0, "<pad>", tokenizer.TypeControl}, {1, "<eos>", tokenizer.TypeControl}, {2, "<bos>", tokenizer.TypeControl},
		{3, "<unk>", tokenizer.TypeUnknown}, {50, "<|tool_response>", tokenizer.TypeControl},
		{100, "<|channel>", tokenizer.TypeUserDefined}, {101, "<channel|>", tokenizer.TypeUserDefined},
		{105, "<|turn>", tokenizer.TypeControl}, {106, "<turn|>", tokenizer.TypeControl},
		{107, "\n", tokenizer.TypeUserDefined}, {108, "\n\n", tokenizer.TypeUserDefined},
		{238, "<0x00>", tokenizer.TypeByte}, {493, "<0xFF>", tokenizer.TypeByte},
		{2364, "user", tokenizer.TypeNormal}, {4368, "model", tokenizer.TypeNormal},
		{255999, "<|image>", tokenizer.TypeControl}, {256000, "<|audio>", tokenizer.TypeControl},
		{258880, "<|image|>", tokenizer.TypeControl}, {258881, "<|audio|>", tokenizer.TypeControl},
		{258882, "<image|>", tokenizer.TypeControl}, {258883, "<audio|>", tokenizer.TypeControl},
		{258884, "<|video|>", tokenizer.TypeControl},
	}
	for _, c := range cases {
		if v.Tokens[c.id] != c.piece || v.Types[c.id] != c.kind {
			t.Errorf("id %d is %q of type %d, want %q of type %d", c.id, v.Tokens[c.id], v.Types[c.id], c.piece, c.kind)
		}
	}
	if i := slices.IndexFunc(v.Merges, func(m string) bool { return strings.ContainsAny(m, "\n") || strings.Count(m, " ") != 1 }); i >= 0 {
		t.Errorf("merge %d is %q, which llama.cpp takes for another", i, v.Merges[i])
	}
}

func TestAnyTextComesBack(t *testing.T) {
	tok := fullTokenizer(t)
	for _, text := range []string{
		"Transcribe the following speech segment.", "¿Qué hora es?  Las 12:30.", "日本語 のテキスト\n\n2", "Привет, мир", "ἀρχή 🙂 \u07ca\x07",
	} {
		ids := tok.Encode(text)
		if got := tok.Decode(ids); got != text || slices.Contains(ids, idUnknown) {
			t.Errorf("%q became %q by %d", text, got, ids)
		}
	}
}
