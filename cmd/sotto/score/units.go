// Package score measures simultaneous translation: how good the text is (word
// error rate, BLEU, chrF), how late it came (the AL family, StreamLAAL,
// LongYAAL, ATD) and how calm it was (erasure, gaps). It also writes the logs
// that the field's own tools read. It knows nothing of models or of sound.
package score

import (
	"strings"
	"unicode"
)

// Unit is what delays are counted by.
type Unit int

const (
	ByWord      Unit = iota // runs between white space
	ByCharacter             // code points, white space left out
)

// UnitOf returns the unit that the field counts a language by. language is a
// tag such as "de" or "zh-Hant".
func UnitOf(language string) Unit {
	base, _, _ := strings.Cut(strings.ReplaceAll(language, "_", "-"), "-")
	switch strings.ToLower(base) {
	case "zh", "ja", "th":
		return ByCharacter
	}
	return ByWord
}

// Split cuts text into its units.
func (u Unit) Split(text string) []string {
	if u == ByWord {
		return fields(text)
	}
	var units []string
	for _, r := range text {
		if !isSpace(r) {
			units = append(units, string(r))
		}
	}
	return units
}

// Join makes a text of units again.
func (u Unit) Join(units []string) string {
	if u == ByWord {
		return strings.Join(units, " ")
	}
	return strings.Join(units, "")
}

// String names the unit as the field's tools do.
func (u Unit) String() string {
	if u == ByWord {
		return "word"
	}
	return "char"
}

// isSpace is white space as Python sees it, which the tools are written in:
// four separators more than Go has.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func fields(text string) []string { return strings.FieldsFunc(text, isSpace) }

// valid makes every broken byte run of a text one replacement character, so
// that all counts below are of code points.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
