package realtime

import (
	"strings"

	"sotto"
	"sotto/decoder/words"
)

// joiner puts the words of segments, between which there is no space, into one
// text.
type joiner struct {
	any      bool // there is text
	segment  int  // of the newest of it
	language string
}

// join returns what a caption appends to the text.
func (j *joiner) join(c *sotto.Caption) string {
	text := c.Text()
	if text == "" {
		return ""
	}
	begins := c.Segment != j.segment || c.Language != j.language
	if j.any && begins && words.Spaced(text) {
		text = " " + strings.TrimLeft(text, " ")
	}
	j.any, j.segment, j.language = true, c.Segment, c.Language
	return text
}
