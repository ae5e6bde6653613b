package guard

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// refusalStart, in bytes, is how much of a reply is read: two sentences, since
// a refusal says at once that it is one.
const refusalStart = 320

var (
	refusals = compile(english, spanish, french, german, italian, portuguese)
	// A reply that is all one bracket describes the sound: "[inaudible]". Speech
	// is never written so.
	bracketed = regexp.MustCompile(`^(?:\[[^\[\]]*\]|[(*](?:inaudible|unintelligible|silence|no (?:speech|audio|sound))[)*])[.!]?$`)
)

// plain takes emphasis out and writes apostrophes one way.
var plain = strings.NewReplacer("’", "'", "*", "", "_", "")

// phrases are the refusals of one language, as regular expressions of lower
// case. A refusal is optional excuses and then one of the phrases.
type phrases struct {
	excuse string
	talk   []string
}

// compile makes one expression of all, to go over a text once.
func compile(languages ...phrases) *regexp.Regexp {
	var all []string
	for _, l := range languages {
		all = append(all, `(?:(?:`+l.excuse+`)[,.!;:]* ?)*(?:`+strings.Join(l.talk, "|")+`)`)
	}
	return regexp.MustCompile(`^(?:` + strings.Join(all, "|") + `)`)
}

// Refusal reports whether a reply talks about the task and not from the sound:
// a refusal, the model's word on itself, on the recording or on its output, in
// English, Spanish, French, German, Italian and Portuguese. Only the start
// counts, and only what a speaker would hardly say: an excuse alone, or that
// somebody cannot hear, is speech.
func Refusal(text string) bool {
	start := normal(text)
	return bracketed.MatchString(start) || refusals.MatchString(start)
}

// normal returns the start of a text in lower case, with single spaces and
// plain apostrophes, without emphasis, and without quotes or a list's mark in front.
func normal(text string) string {
	if len(text) > refusalStart {
		cut := refusalStart
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	if bracketed.MatchString(text) {
		return text
	}
	return strings.TrimLeft(plain.Replace(text), `"'#>-–—«“„¡¿ `)
}
