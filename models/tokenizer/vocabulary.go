package tokenizer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The kinds of token a GGUF vocabulary tells apart.
const (
	TypeNormal      = 1
	TypeUnknown     = 2
	TypeControl     = 3 // structure, matched in text, never shown
	TypeUserDefined = 4 // matched in text as a whole
	TypeUnused      = 5
	TypeByte        = 6
)

// Vocabulary is a tokenizer as GGUF metadata holds it.
type Vocabulary struct {
	Tokens []string // by id
	Merges []string // "left right", the most urgent first
	Types  []int32  // by id; nil: all normal
}

// FromVocabulary makes a tokenizer of GGUF metadata.
func FromVocabulary(v Vocabulary) (*Tokenizer, error) {
	if v.Types != nil && len(v.Types) != len(v.Tokens) {
		return nil, fmt.Errorf("tokenizer: %d token types for %d tokens", len(v.Types), len(v.Tokens))
	}
	b := newBuilder(len(v.Tokens), len(v.Merges))
	for id, piece := range v.Tokens {
		if err := b.piece(piece, id); err != nil {
			return nil, err
		}
	}
	for id, kind := range v.Types {
		switch kind {
		case TypeControl, TypeUserDefined:
			b.add(v.Tokens[id], id, kind == TypeControl)
		case TypeUnknown:
			b.t.unknown = id
			b.add(v.Tokens[id], id, true)
		}
	}
	for rank, m := range v.Merges {
		left, right, ok := strings.Cut(m, " ")
		if !ok {
			return nil, fmt.Errorf("tokenizer: merge %d, %.40q, is not two pieces with a space between", rank, m)
		}
		if err := b.merge([]byte(left), []byte(right)); err != nil {
			return nil, err
		}
	}
	return b.done()
}

// builder fills a tokenizer, checking as it goes.
type builder struct {
	t      *Tokenizer
	ranks  int32
	joined []byte // scratch of merge
}

// maxIDs bounds a vocabulary: ids are kept in 32 bits and Gemma has 2¹⁸.
const maxIDs = 1 << 22

func newBuilder(pieces, merges int) *builder {
	t := &Tokenizer{
		pieces:  make([]string, 0, pieces),
		ids:     make(map[string]int, pieces),
		merges:  make(map[pair]merged, merges),
		byteOf:  make(map[int]byte, 256),
		unknown: -1,
	}
	return &builder{t: t}
}

// piece gives an id its spelling.
func (b *builder) piece(piece string, id int) error {
	if !utf8.ValidString(piece) {
		return fmt.Errorf("tokenizer: token %d, %.40q, is not UTF-8", id, piece)
	}
	if id < 0 || id >= maxIDs {
		return fmt.Errorf("tokenizer: id %d of token %.40q, want 0 to %d", id, piece, maxIDs-1)
	}
	if other, twice := b.t.ids[piece]; twice {
		return fmt.Errorf("tokenizer: token %.40q has two ids, %d and %d", piece, other, id)
	}
	for id >= len(b.t.pieces) {
		b.t.pieces = append(b.t.pieces, "")
	}
	if b.t.pieces[id] != "" {
		return fmt.Errorf("tokenizer: id %d is both %.40q and %.40q", id, b.t.pieces[id], piece)
	}
	b.t.pieces[id] = piece
	b.t.ids[piece] = id
	return nil
}

// add makes an existing piece one that is matched in text as a whole.
func (b *builder) add(piece string, id int, special bool) {
	b.t.added.add(piece, id)
	if special {
		b.special(id)
	}
}

func (b *builder) special(id int) {
	for id >= len(b.t.special) {
		b.t.special = append(b.t.special, false)
	}
	b.t.special[id] = true
}

// merge appends the next merge.
func (b *builder) merge(left, right []byte) error {
	rank := b.ranks
	b.ranks++
	b.joined = append(append(b.joined[:0], left...), right...)
	l, okLeft := b.t.ids[string(left)]
	r, okRight := b.t.ids[string(right)]
	id, ok := b.t.ids[string(b.joined)]
	if !okLeft || !okRight || !ok {
		return fmt.Errorf("tokenizer: merge %d joins %.40q and %.40q, and one of them or their join is no token", rank, left, right)
	}
	p := pair{int32(l), int32(r)}
	if _, twice := b.t.merges[p]; !twice {
		b.t.merges[p] = merged{rank, int32(id)}
	}
	return nil
}

// done finds the byte tokens and hands the tokenizer over.
func (b *builder) done() (*Tokenizer, error) {
	if len(b.t.ids) == 0 {
		return nil, fmt.Errorf("tokenizer: no tokens")
	}
	for v := range b.t.bytes {
		id, ok := b.t.ids[fmt.Sprintf("<0x%02X>", v)]
		if !ok {
			id = -1
		} else {
			b.t.byteOf[id] = byte(v)
		}
		b.t.bytes[v] = id
	}
	return b.t, nil
}
