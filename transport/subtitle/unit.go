package subtitle

import (
	"strings"

	"github.com/rivo/uniseg"
)

// unit is a piece of text that stays on one line: a word with its punctuation, or a
// character where words are not spaced.
type unit struct {
	text           string
	spaced         bool // a space parts it from the one before
	glued          bool // to the one before: a rule of writing keeps them on one line
	width          int  // columns
	startMs, endMs int64
}

// Open is the text of a segment that is in no cue yet. Its zero value is empty.
type Open struct {
	units []unit
	space bool // the text ends with a space
}

// Add appends words. The time of a word that is more than one unit is shared out by
// width.
func (o *Open) Add(words ...Word) {
	for _, w := range words {
		text := Plain(w.Text)
		all, done := max(1, uniseg.StringWidth(strings.ReplaceAll(text, " ", ""))), 0
		at := func(width int) int64 { return w.StartMs + (w.EndMs-w.StartMs)*int64(min(width, all))/int64(all) }
		for len(text) > 0 {
			if text[0] == ' ' {
				o.space, text = len(o.units) > 0, text[1:]
				continue
			}
			line, _, _, _ := uniseg.FirstLineSegmentInString(text, -1)
			piece := firstColumns(strings.TrimRight(line, " "), maxColumns)
			u := unit{text: piece, spaced: o.space, width: uniseg.StringWidth(piece)}
			u.startMs, u.endMs = at(done), at(done+u.width)
			o.push(u)
			text, done = text[len(piece):], done+u.width
		}
	}
}

// push appends a unit and looks how it stands to the one before.
func (o *Open) push(u unit) {
	if n := len(o.units); n > 0 {
		before := o.units[n-1].text
		u.glued = !breaks(before, u.text, u.spaced)
		if !u.spaced { // a mark may widen what it stands on
			u.width = max(u.width, uniseg.StringWidth(before+u.text)-uniseg.StringWidth(before))
		}
	}
	o.units, o.space = append(o.units, u), false
}

// breaks reports whether a line may end between two texts (UAX 14).
func breaks(before, after string, spaced bool) bool {
	if spaced {
		before += " "
	}
	rest, state := before+after, -1
	for at := 0; at < len(before); {
		var line string
		line, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		if at += len(line); at == len(before) {
			return true
		}
	}
	return false
}

// firstColumns returns the beginning of text that fits, one character at least.
func firstColumns(text string, columns int) string {
	end, state, width := 0, -1, 0
	for rest := text; len(rest) > 0; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if width += w; width > columns && end > 0 {
			break
		}
		end += len(cluster)
	}
	return text[:end]
}

func join(units []unit) string {
	var b strings.Builder
	for i, u := range units {
		if u.spaced && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(u.text)
	}
	return b.String()
}

// columns is how wide units are on one line.
func columns(units []unit) int {
	n := 0
	for i, u := range units {
		if n += u.width; u.spaced && i > 0 {
			n++
		}
	}
	return n
}
