package score

import (
	"fmt"
	"strings"
)

// Tokenizers are the names CorpusBLEU takes.
const Tokenizers = "13a, zh, char, none"

// Tokenizer returns BLEU's tokenizer for a language: zh for Chinese, char for
// Japanese and Thai, 13a for the rest.
func Tokenizer(language string) string {
	if UnitOf(language) == ByWord {
		return "13a"
	}
	if strings.HasPrefix(strings.ToLower(language), "zh") {
		return "zh"
	}
	return "char"
}

// tokenizer returns the function that cuts a segment into BLEU's tokens.
func tokenizer(name string) (func(string) []string, error) {
	switch name {
	case "13a":
		return tokenize13a, nil
	case "zh":
		return tokenizeZh, nil
	case "char":
		return ByCharacter.Split, nil
	case "none":
		return fields, nil
	}
	why := "is not known"
	switch name {
	case "ja-mecab", "ko-mecab", "spm", "flores101", "flores200", "intl":
		why = "is one of sacrebleu's that need a dictionary, a model or tables and is left out"
	}
	return nil, fmt.Errorf("score: BLEU tokenizer %q %s; choose one of %s (char serves Japanese)", name, why, Tokenizers)
}

// entities are undone one after the other, as mteval does: "&amp;lt;" is "<".
var entities = [...][2]string{{"&quot;", `"`}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}}

// tokenize13a is the tokenization of mteval-v13a.
func tokenize13a(line string) []string {
	line = strings.ReplaceAll(line, "<skipped>", "")
	line = strings.ReplaceAll(line, "-\n", "")
	line = strings.ReplaceAll(line, "\n", " ")
	for _, e := range entities {
		line = strings.ReplaceAll(line, e[0], e[1])
	}
	return western(" " + line + " ")
}

// tokenizeZh sets every Chinese character alone and cuts the rest as 13a does.
func tokenizeZh(line string) []string {
	var b strings.Builder
	for _, r := range strings.TrimFunc(line, isSpace) {
		if isChinese(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		} else {
			b.WriteRune(r)
		}
	}
	return western(b.String())
}

// western cuts off punctuation. Each pass looks at the text the pass before it
// left and goes on behind what it has changed.
func western(line string) []string {
	text := setApart([]rune(line))
	text = pairs(text, "", " ", func(a, b rune) bool { return !isDigit(a) && isStop(b) })
	text = pairs(text, " ", "", func(a, b rune) bool { return isStop(a) && !isDigit(b) })
	text = pairs(text, "", " ", func(a, b rune) bool { return isDigit(a) && b == '-' })
	return fields(string(text))
}

// setApart puts spaces around ASCII symbols, except ' , - and full stops.
func setApart(text []rune) []rune {
	out := make([]rune, 0, len(text)+len(text)/2)
	for _, r := range text {
		if isSymbol(r) {
			out = append(out, ' ', r, ' ')
		} else {
			out = append(out, r)
		}
	}
	return out
}

// pairs sets a space into each pair a, b for which is holds, and before and
// behind around it.
func pairs(text []rune, before, behind string, is func(a, b rune) bool) []rune {
	out := make([]rune, 0, len(text)+len(text)/4)
	for i := 0; i < len(text); i++ {
		if i+1 == len(text) || !is(text[i], text[i+1]) {
			out = append(out, text[i])
			continue
		}
		out = append(out, []rune(before)...)
		out = append(out, text[i], ' ', text[i+1])
		out = append(out, []rune(behind)...)
		i++
	}
	return out
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isStop(r rune) bool { return r == '.' || r == ',' }

func isSymbol(r rune) bool {
	switch {
	case r >= '{' && r <= '~', r >= '[' && r <= '`', r >= ' ' && r <= '&':
		return true
	case r >= '(' && r <= '+', r >= ':' && r <= '@', r == '/':
		return true
	}
	return false
}

// chinese lists first and last characters of sacrebleu's ranges. Two of its
// ranges were meant for planes above the first and were written as
// escapes of four digits; what they cover in fact is the block after U+2000, dashes and
// quotation marks among it, and a few radicals. Scores depend on it.
var chinese = [...][2]rune{
	{0x3400, 0x4db5}, {0x4e00, 0x9fbb}, {0xf900, 0xfa2d}, {0xfa30, 0xfa6a}, {0xfa70, 0xfad9},
	{0x2001, 0x2a6d}, {0x2f81, 0x2fa1}, {0xff00, 0xffef}, {0x2e80, 0x2eff}, {0x3000, 0x303f},
	{0x31c0, 0x31ef}, {0x2f00, 0x2fdf}, {0x2ff0, 0x2fff}, {0x3100, 0x312f}, {0x31a0, 0x31bf},
	{0xfe10, 0xfe1f}, {0xfe30, 0xfe4f}, {0x2600, 0x26ff}, {0x2700, 0x27bf}, {0x3200, 0x33ff},
}

func isChinese(r rune) bool {
	for _, span := range chinese {
		if r >= span[0] && r <= span[1] {
			return true
		}
	}
	return false
}
