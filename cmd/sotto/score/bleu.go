package score

import (
	"fmt"
	"math"
	"strings"
)

const bleuOrder = 4

// BLEU is the corpus score of sacrebleu's defaults: orders 1 to 4, exponential
// smoothing, no effective order, case kept.
type BLEU struct {
	Score           float64            // 0 to 100
	Matches, Totals [bleuOrder]int     // n-grams found in a reference, n-grams there were
	Precisions      [bleuOrder]float64 // per cent
	BrevityPenalty  float64            // 0 to 1
	Length          int                // tokens of the hypotheses
	ReferenceLength int                // tokens of the references nearest in length
	tokenizer, refs string
}

// CorpusBLEU scores hypotheses, each against its own references, one or more.
// tokenizer is one of Tokenizers.
func CorpusBLEU(tokenizerName string, hypotheses []string, references [][]string) (*BLEU, error) {
	tokenize, err := tokenizer(tokenizerName)
	if err != nil {
		return nil, err
	}
	refs, err := checkCorpus(hypotheses, references)
	if err != nil {
		return nil, err
	}
	b := &BLEU{tokenizer: tokenizerName, refs: refs}
	tokens := func(text string) line {
		return wordLine(tokenize(strings.TrimRightFunc(valid(text), isSpace)))
	}
	for i, hypothesis := range hypotheses {
		b.add(tokens(hypothesis), references[i], tokens)
	}
	b.finish()
	return b, nil
}

// add counts one segment. An n-gram counts as often as the one reference has
// it that has it most often.
func (b *BLEU) add(hypothesis line, references []string, tokens func(string) line) {
	length, nearest := len(hypothesis.start), -1
	var most [bleuOrder]map[string]int
	for _, text := range references {
		r := tokens(text)
		if n := len(r.start); nearest < 0 || nearer(n, nearest, length) {
			nearest = n
		}
		for n := range most {
			most[n] = union(most[n], r.ngrams(n+1))
		}
	}
	for n := range most {
		bag := hypothesis.ngrams(n + 1)
		b.Matches[n] += overlap(bag, most[n])
		b.Totals[n] += total(bag)
	}
	b.Length += length
	b.ReferenceLength += nearest
}

// nearer says whether length a is closer to length than b; of equals, the
// shorter is.
func nearer(a, b, length int) bool {
	da, db := max(a-length, length-a), max(b-length, length-b)
	return da < db || da == db && a < b
}

// union raises the counts of a bag to those of another.
func union(bag, other map[string]int) map[string]int {
	if bag == nil {
		return other
	}
	for gram, count := range other {
		bag[gram] = max(bag[gram], count)
	}
	return bag
}

// finish computes the score of the counts. Without any match all is 0; an order
// without any n-gram makes the score 0.
func (b *BLEU) finish() {
	b.BrevityPenalty = 1
	if b.Length == 0 && b.ReferenceLength > 0 {
		b.BrevityPenalty = 0
	} else if b.Length < b.ReferenceLength {
		b.BrevityPenalty = math.Exp(1 - float64(b.ReferenceLength)/float64(b.Length))
	}
	if b.Matches == ([bleuOrder]int{}) {
		return
	}
	logs, smooth := 0.0, 1.0
	for n := range b.Precisions {
		if b.Totals[n] == 0 {
			return
		}
		if b.Matches[n] == 0 {
			smooth *= 2
			b.Precisions[n] = 100 / (smooth * float64(b.Totals[n]))
		} else {
			b.Precisions[n] = 100 * float64(b.Matches[n]) / float64(b.Totals[n])
		}
		logs += math.Log(b.Precisions[n])
	}
	b.Score = min(100, b.BrevityPenalty*math.Exp(logs/bleuOrder))
}

// Signature says how the score was computed, in sacrebleu's form. The version
// is the release whose results ours equal.
func (b *BLEU) Signature() string {
	return fmt.Sprintf("nrefs:%s|case:mixed|eff:no|tok:%s|smooth:exp|version:%s", b.refs, b.tokenizer, version)
}

// String is sacrebleu's line of the score.
func (b *BLEU) String() string {
	ratio := 0.0
	if b.ReferenceLength > 0 {
		ratio = float64(b.Length) / float64(b.ReferenceLength)
	}
	p := b.Precisions
	return fmt.Sprintf("BLEU = %.2f %.1f/%.1f/%.1f/%.1f (BP = %.3f ratio = %.3f hyp_len = %d ref_len = %d)",
		b.Score, p[0], p[1], p[2], p[3], b.BrevityPenalty, ratio, b.Length, b.ReferenceLength)
}
