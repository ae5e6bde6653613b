package score

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// version is the sacrebleu release whose results BLEU and chrF equal.
const version = "2.6.0"

// line is a text whose items, words or characters, lie in one string, so that
// every n-gram is a part of it.
type line struct {
	text       string
	start, end []int // byte offsets of the items
}

// wordLine holds tokens, which have no white space inside.
func wordLine(tokens []string) line {
	l := line{text: strings.Join(tokens, " ")}
	at := 0
	for _, t := range tokens {
		l.start, l.end = append(l.start, at), append(l.end, at+len(t))
		at += len(t) + 1
	}
	return l
}

// charLine holds the characters of a text without its white space.
func charLine(text string) line {
	l := line{text: strings.Join(fields(text), "")}
	for at, r := range l.text {
		l.start, l.end = append(l.start, at), append(l.end, at+utf8.RuneLen(r))
	}
	return l
}

// ngrams counts the n-grams of one order.
func (l line) ngrams(n int) map[string]int {
	counts := make(map[string]int)
	for i := 0; i+n <= len(l.start); i++ {
		counts[l.text[l.start[i]:l.end[i+n-1]]]++
	}
	return counts
}

// overlap counts what two bags have in common.
func overlap(a, b map[string]int) int {
	if len(b) < len(a) {
		a, b = b, a
	}
	n := 0
	for gram, count := range a {
		n += min(count, b[gram])
	}
	return n
}

func total(bag map[string]int) int {
	n := 0
	for _, count := range bag {
		n += count
	}
	return n
}

// checkCorpus refuses a corpus without segments or a segment without
// references. It returns how many references every segment has, or "var".
func checkCorpus(hypotheses []string, references [][]string) (string, error) {
	if len(hypotheses) == 0 {
		return "", errors.New("score: no segments to score; give at least one")
	}
	if len(hypotheses) != len(references) {
		return "", fmt.Errorf("score: %d hypotheses and references of %d segments; give one set of references for each hypothesis",
			len(hypotheses), len(references))
	}
	count := strconv.Itoa(len(references[0]))
	for i, refs := range references {
		if len(refs) == 0 {
			return "", fmt.Errorf("score: segment %d has no reference; give at least one, which may be empty", i)
		}
		if len(refs) != len(references[0]) {
			count = "var"
		}
	}
	return count, nil
}
