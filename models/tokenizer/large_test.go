package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// recipe is testdata/large.json: what the vocabulary of 262,144 pieces is made
// of. The rest of this file says what grow, characters, large and document say
// in testdata/golden.py.
type recipe struct {
	Seed    uint64
	Size    int
	Longest int
	Head    []string
	Unused  int
	Turns   []string
	Run     int
	Tags    []string
	Tail    []string
	Alone   [][2]rune
	Blocks  [][2]rune
}

// splitmix64 is the generator that both languages draw from.
type splitmix64 uint64

func (s *splitmix64) below(n int) int {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int((z ^ z>>31) % uint64(n))
}

func (s *splitmix64) pick(pool []string) string {
	return pool[min(s.below(len(pool)), s.below(len(pool)))]
}

// grow returns count pieces, each the join of two earlier ones of its block.
func (r recipe) grow(count int, known map[string]bool) []string {
	numbers := splitmix64(r.Seed)
	var pools [][]string
	for _, block := range r.Blocks {
		pools = append(pools, span(block))
	}
	var grown []string
	for len(grown) < count {
		pool := &pools[numbers.below(len(pools))]
		left := space
		if numbers.below(8) != 0 {
			left = numbers.pick(*pool)
		}
		joined := left + numbers.pick(*pool)
		if utf8.RuneCountInString(joined) > r.Longest || strings.Count(joined, space) > 1 || known[joined] {
			continue
		}
		known[joined] = true
		*pool = append(*pool, joined)
		grown = append(grown, joined)
	}
	return grown
}

func span(block [2]rune) (chars []string) {
	for c := block[0]; c <= block[1]; c++ {
		chars = append(chars, string(c))
	}
	return chars
}

func (r recipe) characters(known map[string]bool) []string {
	all := []string{space}
	for _, block := range slices.Concat(r.Alone, r.Blocks) {
		all = append(all, span(block)...)
	}
	return slices.DeleteFunc(all, func(c string) bool {
		twice := known[c]
		known[c] = true
		return twice
	})
}

// vocabulary returns the whole as GGUF metadata holds it.
func (r recipe) vocabulary() Vocabulary {
	known := make(map[string]bool, r.Size)
	chars := r.characters(known)
	var v Vocabulary
	add := func(kind int32, pieces ...string) {
		v.Tokens = append(v.Tokens, pieces...)
		v.Types = append(v.Types, slices.Repeat([]int32{kind}, len(pieces))...)
	}
	add(TypeControl, r.Head...)
	for i := range r.Unused {
		add(TypeControl, fmt.Sprintf("<unused%d>", i))
	}
	add(TypeControl, r.Turns...)
	for n := range r.Run {
		add(TypeUserDefined, strings.Repeat("\n", n+1))
	}
	for n := 2; n <= r.Run; n++ {
		add(TypeUserDefined, strings.Repeat(space, n))
	}
	add(TypeUserDefined, r.Tags...)
	for i := range 256 {
		add(TypeByte, fmt.Sprintf("<0x%02X>", i))
	}
	grown := r.grow(r.Size-len(v.Tokens)-len(chars)-len(r.Tail), known)
	add(TypeNormal, append(grown, chars...)...)
	v.Merges = splits(v.Tokens)
	add(TypeControl, r.Tail...)
	return v
}

// splits returns every way to join two pieces to a third, the third's id first.
func splits(pieces []string) (merges []string) {
	known := make(map[string]bool, len(pieces))
	for _, p := range pieces {
		known[p] = true
	}
	for _, p := range pieces {
		for i := range p {
			if i > 0 && known[p[:i]] && known[p[i:]] {
				merges = append(merges, p[:i]+" "+p[i:])
			}
		}
	}
	return merges
}

// document returns the tokenizer.json of a vocabulary: the pocket model's with
// the lists exchanged.
func document(tb testing.TB, v Vocabulary) []byte {
	tb.Helper()
	var d map[string]any
	unmarshal(tb, pocketFile, &d)
	vocab := make(map[string]int, len(v.Tokens))
	var added []addedToken
	for id, p := range v.Tokens {
		vocab[p] = id
		if kind := v.Types[id]; kind == TypeControl || kind == TypeUserDefined {
			added = append(added, addedToken{ID: id, Content: p, Special: kind == TypeControl})
		}
	}
	merges := make([][]string, len(v.Merges))
	for i, m := range v.Merges {
		merges[i] = strings.SplitN(m, " ", 2)
	}
	d["added_tokens"] = added
	model := d["model"].(map[string]any)
	model["vocab"], model["merges"] = vocab, merges
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ") // as Gemma's is
	if err := encoder.Encode(d); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

const pocketFile = "../pocket/tokenizer.json"

func unmarshal(tb testing.TB, path string, into any) {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

var buildLarge sync.Once
var built Vocabulary

// largeVocabulary builds the vocabulary of 262,144 pieces once.
func largeVocabulary(tb testing.TB) Vocabulary {
	tb.Helper()
	buildLarge.Do(func() {
		var r recipe
		unmarshal(tb, "testdata/large.json", &r)
		built = r.vocabulary()
	})
	return built
}

// pocketVocabulary returns the pocket model's vocabulary as its GGUF holds it.
func pocketVocabulary(tb testing.TB) Vocabulary {
	tb.Helper()
	var d struct {
		Added []addedToken `json:"added_tokens"`
		Model struct {
			Vocab  map[string]int
			Merges [][]string
		}
	}
	unmarshal(tb, pocketFile, &d)
	n := len(d.Model.Vocab)
	v := Vocabulary{Tokens: make([]string, n), Types: slices.Repeat([]int32{TypeNormal}, n)}
	for p, id := range d.Model.Vocab {
		v.Tokens[id] = p
	}
	for _, a := range d.Added {
		v.Types[a.ID] = TypeControl
	}
	for _, m := range d.Model.Merges {
		v.Merges = append(v.Merges, strings.Join(m, " "))
	}
	return v
}

func BenchmarkLoad262k(b *testing.B) {
	v := largeVocabulary(b)
	data := document(b, v)
	b.Run("json", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := FromJSON(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gguf", func(b *testing.B) {
		for b.Loop() {
			if _, err := FromVocabulary(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
