package openai

import (
	"strings"

	"sotto"
	"sotto/audio"
	"sotto/decoder/words"
)

// span is text and the sound it leans on. The text has the space that parts it
// from what stands before it.
type span struct {
	text       string
	start, end audio.Position
}

// transcript is all that was committed of a recording in one language.
type transcript struct {
	text     strings.Builder
	words    []span
	segments []segment
	open     int // first word of the segment in work
}

// segment is a stretch of speech.
type segment struct {
	span
	words []span
}

// add takes a caption and returns what it appends to the text, word by word.
func (t *transcript) add(c *sotto.Caption) (deltas []string) {
	for _, w := range c.Words {
		text := w.Text
		if text == "" {
			continue
		}
		if len(t.words) == t.open && t.text.Len() > 0 && words.Spaced(text) { // segments have no space between them
			text = " " + strings.TrimLeft(text, " ")
		}
		t.text.WriteString(text)
		t.words = append(t.words, span{text, w.Start, w.End})
		deltas = append(deltas, text)
	}
	if c.End {
		t.endSegment()
	}
	return deltas
}

func (t *transcript) endSegment() {
	said := t.words[t.open:]
	if len(said) == 0 {
		return
	}
	t.open = len(t.words)
	s := segment{span{start: said[0].start}, said}
	for _, w := range said {
		s.text += w.text
		s.start, s.end = min(s.start, w.start), max(s.end, w.end)
	}
	t.segments = append(t.segments, s)
}
