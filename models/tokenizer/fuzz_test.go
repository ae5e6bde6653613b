package tokenizer

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParseTokenizerJSON wants an error or a tokenizer that holds together.
func FuzzParseTokenizerJSON(f *testing.F) {
	// Small seeds: the engine shrinks what it finds byte by byte.
	const head = `{"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},"decoder":{"type":"ByteFallback"},"added_tokens":[{"id":0,"content":"<u>","special":true}],`
	const model = `"model":{"type":"BPE","byte_fallback":true,"fuse_unk":true,"unk_token":"<u>","vocab":{"<0x41>":1,"▁":2,"a":3,"\u2581a":4},"merges":[`
	f.Add([]byte(head + model + `["▁","a"]]}}`))
	f.Add([]byte(`{` + model + `"▁ a"]}}`))
	for _, text := range []string{"", "{", `{"model":{"type":"BPE","vocab":{"a":0,"b":-1}}}`, `{"model":` + strings.Repeat("[", 99)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := FromJSON(data)
		if err != nil {
			return
		}
		for _, id := range tok.Encode("a <u>A\né😀\xff") {
			if id < 0 || id >= tok.Size() || tok.Piece(id) == "" {
				t.Errorf("id %d of %d: no such piece", id, tok.Size())
			}
		}
		all := make([]int, min(tok.Size(), 1000))
		for i := range all {
			all[i] = tok.Size() - 1 - i
		}
		if text := tok.Decode(all); !utf8.ValidString(text) {
			t.Errorf("decoding the last ids gives %+q, not UTF-8", text)
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
