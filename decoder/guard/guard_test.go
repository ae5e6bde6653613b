package guard

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sotto/models/tokenizer"
)

func TestBudget(t *testing.T) {
	tests := []struct{ frames, want int }{
		{-5, 16}, {0, 16}, {1, 16}, {25, 24}, {250, 96}, {28 * 25, 240},
	}
	for _, tt := range tests {
		if got := Budget(tt.frames); got != tt.want {
			t.Errorf("%d frames: %d tokens, want %d", tt.frames, got, tt.want)
		}
	}
}

// honest returns texts by language: sentences.txt and the pocket model's test set.
func honest(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for _, line := range lines(t, "testdata/sentences.txt") {
		language, text, found := strings.Cut(line, "\t")
		if !found {
			t.Fatalf("sentences.txt: no tab in %q", line)
		}
		all[language] = append(all[language], text)
	}
	for _, line := range lines(t, "../../models/pocket/testset/manifest.jsonl") {
		var item struct{ Es, En, Fr, De string }
		if err := json.Unmarshal([]byte(line), &item); err != nil {
			t.Fatal(err)
		}
		for language, text := range map[string]string{"es": item.Es, "en": item.En, "fr": item.Fr, "de": item.De} {
			if text != "" { // a sound without speech
				all[language] = append(all[language], text)
			}
		}
	}
	return all
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// Nothing is found in a thousand sentences that people say.
func TestHonestSentencesPass(t *testing.T) {
	data, err := os.ReadFile("../../models/pocket/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for language, texts := range honest(t) {
		for _, text := range texts {
			count++
			if _, found := Loop(tok.Encode(text)); found || !Script(text, language) || Refusal(text) || Clean(text) != text {
				t.Errorf("%s %q: loop %v, script %v, refusal %v, clean %q", language, text, found, Script(text, language), Refusal(text), Clean(text))
			}
			// Four words a second are fast, and fit the budget.
			if n, frames := len(tok.Encode(text)), len(strings.Fields(text))*25/4; n > Budget(frames) {
				t.Errorf("%q: %d tokens in %d frames are beyond the budget", text, n, frames)
			}
		}
		for part := range slices.Chunk(texts, 20) {
			if from, found := Loop(tok.Encode(strings.Join(part, " "))); found {
				t.Errorf("%s: loop at %d of %q", language, from, part)
			}
		}
	}
	if count < 1000 {
		t.Errorf("only %d sentences", count)
	}
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"Good morning.":                     "Good morning.",
		"a\x00b\x1b[31mc\x7fd\u009be":       "ab[31mcde",
		"one\ntwo\tthree\u2028four\r\n":     "one two three four  ",
		"\u202egnp.exe\u202c \u2066x\u2069": "gnp.exe x",
		"\ufeffHi\U000e0041\U000e007f":      "Hi",
		"a\ufffe\U0010ffff\ufdd0b":          "ab",
		"می\u200cخواهم 👩\u200d👧 ❤\ufe0f":    "می\u200cخواهم 👩\u200d👧 ❤\ufe0f",
		"שלום\u200f ok\u200e":               "שלום\u200f ok\u200e",
		"half \xe4\xbd and \x00\xff":        "half \ufffd\ufffd and \ufffd",
		"":                                  "",
	}
	for text, want := range tests {
		if got := Clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzTexts(f *testing.F) {
	for _, text := range append(slices.Clone(refused), spoken...) {
		f.Add(text, "en")
	}
	f.Add("a\x00\u202e\xff", "ja")
	f.Fuzz(func(t *testing.T, text, language string) {
		Refusal(text)
		Script(text, language)
		clean := Clean(text)
		if !utf8.ValidString(clean) || Clean(clean) != clean {
			t.Fatalf("%q is cleaned to %q", text, clean)
		}
		if half := len(text) / 2; utf8.ValidString(text) && utf8.RuneStart((text + "a")[half]) {
			if parts := Clean(text[:half]) + Clean(text[half:]); parts != clean {
				t.Fatalf("parts of %q are cleaned to %q, the whole to %q", text, parts, clean)
			}
		}
	})
}
