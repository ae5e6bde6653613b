package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// class is what a grapheme cluster does in a text, told by its first rune.
type class uint8

const (
	nothing class = iota // no cluster yet
	word                 // letters of scripts with spaces, symbols, emoji
	digit                // 0 to 9 of any script
	single               // a cluster of a script without spaces: a unit alone
	space                // before a unit, and part of it
	glue                 // a space or a mark of no width at which nothing is cut
	opener               // belongs to what follows: ( ¿ 「
	quote                // opener, or closer after a word: « “
	closer               // belongs to what is before: , . ? ! » %
	sign                 // closer, but for a number it begins: - +
)

// cluster is one grapheme cluster.
type cluster struct {
	class       class
	first, last rune
	end         int // in bytes
}

// clusters cuts text into grapheme clusters.
func clusters(text string) []cluster {
	var all []cluster
	for at, state := 0, -1; at < len(text); {
		var piece string
		piece, _, _, state = uniseg.FirstGraphemeClusterInString(text[at:], state)
		first, _ := utf8.DecodeRuneInString(piece)
		last, _ := utf8.DecodeLastRuneInString(piece)
		at += len(piece)
		all = append(all, cluster{classOf(first), first, last, at})
	}
	return all
}

// Runes whose Unicode category says too little.
const (
	glues   = "\u00a0\u2007\u202f\u2060\ufeff" // no-break spaces and joiners
	signs   = "-+−±\u2010\u2011"
	openers = "¿¡"
	symbols = `@#&*/\§¶†‡`
	// Letters that end a syllable or repeat it: vowels after their consonant,
	// then marks of repetition and abbreviation, often after a space.
	followers = "ะาๅະາ" + "ๆฯໆຯៗ"
)

// ascii holds the classes that are asked for most.
var ascii = func() (table [unicode.MaxASCII + 1]class) {
	for r := range table {
		table[r] = lookUp(rune(r))
	}
	return table
}()

func classOf(r rune) class {
	switch {
	case r <= unicode.MaxASCII:
		return ascii[r]
	case !unicode.IsLetter(r):
		return lookUp(r)
	case strings.ContainsRune(followers, r):
		return closer
	case isUnspaced(r):
		return single
	}
	return word
}

// lookUp goes by category. A mark that is a cluster alone, as are some Burmese
// vowels, belongs to what is before.
func lookUp(r rune) class {
	switch {
	case strings.ContainsRune(glues, r):
		return glue
	case unicode.IsSpace(r) || r == '\u200b':
		return space
	case unicode.Is(unicode.Nd, r):
		return digit
	case strings.ContainsRune(signs, r):
		return sign
	case unicode.Is(unicode.Ps, r) || strings.ContainsRune(openers, r):
		return opener
	case strings.ContainsRune(symbols, r):
		return word
	case unicode.Is(unicode.Pi, r):
		return quote
	case unicode.In(r, unicode.Pe, unicode.Pf, unicode.Po, unicode.Pd, unicode.M):
		return closer
	case isUnspaced(r): // its digits, such as 〇
		return single
	}
	return word
}

// isUnspaced reports whether r is of a script without spaces between words.
// Unicode counts the mark of long vowels, U+30FC, to no script.
func isUnspaced(r rune) bool {
	return r > '\u0dff' && (r == '\u30fc' || r == '\uff70' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Bopomofo, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

// bindsNext reports whether a cluster that ends with r is read together with
// the next: Thai and Lao vowels written before their consonant, Khmer and
// Burmese marks that stack the next consonant below.
func bindsNext(r rune) bool {
	return 'เ' <= r && r <= 'ไ' || 'ເ' <= r && r <= 'ໄ' || r == '\u17d2' || r == '\u1039'
}

// isWide reports whether r is punctuation of East Asian width.
func isWide(r rune) bool {
	return '\u3001' <= r && r <= '\u303f' || '\uff01' <= r && r <= '\uffee'
}

// isMeasure reports whether r makes one unit with a number before a space.
func isMeasure(r rune) bool { return strings.ContainsRune("%‰°", r) || unicode.Is(unicode.Sc, r) }

// isDash reports whether r alone stands between words.
func isDash(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '−' }

// breaksWord reports whether a word ends after r although no space follows.
func breaksWord(r rune) bool { return r == '—' || r == '―' || r == '…' }
