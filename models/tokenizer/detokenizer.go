package tokenizer

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Detokenizer turns ids into text as they come. What it gives ends at complete
// characters and complete grapheme clusters; all it gives, with Flush, is the
// Decode of the ids that are not special.
type Detokenizer struct {
	t    *Tokenizer
	run  []byte // byte tokens whose run has not ended
	tail string // a cluster that the next token may still belong to
}

// NewDetokenizer returns a detokenizer at the beginning of a text.
func (t *Tokenizer) NewDetokenizer() *Detokenizer { return &Detokenizer{t: t} }

// Push takes the next id and returns the text that is now complete. Special ids
// and ids that do not exist give nothing.
func (d *Detokenizer) Push(id int) string {
	piece := d.t.Piece(id)
	if piece == "" || d.t.IsSpecial(id) {
		return ""
	}
	if v, ok := d.t.byteOf[id]; ok {
		d.run = append(d.run, v)
		return ""
	}
	var b strings.Builder
	b.WriteString(d.tail)
	d.run = writeBytes(&b, d.run)
	b.WriteString(strings.ReplaceAll(piece, space, " "))
	text := b.String()
	last := lastCluster(text)
	d.tail = text[last:]
	return text[:last]
}

// Flush returns what is left and goes back to the beginning of a text.
func (d *Detokenizer) Flush() string {
	var b strings.Builder
	b.WriteString(d.tail)
	d.run = writeBytes(&b, d.run)
	d.tail = ""
	return b.String()
}

// lastCluster returns where the last grapheme cluster of text begins.
func lastCluster(text string) int {
	last, state := 0, -1
	for at := 0; at < len(text); {
		last = at
		var cluster string
		cluster, _, _, state = uniseg.FirstGraphemeClusterInString(text[at:], state)
		at += len(cluster)
	}
	return last
}
