package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// longStream is speech of two hours for each 1,000 sentences, 13.5 words each,
// with one word in five wrong.
func longStream(sentenceCount int) ([]Word, []Sentence) {
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		return fmt.Sprintf("w%x", int(math.Pow(4000, rnd.Float64()))*7919%65536)
	}
	var words []Word
	var sentences []Sentence
	for i := range sentenceCount {
		start := float64(i) * 7200
		var texts []string
		for k := range 13 + i%2 {
			text := word()
			texts = append(texts, text)
			if rnd.IntN(5) == 0 {
				text = word()
			}
			at := start + float64(k)*500 + 2000
			words = append(words, Word{text, at, at + 50})
		}
		sentences = append(sentences, Sentence{strings.Join(texts, " "), start, start + 7000})
	}
	return words, sentences
}

func TestAnHour(t *testing.T) {
	words, sentences := longStream(500)
	for name, align := range map[string]func([]Word, []Sentence, Unit) (*Alignment, error){"mWER": MWERSegment, "soft": SoftSegment} {
		a, err := align(words, sentences, ByWord)
		if err != nil {
			t.Fatal(err)
		}
		checkAligned(t, a, words)
		m, err := LongYAAL(a.Segments, Unaware)
		if err != nil || m.Scored < 490 || m.Value < 1500 || m.Value > 2500 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// BenchmarkThreeHours is what scoring 20,000 words takes.
func BenchmarkThreeHours(b *testing.B) {
	words, sentences := longStream(1500)
	b.Run("mWER", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			MWERSegment(words, sentences, ByWord)
		}
	})
	b.Run("soft", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			SoftSegment(words, sentences, ByWord)
		}
	})
	var h, r []string
	for _, w := range words {
		h = append(h, w.Text)
	}
	for _, s := range sentences {
		r = append(r, s.Text)
	}
	hypothesis, reference := []string{strings.Join(h, " ")}, []string{strings.Join(r, " ")}
	b.Run("WER", func(b *testing.B) {
		for b.Loop() {
			WER(hypothesis, reference)
		}
	})
	b.Run("CER", func(b *testing.B) {
		for b.Loop() {
			CER(hypothesis, reference)
		}
	})
	b.Run("chrF++", func(b *testing.B) {
		for b.Loop() {
			CorpusChrFPlus(hypothesis, [][]string{reference})
		}
	})
}
