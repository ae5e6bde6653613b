package subtitle

import (
	"strings"
	"unicode"
)

const maxMarks = 8 // combining marks and joiners behind one character

// Plain is text that tells a player or a terminal nothing: control characters and line
// ends become spaces, spaces that follow each other one, and what turns the direction
// of writing goes. Marks are kept as far as a language needs them.
func Plain(text string) string {
	var b strings.Builder
	marks, space := 0, false
	for _, r := range text {
		switch {
		case r == ' ' || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
			if !space {
				b.WriteByte(' ')
			}
			marks, space = 0, true
			continue
		case unicode.Is(unicode.Cf, r) && !joins(r):
			continue
		case unicode.Is(unicode.M, r) || joins(r):
			if marks++; marks > maxMarks {
				continue
			}
		default:
			marks = 0
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// joins reports whether a format character belongs to words or emoji: joiners, marks
// of a direction, tags of flags.
func joins(r rune) bool {
	return r == '\u200c' || r == '\u200d' || r == '\u200e' || r == '\u200f' || r == '\u061c' || r >= 0xe0020 && r <= 0xe007f
}
