package guard

import (
	"strings"
	"unicode"
)

// Clean makes text fit to be shown: line breaks and tabs become spaces, and
// control characters, overrides of the writing direction, invisible tags and
// code points that are no characters go. Joiners, variation selectors and the
// plain direction marks stay, for emoji and several scripts need them. Every
// byte that is not UTF-8 becomes U+FFFD. Cleaned parts joined are the cleaned whole.
func Clean(text string) string {
	return strings.Map(fit, text)
}

// fit returns what is shown for r, or -1 for nothing.
func fit(r rune) rune {
	switch {
	case '\t' <= r && r <= '\r', r == '\u0085', r == '\u2028', r == '\u2029':
		return ' '
	case unicode.Is(unicode.Cc, r):
		return -1
	case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u206f': // direction, and marks out of use
		return -1
	case r == '\ufeff', '\ufff9' <= r && r <= '\ufffb': // byte order, annotations
		return -1
	case '\U000e0000' <= r && r <= '\U000e007f': // tags can carry hidden text
		return -1
	case r&0xfffe == 0xfffe, '\ufdd0' <= r && r <= '\ufdef': // no characters
		return -1
	}
	return r
}
