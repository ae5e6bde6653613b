package synthetic

import (
	"fmt"
	"iter"
	"strings"

	"sotto/models/gemma4"
	"sotto/models/tokenizer"
)

// Ids that Gemma 4 gives its own pieces.
const (
	idEOS          = 1
	idUnknown      = 3
	idToolResponse = 50
	idNewlines     = 107 // runs of 1 to 31, then runs of 2 to 31 spaces
	idBytes        = 238
	idWords        = 494 // the first id of ordinary pieces
	longestRun     = 31
)

// structure are pieces that are never text. Those in user are shown.
var (
	structure = map[int]string{0: "<pad>", idEOS: "<eos>", 2: "<bos>", 4: "<mask>",
		idToolResponse: "<|tool_response>", 105: "<|turn>", 106: "<turn|>"}
	user = map[int]string{46: "<|tool>", 47: "<tool|>", 48: "<|tool_call>", 49: "<tool_call|>", 51: "<tool_response|>", 52: `<|"|>`,
		98: "<|think|>", 100: "<|channel>", 101: "<channel|>"}
	// words are pieces that every prompt has, with what they are joined of.
	words = map[int]string{2364: "user", 4367: "mode", 4368: "model"}
)

// fullVocabulary is Gemma's number of ids. tinyVocabulary is just enough for
// the fixed ids and for pieces of up to three letters.
const (
	fullVocabulary = 262144
	tinyVocabulary = 6144
)

// layout says where the pieces for sound and pictures are: <|image> and
// <|audio> from tail, the placeholders and closing pieces from soft.
type layout struct{ size, tail, soft int }

func layoutOf(size int) layout {
	if size == fullVocabulary {
		return layout{size, 255999, 258880}
	}
	return layout{size, size - 8, size - 5}
}

func (l layout) pieces() map[int]string {
	return map[int]string{
		l.tail: "<|image>", l.tail + 1: "<|audio>",
		l.soft: "<|image|>", l.soft + 1: "<|audio|>", l.soft + 2: "<image|>", l.soft + 3: "<audio|>", l.soft + 4: "<|video|>",
	}
}

// tokens returns the ids with a meaning.
func (l layout) tokens() gemma4.Tokens {
	return gemma4.Tokens{
		Pad: 0, BOS: 2, Stop: []int{idEOS, 106, idToolResponse}, TurnOpen: 105, TurnClose: 106,
		AudioOpen: l.tail + 1, AudioSoft: l.soft + 1, AudioClose: l.soft + 3, ChannelOpen: 100, ChannelClose: 101,
	}
}

// vocabulary is a tokenizer while it is put together.
type vocabulary struct {
	tokenizer.Vocabulary
	known map[string]bool
}

// newVocabulary returns a tokenizer of the given size that has Gemma's own
// pieces at Gemma's ids. The rest are characters of many scripts and strings
// of up to four letters, so that text of any language can be written, at about
// three letters a piece.
func newVocabulary(size int) tokenizer.Vocabulary {
	l := layoutOf(size)
	v := vocabulary{known: make(map[string]bool, size)}
	v.Tokens, v.Types = make([]string, size), make([]int32, size)
	v.fixed(l)
	next, stop := iter.Pull(ordinary())
	defer stop()
	unused := 0
	for id, piece := range v.Tokens {
		switch {
		case piece != "":
		case id < idWords || id >= l.tail:
			v.put(id, fmt.Sprintf("<unused%d>", unused), tokenizer.TypeControl)
			unused++
		default:
			v.put(id, v.fresh(next), tokenizer.TypeNormal)
		}
	}
	v.Merges = v.merges()
	return v.Vocabulary
}

func (v *vocabulary) put(id int, piece string, kind int32) {
	v.Tokens[id], v.Types[id] = piece, kind
	v.known[piece] = true
}

func (v *vocabulary) fixed(l layout) {
	for _, group := range []struct {
		pieces map[int]string
		kind   int32
	}{
		{structure, tokenizer.TypeControl}, {l.pieces(), tokenizer.TypeControl}, {user, tokenizer.TypeUserDefined},
		{map[int]string{idUnknown: "<unk>"}, tokenizer.TypeUnknown}, {words, tokenizer.TypeNormal},
	} {
		for id, piece := range group.pieces {
			v.put(id, piece, group.kind)
		}
	}
	for n := range longestRun {
		v.put(idNewlines+n, strings.Repeat("\n", n+1), tokenizer.TypeUserDefined)
		if n > 0 {
			v.put(idNewlines+longestRun+n-1, strings.Repeat(space, n+1), tokenizer.TypeUserDefined)
		}
	}
	for b := range 256 {
		v.put(idBytes+b, fmt.Sprintf("<0x%02X>", b), tokenizer.TypeByte)
	}
}

// fresh returns the next piece that is not there yet.
func (v *vocabulary) fresh(next func() (string, bool)) string {
	for {
		piece, _ := next() // there are more than any size takes
		if !v.known[piece] {
			return piece
		}
	}
}

// merges returns every way to join two ordinary pieces to a third, the third's
// id first.
func (v *vocabulary) merges() (merges []string) {
	merges = make([]string, 0, 3*len(v.Tokens))
	for id, piece := range v.Tokens {
		if v.Types[id] != tokenizer.TypeNormal {
			continue
		}
		for at := range piece {
			if at > 0 && v.known[piece[:at]] && v.known[piece[at:]] {
				merges = append(merges, piece[:at]+" "+piece[at:])
			}
		}
	}
	return merges
}
