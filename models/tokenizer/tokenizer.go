// Package tokenizer turns text into Gemma's token ids and back: byte-pair
// encoding over whole segments between special tokens, spaces written as "▁",
// and bytes for characters the vocabulary lacks. It gives the ids that Hugging
// Face tokenizers gives for the same file.
package tokenizer

import (
	"strings"
	"unicode/utf8"
)

const space = "▁" // U+2581 stands for a space

// Tokenizer is one vocabulary. It is never written after it is made, so any
// number of goroutines may use it.
type Tokenizer struct {
	pieces  []string
	ids     map[string]int
	special []bool          // ids that are never text
	merges  map[pair]merged // how two neighbours become one
	bytes   [256]int        // id of <0xNN>, -1 when the vocabulary has none
	byteOf  map[int]byte
	unknown int // -1 when the vocabulary has none
	added   trie
}

// pair is two neighbouring ids.
type pair struct{ left, right int32 }

// merged is what a pair becomes. The lowest rank is merged first.
type merged struct{ rank, id int32 }

// Size returns the number of ids.
func (t *Tokenizer) Size() int { return len(t.pieces) }

// ID returns the id of a piece as the vocabulary spells it.
func (t *Tokenizer) ID(piece string) (int, bool) {
	id, ok := t.ids[piece]
	return id, ok
}

// Piece returns the spelling of an id, and "" for one that does not exist.
func (t *Tokenizer) Piece(id int) string {
	if id < 0 || id >= len(t.pieces) {
		return ""
	}
	return t.pieces[id]
}

// IsSpecial reports whether id marks structure and is never text.
func (t *Tokenizer) IsSpecial(id int) bool {
	return id >= 0 && id < len(t.special) && t.special[id]
}

// Encode returns the ids of text. Special tokens spelled out in the text become
// their ids, the longest first; nothing is added in front. Bytes that are not
// UTF-8 count as U+FFFD each.
func (t *Tokenizer) Encode(text string) []int {
	var ids []int
	if !utf8.ValidString(text) {
		text = replaceInvalid(text)
	}
	for len(text) > 0 {
		at, length, id := t.added.find(text)
		ids = t.encodePlain(ids, text[:at])
		if length > 0 {
			ids = append(ids, id)
		}
		text = text[at+length:]
	}
	return ids
}

// replaceInvalid writes U+FFFD for every byte that is not part of a character.
func replaceInvalid(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteRune(r)
	}
	return b.String()
}

// Decode returns the text of ids, special tokens spelled out. Bytes that do not
// form a character become U+FFFD each; ids that do not exist are passed over.
func (t *Tokenizer) Decode(ids []int) string {
	var b strings.Builder
	var run []byte
	for _, id := range ids {
		piece := t.Piece(id)
		if piece == "" {
			continue
		}
		if v, ok := t.byteOf[id]; ok {
			run = append(run, v)
			continue
		}
		run = writeBytes(&b, run)
		b.WriteString(strings.ReplaceAll(piece, space, " "))
	}
	writeBytes(&b, run)
	return b.String()
}

// writeBytes writes a run of byte tokens: as text when the whole run is UTF-8,
// else as one U+FFFD for each.
func writeBytes(b *strings.Builder, run []byte) []byte {
	if utf8.Valid(run) {
		b.Write(run)
	} else {
		b.WriteString(strings.Repeat("\uFFFD", len(run)))
	}
	return run[:0]
}
