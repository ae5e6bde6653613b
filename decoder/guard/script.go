package guard

import (
	"strings"
	"unicode"
)

// Languages that are not written in Latin letters alone.
var scripts = map[string][]*unicode.RangeTable{
	"ar": {unicode.Arabic}, "fa": {unicode.Arabic}, "ur": {unicode.Arabic},
	"be": {unicode.Cyrillic}, "bg": {unicode.Cyrillic}, "mk": {unicode.Cyrillic},
	"mn": {unicode.Cyrillic, unicode.Mongolian}, "ru": {unicode.Cyrillic}, "uk": {unicode.Cyrillic},
	"az": {unicode.Latin, unicode.Cyrillic}, "bs": {unicode.Latin, unicode.Cyrillic}, "kk": {unicode.Cyrillic, unicode.Latin},
	"sr": {unicode.Cyrillic, unicode.Latin}, "uz": {unicode.Latin, unicode.Cyrillic},
	"el": {unicode.Greek}, "he": {unicode.Hebrew}, "hy": {unicode.Armenian}, "ka": {unicode.Georgian},
	"hi": {unicode.Devanagari}, "mr": {unicode.Devanagari}, "ne": {unicode.Devanagari},
	"bn": {unicode.Bengali}, "gu": {unicode.Gujarati}, "pa": {unicode.Gurmukhi, unicode.Arabic},
	"kn": {unicode.Kannada}, "ml": {unicode.Malayalam}, "si": {unicode.Sinhala},
	"ta": {unicode.Tamil}, "te": {unicode.Telugu},
	"th": {unicode.Thai}, "lo": {unicode.Lao}, "km": {unicode.Khmer}, "my": {unicode.Myanmar},
	"zh": {unicode.Han, unicode.Bopomofo}, "ko": {unicode.Hangul},
	"ja": {unicode.Han, unicode.Hiragana, unicode.Katakana},
}

// Languages that are.
const latin = " af ca cs cy da de en es et eu fi fil fr ga gl hr hu id is it lt lv ms nl no pl pt ro sk sl so sq sv sw tr vi yo zu "

var (
	latinOnly  = []*unicode.RangeTable{unicode.Latin}
	wideScript = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul}
)

// Shares and lengths in letters. A wide letter counts as three, because it
// says as much as about three Latin ones.
const (
	wide = 3

	// fewForeign of another script pass: "π" and one sign of Chinese.
	fewForeign = 3
	// Latin letters are at home everywhere, so a text of them passes up to the
	// length of a product's name, and beside three times less of its own script.
	fewLatin  = 10
	mostLatin = 3
	// Japanese without kana this long is Chinese: names and titles are shorter.
	mostHan = 12 * wide
)

// letters counts the letters of a text.
type letters struct{ own, latin, other, kana int }

// Script reports whether text can be of the language with the code, by the
// scripts of its letters. Digits, punctuation and a few foreign names are fine
// in all. An unknown language may use any script.
func Script(text, language string) bool {
	own, ok := scripts[language]
	if !ok {
		own = latinOnly
		if !strings.Contains(latin, " "+language+" ") {
			return true
		}
	}
	n := count(text, own)
	switch {
	case n.other > fewForeign && n.other > n.own: // most of it is foreign
		return false
	case n.latin > fewLatin && n.latin > mostLatin*n.own:
		return false
	}
	return language != "ja" || n.own < mostHan || n.kana > 0
}

func count(text string, own []*unicode.RangeTable) (n letters) {
	for _, r := range text {
		if !unicode.IsLetter(r) || unicode.In(r, unicode.Common, unicode.Inherited) {
			continue
		}
		weight := 1
		if unicode.In(r, wideScript...) {
			weight = wide
		}
		switch {
		case unicode.In(r, own...):
			n.own += weight
		case unicode.Is(unicode.Latin, r):
			n.latin += weight
		default:
			n.other += weight
		}
		if unicode.In(r, unicode.Hiragana, unicode.Katakana) {
			n.kana++
		}
	}
	return n
}
