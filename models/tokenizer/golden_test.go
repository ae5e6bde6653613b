package tokenizer

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// golden is one line of testdata/golden.json.gz, which golden.py made with
// Hugging Face tokenizers: a text under both vocabularies, or a list of ids
// under one.
type golden struct {
	Text          string
	Pocket, Large result
	Vocabulary    string
	result
}

// result is what a vocabulary makes of a text, or of a list of ids. Decoded and
// Shown, decoded without special tokens, are nil when they are the text.
type result struct {
	CRC            uint32
	IDs            []int
	Decoded, Shown *string
}

func goldens(tb testing.TB) (lines []golden) {
	tb.Helper()
	file, err := os.Open("testdata/golden.json.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	for d := json.NewDecoder(bufio.NewReader(unzipped)); ; {
		var g golden
		if err := d.Decode(&g); err == io.EOF {
			return lines
		} else if err != nil {
			tb.Fatal(err)
		}
		lines = append(lines, g)
	}
}

// routes are both ways to a tokenizer of one vocabulary, with what picks the
// vocabulary's result from a line.
type routes struct {
	json, gguf *Tokenizer
	pick       func(golden) result
}

func allRoutes(tb testing.TB) map[string]routes {
	tb.Helper()
	pocket, err := os.ReadFile(pocketFile)
	if err != nil {
		tb.Fatal(err)
	}
	large := largeVocabulary(tb)
	return map[string]routes{
		"pocket": {must(FromJSON(pocket))(tb), must(FromVocabulary(pocketVocabulary(tb)))(tb), func(g golden) result { return g.Pocket }},
		"large":  {must(FromJSON(document(tb, large)))(tb), must(FromVocabulary(large))(tb), func(g golden) result { return g.Large }},
	}
}

func must(t *Tokenizer, err error) func(testing.TB) *Tokenizer {
	return func(tb testing.TB) *Tokenizer {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return t
	}
}

func TestTextsEqualHuggingFace(t *testing.T) {
	lines := goldens(t)
	for name, r := range allRoutes(t) {
		texts := 0
		for _, g := range lines {
			if g.Vocabulary != "" {
				continue
			}
			texts++
			want := r.pick(g)
			ids := r.json.Encode(g.Text)
			if checksum(ids) != want.CRC {
				t.Errorf("%s: Encode(%+q) = %d %q, want checksum %d, ids %d", name, g.Text, ids, spell(r.json, ids), want.CRC, want.IDs)
			}
			if other := r.gguf.Encode(g.Text); !slices.Equal(other, ids) {
				t.Errorf("%s: Encode(%+q) = %d by metadata, %d by tokenizer.json", name, g.Text, other, ids)
			}
			checkDecode(t, name, r, ids, want, strings.ReplaceAll(g.Text, space, " "))
			checkStream(t, name, r, ids, want, strings.ReplaceAll(g.Text, space, " "))
		}
		if texts < 10_000 {
			t.Errorf("%s: %d texts, want 10000 at least", name, texts)
		}
	}
}

func TestIDsEqualHuggingFace(t *testing.T) {
	all := allRoutes(t)
	count := map[string]int{}
	for _, g := range goldens(t) {
		if r, ok := all[g.Vocabulary]; ok {
			count[g.Vocabulary]++
			checkDecode(t, g.Vocabulary, r, g.IDs, g.result, "")
			checkStream(t, g.Vocabulary, r, g.IDs, g.result, "")
		}
	}
	for name := range all {
		if count[name] < 1000 {
			t.Errorf("%s: %d lists of ids, want 1000 at least", name, count[name])
		}
	}
}

func checkDecode(t *testing.T, name string, r routes, ids []int, want result, text string) {
	t.Helper()
	if want.Decoded != nil {
		text = *want.Decoded
	}
	for _, tok := range []*Tokenizer{r.json, r.gguf} {
		if got := tok.Decode(ids); got != text {
			t.Errorf("%s: Decode(%d) = %+q, want %+q", name, ids, got, text)
		}
	}
}

// checkStream pushes ids one by one and looks at every place where the text is
// cut.
func checkStream(t *testing.T, name string, r routes, ids []int, want result, text string) {
	t.Helper()
	if want.Shown != nil {
		text = *want.Shown
	}
	ends := clusterEnds(text)
	for _, tok := range []*Tokenizer{r.json, r.gguf} {
		d := tok.NewDetokenizer()
		got := ""
		for _, id := range ids {
			piece := d.Push(id)
			if got += piece; !utf8.ValidString(piece) || !ends[len(got)] {
				t.Fatalf("%s: streaming %d: %+q ends inside a cluster of %+q", name, ids, got, text)
			}
		}
		if got += d.Flush(); got != text {
			t.Errorf("%s: streaming %d = %+q, want %+q", name, ids, got, text)
		}
	}
}

// clusterEnds returns where the grapheme clusters of text end.
func clusterEnds(text string) map[int]bool {
	ends := map[int]bool{0: true}
	for g := uniseg.NewGraphemes(text); g.Next(); {
		_, end := g.Positions()
		ends[end] = true
	}
	return ends
}

// checksum is the CRC-32 of ids as little-endian words.
func checksum(ids []int) uint32 {
	data := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		data = binary.LittleEndian.AppendUint32(data, uint32(id))
	}
	return crc32.ChecksumIEEE(data)
}

func spell(t *Tokenizer, ids []int) (pieces []string) {
	for _, id := range ids {
		pieces = append(pieces, t.Piece(id))
	}
	return pieces
}
