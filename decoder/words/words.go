// Package words cuts a growing reply into stability units: pieces of text that
// stand for ever once they are shown. A unit is a word in scripts that write
// spaces, with the space before it and the punctuation after it, and one
// grapheme cluster in scripts that do not (Chinese, Japanese, Thai, Lao, Khmer,
// Burmese). Numbers and Latin runs are whole in every script.
package words

import "strings"

// tokens is the vocabulary of the replies. Decode must give for several ids the
// joined texts of each, but for runs of byte pieces, spelled <0xNN>, which form
// characters together. An id that does not exist has the piece "".
type tokens interface {
	Decode(ids []int) string
	Piece(id int) string
}

// Cutter cuts the replies of one vocabulary. It holds no state of a reply, so
// any number of goroutines may use it.
type Cutter struct{ tokens tokens }

// New returns the cutter of a vocabulary.
func New(t tokens) *Cutter { return &Cutter{t} }

// Cut is one place where a reply may be cut.
type Cut struct {
	Tokens int    // number of ids before it
	Text   string // Decode of these ids, and a beginning of every continuation's
}

// Cuts returns, in order, the places where a reply may be cut, and the text
// after the last of them that may still change; half a character is not in it.
// A longer reply has all the cuts of a shorter one and perhaps more. When the
// reply has ended its last cut is its end.
//
// Ids of structure are spelled out as text: leave them out before.
func (c *Cutter) Cuts(ids []int, ended bool) (cuts []Cut, rest string) {
	text, offsets := c.spell(ids, ended)
	units, done := ends(text, ended), 0
	for n, offset := range offsets {
		for len(units) > 0 && units[0] < offset {
			units = units[1:]
		}
		if len(units) > 0 && units[0] == offset {
			cuts = append(cuts, Cut{n + 1, text[:offset]})
			units, done = units[1:], offset
		}
	}
	if ended && len(cuts) > 0 {
		cuts[len(cuts)-1].Tokens = len(ids) // ids without text may follow
	}
	return cuts, text[done:]
}

// spell returns the text of ids, and for each id where its text ends, or -1
// where no cut may be. Nothing is cut after a byte piece, because a broken byte
// after it would turn its whole run into U+FFFD; and the text of a run that may
// still grow is left out.
func (c *Cutter) spell(ids []int, ended bool) (text string, offsets []int) {
	var b strings.Builder
	run := len(ids) // where the run of byte pieces began
	for n, id := range ids {
		piece := c.tokens.Piece(id)
		if isByte(piece) || piece == "" && run < n {
			run = min(run, n)
			offsets = append(offsets, -1)
			continue
		}
		if run < n {
			b.WriteString(c.tokens.Decode(ids[run:n]))
			run = len(ids)
		}
		b.WriteString(c.tokens.Decode(ids[n : n+1]))
		offsets = append(offsets, b.Len())
	}
	if ended && len(ids) > 0 {
		b.WriteString(c.tokens.Decode(ids[run:]))
		offsets[len(ids)-1] = b.Len()
	}
	return b.String(), offsets
}

// isByte reports whether a piece stands for one byte.
func isByte(piece string) bool {
	return len(piece) == len("<0xNN>") && strings.HasPrefix(piece, "<0x") && piece[5] == '>'
}

// Split returns the units of a finished text. Joined they are the text.
func Split(text string) []string {
	var units []string
	from := 0
	for _, end := range ends(text, true) {
		units = append(units, text[from:end])
		from = end
	}
	return units
}

// Spaced reports whether text begins in a script that parts words by spaces.
func Spaced(text string) bool {
	for _, r := range text {
		if r != ' ' {
			return classOf(r) != single
		}
	}
	return false
}
