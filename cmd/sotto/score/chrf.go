package score

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	charOrder = 6
	chrfBeta  = 2
)

// ChrF is the character n-gram F-score, corpus level, as sacrebleu's: orders 1
// to 6, beta 2, white space left out, precision and recall averaged over the
// orders that both sides have.
type ChrF struct {
	Score     float64 // 0 to 100
	wordOrder int
	refs      string
}

// CorpusChrF scores hypotheses, each against its own references.
func CorpusChrF(hypotheses []string, references [][]string) (*ChrF, error) {
	return corpusChrF(0, hypotheses, references)
}

// CorpusChrFPlus is chrF++: word n-grams of order 1 and 2 count too.
func CorpusChrFPlus(hypotheses []string, references [][]string) (*ChrF, error) {
	return corpusChrF(2, hypotheses, references)
}

// orderCounts are the n-grams of one order: of the hypothesis, of the
// reference, and those in both.
type orderCounts struct{ hypothesis, reference, both int }

func corpusChrF(wordOrder int, hypotheses []string, references [][]string) (*ChrF, error) {
	refs, err := checkCorpus(hypotheses, references)
	if err != nil {
		return nil, err
	}
	sums := make([]orderCounts, charOrder+wordOrder)
	for i, hypothesis := range hypotheses {
		for n, c := range bestCounts(bags(hypothesis, wordOrder), references[i], wordOrder) {
			sums[n].hypothesis += c.hypothesis
			sums[n].reference += c.reference
			sums[n].both += c.both
		}
	}
	return &ChrF{Score: min(100, fScore(sums)), wordOrder: wordOrder, refs: refs}, nil
}

// bestCounts counts a segment against the reference with the best score, the
// first of equals.
func bestCounts(hypothesis []map[string]int, references []string, wordOrder int) []orderCounts {
	var best []orderCounts
	bestScore := -1.0
	for _, text := range references {
		counts := compare(hypothesis, bags(text, wordOrder))
		if score := fScore(counts); score > bestScore {
			best, bestScore = counts, score
		}
	}
	return best
}

// compare counts order by order. Where the reference has none, nothing counts.
func compare(hypothesis, reference []map[string]int) []orderCounts {
	counts := make([]orderCounts, len(hypothesis))
	for n := range counts {
		if len(reference[n]) > 0 {
			counts[n] = orderCounts{total(hypothesis[n]), total(reference[n]), overlap(hypothesis[n], reference[n])}
		}
	}
	return counts
}

// bags returns the n-grams of a text: characters first, words behind them.
func bags(text string, wordOrder int) []map[string]int {
	text = valid(text)
	out := make([]map[string]int, 0, charOrder+wordOrder)
	chars := charLine(text)
	for n := 1; n <= charOrder; n++ {
		out = append(out, chars.ngrams(n))
	}
	if wordOrder > 0 {
		words := wordLine(cutPunctuation(fields(text)))
		for n := 1; n <= wordOrder; n++ {
			out = append(out, words.ngrams(n))
		}
	}
	return out
}

const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// cutPunctuation cuts one mark off the end of a word or, if there is none, one
// off its beginning.
func cutPunctuation(words []string) []string {
	var out []string
	for _, w := range words {
		first, last := w[0], w[len(w)-1]
		switch {
		case utf8.RuneCountInString(w) == 1:
			out = append(out, w)
		case strings.IndexByte(punctuation, last) >= 0:
			out = append(out, w[:len(w)-1], w[len(w)-1:])
		case strings.IndexByte(punctuation, first) >= 0:
			out = append(out, w[:1], w[1:])
		default:
			out = append(out, w)
		}
	}
	return out
}

// fScore averages precision and recall over the orders that both sides have.
func fScore(counts []orderCounts) float64 {
	var precision, recall, orders float64
	for _, c := range counts {
		if c.hypothesis > 0 && c.reference > 0 {
			precision += float64(c.both) / float64(c.hypothesis)
			recall += float64(c.both) / float64(c.reference)
			orders++
		}
	}
	if precision+recall == 0 {
		return 0
	}
	precision, recall = precision/orders, recall/orders
	return 100 * ((1 + chrfBeta*chrfBeta) * precision * recall / (chrfBeta*chrfBeta*precision + recall))
}

// Name is chrF2 or chrF2++.
func (c *ChrF) Name() string {
	return fmt.Sprintf("chrF%d%s", chrfBeta, strings.Repeat("+", c.wordOrder))
}

// Signature says how the score was computed, in sacrebleu's form.
func (c *ChrF) Signature() string {
	return fmt.Sprintf("nrefs:%s|case:mixed|eff:yes|nc:%d|nw:%d|space:no|version:%s", c.refs, charOrder, c.wordOrder, version)
}

// String is sacrebleu's line of the score.
func (c *ChrF) String() string { return fmt.Sprintf("%s = %.2f", c.Name(), c.Score) }
