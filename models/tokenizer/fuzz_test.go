package tokenizer

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParseTokenizerJSON wants an error or a tokenizer that holds together.
func FuzzParseTokenizerJSON(f *testing.F) {
	pocket, err := os.ReadFile(pocketFile)
	if err != nil {
		f.Fatal(err)
	}
	small := document(f, Vocabulary{
		Tokens: []string{"<unk>", "\n\n", "<0x41>", space, "a", "é", space + "a"},
		Merges: []string{space + " a"},
		Types:  []int32{TypeControl, TypeUserDefined, TypeByte, 1, 1, 1, 1},
	})
	f.Add(small)
	f.Add(bytes.ReplaceAll(small, []byte(`["▁","a"]`), []byte(`"▁ a"`)))
	f.Add(pocket[:4096])
	for _, text := range []string{"", "{", `{"model":{"type":"BPE","vocab":{"a":0,"b":-1}}}`, `{"model":` + strings.Repeat("[", 999)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := FromJSON(data)
		if err != nil {
			return
		}
		for _, id := range tok.Encode("a <unk>\n\né😀\xff") {
			if id < 0 || id >= tok.Size() || tok.Piece(id) == "" {
				t.Errorf("id %d of %d: no such piece", id, tok.Size())
			}
		}
		all := make([]int, tok.Size())
		for id := range all {
			all[id] = id
		}
		if text := tok.Decode(all); !utf8.ValidString(text) {
			t.Errorf("decoding every id gives %+q, not UTF-8", text)
		}
	})
}

// FuzzRoundTrip wants back what it encodes, whole and streamed.
func FuzzRoundTrip(f *testing.F) {
	data, err := os.ReadFile(pocketFile)
	if err != nil {
		f.Fatal(err)
	}
	tok := must(FromJSON(data))(f)
	for _, text := range []string{"", "hola mundo", "a<|turn>b<turn", "👩‍👩‍👧🇪🇸🇪", "\xf0\x9f\x98", "▁ \n\n é\u0301", "12 345", "<0x41>"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ids := tok.Encode(text)
		want := strings.ReplaceAll(string([]rune(text)), space, " ")
		if got := tok.Decode(ids); got != want {
			t.Errorf("%+q is %d, which is %+q", text, ids, got)
		}
		checkStream(t, "pocket", routes{json: tok, gguf: tok}, ids, result{Shown: shown(tok, ids)}, "")
	})
}

// shown decodes ids without the special ones.
func shown(tok *Tokenizer, ids []int) *string {
	var plain []int
	for _, id := range ids {
		if !tok.IsSpecial(id) {
			plain = append(plain, id)
		}
	}
	text := tok.Decode(plain)
	return &text
}
