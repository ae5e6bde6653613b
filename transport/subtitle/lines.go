package subtitle

import (
	"strings"
	"unicode/utf8"
)

// What it costs to part text, in a measure of its own: equal halves of two full lines
// cost about as much as a break that no rule speaks for or against.
const (
	atSentence = 0
	atComma    = 15
	atShort    = 30  // before a short word, which mostly belongs to what follows
	atWord     = 40  // anywhere else
	afterShort = 60  // behind a short word
	inWord     = 500 // where no line may end
	shortWord  = 3   // columns
)

// parting is the cost of a border between two units that follow each other.
func parting(before, after *unit) int {
	switch {
	case after.glued:
		return inWord
	case endsSentence(before.text):
		return atSentence
	case endsWith(before.text, ",;:—–、，；："):
		return atComma
	case after.spaced && before.width <= shortWord:
		return afterShort
	case after.spaced && after.width <= shortWord:
		return atShort
	}
	return atWord
}

func endsSentence(text string) bool { return endsWith(text, ".?!…。？！") }

// endsWith reports whether text ends with one of marks, quotation marks aside.
func endsWith(text, marks string) bool {
	last, size := utf8.DecodeLastRuneInString(strings.TrimRight(text, " \"'»”’)」』"))
	return size > 0 && strings.ContainsRune(marks, last)
}

// halve returns how many units go on the first of two lines, all where one line
// holds them; false where two lines do not.
func halve(units []unit) (first int, ok bool) {
	whole := columns(units)
	if whole <= maxColumns {
		return len(units), true
	}
	best := 0
	for n := 1; n < len(units); n++ {
		a, b := columns(units[:n]), columns(units[n:])
		if a > maxColumns || b > maxColumns {
			continue
		}
		cost := (a-b)*(a-b)/10 + parting(&units[n-1], &units[n])
		if !ok || cost < best {
			first, best, ok = n, cost, true
		}
	}
	return first, ok
}

// lines returns units that fit into a cue as its lines.
func lines(units []unit) []string {
	first, _ := halve(units)
	if first == len(units) {
		return []string{join(units)}
	}
	return []string{join(units[:first]), join(units[first:])}
}
