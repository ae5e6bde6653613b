package score

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var zero float64

func one(text string) [][]string { return [][]string{{text}} }

func TestTokenizerNames(t *testing.T) {
	for _, name := range []string{"ja-mecab", "spm", "", "13A"} {
		_, err := CorpusBLEU(name, []string{"a"}, one("a"))
		if err == nil || !strings.Contains(err.Error(), Tokenizers) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for language, want := range map[string]string{"en": "13a", "zh": "zh", "zh-Hant": "zh", "ja": "char", "th": "char", "": "13a"} {
		if got := Tokenizer(language); got != want {
			t.Errorf("%q: %s, want %s", language, got, want)
		}
	}
}

func TestCorporaRefused(t *testing.T) {
	for name, c := range map[string]struct {
		h []string
		r [][]string
	}{
		"no segments":     {},
		"a missing set":   {[]string{"a", "b"}, one("a")},
		"no reference":    {[]string{"a"}, [][]string{{}}},
		"none for second": {[]string{"a", "b"}, [][]string{{"a"}, nil}},
	} {
		if _, err := CorpusBLEU("13a", c.h, c.r); err == nil {
			t.Errorf("BLEU took %s", name)
		}
		if _, err := CorpusChrFPlus(c.h, c.r); err == nil {
			t.Errorf("chrF++ took %s", name)
		}
	}
	if _, err := WER([]string{"a"}, nil); err == nil {
		t.Error("WER took a hypothesis without a reference")
	}
}

func TestErrorRateOfNothing(t *testing.T) {
	for _, c := range []struct {
		h, r string
		want float64
	}{{"", "", 0}, {"a", "", 100}, {"", "a", 100}, {"a b c", "x", 300}, {" a\tb ", "a b", 0}} {
		for _, f := range []func(h, r []string) (ErrorRate, error){WER, CER} {
			got, err := f([]string{c.h}, []string{c.r})
			if err != nil || c.want != 300 && got.Percent() != c.want {
				t.Errorf("%q against %q: %v, %v; want %v", c.h, c.r, got, err, c.want)
			}
		}
	}
	if got, _ := WER([]string{"a b c"}, []string{"x"}); got.Percent() != 300 {
		t.Errorf("%v, want 300 %%", got)
	}
}

func TestSameTextIsPerfect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zé一-三]{1,6}`), 4, 30).Draw(t, "words")
		text := strings.Join(words, " ")
		b, err := CorpusBLEU("13a", []string{text}, one(text))
		if err != nil || !near(b.Score, 100) || b.BrevityPenalty != 1 {
			t.Fatalf("BLEU %v, %v", b, err)
		}
		f, err := CorpusChrFPlus([]string{text}, one(text))
		if err != nil || !near(f.Score, 100) {
			t.Fatalf("chrF++ %v, %v", f, err)
		}
		if e, err := WER([]string{text}, []string{text}); err != nil || e != (ErrorRate{0, len(words)}) {
			t.Fatalf("WER %v, %v", e, err)
		}
	})
}

// fourPasses is the tokenization as the regular expressions of mteval.
func fourPasses(text string) []string {
	for _, p := range [...][2]string{
		{"([{-~\\[-` -&(-+:-@/])", " $1 "}, {`([^0-9])([.,])`, "$1 $2 "}, {`([.,])([^0-9])`, " $1 $2"}, {`([0-9])(-)`, "$1 $2 "},
	} {
		text = regexp.MustCompile(p[0]).ReplaceAllString(text, p[1])
	}
	return fields(text)
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "a.b, c-d 1.5-2", "\xff\xfe", "&amp;lt; <skipped>-\n", "。，", "\u2028\x1c", "ab cd ef gh ij"} {
		f.Add(s, "the cat. 1,5")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, hypothesis, reference string) {
		if clean := strings.ReplaceAll(valid(hypothesis), "\n", " "); !slices.Equal(western(clean), fourPasses(clean)) {
			t.Errorf("%q is cut into %q, want %q", clean, western(clean), fourPasses(clean))
		}
		for _, name := range strings.Split(Tokenizers, ", ") {
			b, err := CorpusBLEU(name, []string{hypothesis}, one(reference))
			if err != nil || !(b.Score >= 0 && b.Score <= 100) || strings.Contains(b.String(), "NaN") {
				t.Errorf("%s: %v, %v", name, b, err)
			}
		}
		for _, chrF := range []func([]string, [][]string) (*ChrF, error){CorpusChrF, CorpusChrFPlus} {
			if c, err := chrF([]string{hypothesis}, one(reference)); err != nil || !(c.Score >= 0 && c.Score <= 100) {
				t.Errorf("%v, %v", c, err)
			}
		}
		for _, rate := range []func(h, r []string) (ErrorRate, error){WER, CER} {
			if e, err := rate([]string{hypothesis}, []string{reference}); err != nil || !(e.Percent() >= 0) || hypothesis == reference && e.Errors != 0 {
				t.Errorf("%v, %v", e, err)
			}
		}
	})
}

// FuzzAlign: each word goes to one sentence, in order, and no figure is NaN.
func FuzzAlign(f *testing.F) {
	f.Add("a b c", "a b\nc", uint8(0))
	f.Add("- , a", "b\n\n-", uint8(1))
	f.Add("的ab人", "ab\n的", uint8(3))
	f.Fuzz(func(t *testing.T, hypothesis, reference string, flags uint8) {
		u := Unit(flags & 1)
		var words []Word
		for i, text := range u.Split(hypothesis) {
			words = append(words, Word{text, float64(i * 100), float64(i * 110)})
		}
		var sentences []Sentence
		for i, text := range strings.Split(reference, "\n") {
			sentences = append(sentences, Sentence{text, float64(i * 1000), float64(i*1000 + 1000*int(flags>>7))})
		}
		m, err := MWERSegment(words, sentences, u)
		if err != nil {
			t.Fatal(err)
		}
		checkAligned(t, m, words)
		s, err := SoftSegment(words, sentences, u)
		if err != nil && len(fields(reference)) > 0 {
			t.Fatal(err)
		} else if err == nil {
			checkAligned(t, s, words)
		}
	})
}

func checkAligned(t *testing.T, a *Alignment, words []Word) {
	t.Helper()
	var texts []string
	for _, s := range a.Segments {
		for _, w := range s.Words {
			texts = append(texts, w.Text)
		}
	}
	if len(texts)+a.Dropped != len(words) {
		t.Fatalf("%d words and %d dropped of %d", len(texts), a.Dropped, len(words))
	}
	for i, w := range words[a.Dropped:] {
		if a.Dropped == 0 && w.Text != texts[i] {
			t.Fatalf("word %d is %q, was %q", i, texts[i], w.Text)
		}
	}
	for _, c := range []Clock{Unaware, Aware} {
		for _, f := range []metric{AL, LAAL, AP, DAL, YAAL, LongYAAL, StreamLAAL, FirstWord, EndOfSpeech} {
			if m, err := f(a.Segments, c); err != nil || math.IsNaN(m.Value) || m.Scored+m.Skipped != len(a.Segments) {
				t.Fatalf("%+v, %v", m, err)
			}
		}
	}
}

func TestDegenerateSegments(t *testing.T) {
	nan := zero / zero
	word := []Word{{"a", 100, 100}}
	for name, c := range map[string]struct {
		segments       []Segment
		scored, failed bool
	}{
		"no segments":       {nil, false, false},
		"no words":          {[]Segment{{Reference: []string{"a"}, SourceMs: 100, LeftMs: 100}}, false, false},
		"no duration":       {[]Segment{{Words: word, Reference: []string{"a"}}}, false, false},
		"hardly a duration": {[]Segment{{Words: word, Reference: []string{"a"}, SourceMs: 5e-324, LeftMs: 1}}, false, false},
		"negative duration": {[]Segment{{Words: word, Reference: []string{"a"}, SourceMs: -1}}, false, false},
		"no reference":      {[]Segment{{Words: word, SourceMs: 500, LeftMs: 500}}, true, false},
		"huge":              {[]Segment{{Words: []Word{{"a", 1e12, 1e12}}, SourceMs: 1e12, LeftMs: 1e12}}, true, false},
		"NaN delay":         {[]Segment{{Words: []Word{{"a", nan, 0}}, SourceMs: 500}}, false, true},
		"NaN elapsed":       {[]Segment{{Words: []Word{{"a", 0, nan}}, SourceMs: 500}}, false, true},
		"infinite delay":    {[]Segment{{Words: []Word{{"a", 1 / zero, 0}}, SourceMs: 500}}, false, true},
		"NaN duration":      {[]Segment{{Words: word, SourceMs: nan}}, false, true},
		"NaN end":           {[]Segment{{Words: word, SourceMs: 500, LeftMs: nan}}, false, true},
	} {
		for _, f := range []metric{AL, LAAL, AP, DAL, ATD, FirstWord, EndOfSpeech} {
			m, err := f(c.segments, Unaware)
			if (err != nil) != c.failed || (m.Scored > 0) != c.scored || math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
			if !c.failed && m.Scored+m.Skipped != len(c.segments) {
				t.Errorf("%s: %+v of %d", name, m, len(c.segments))
			}
		}
		for _, f := range []metric{YAAL, LongYAAL} {
			if m, err := f(c.segments, Unaware); (err != nil) != c.failed || math.IsNaN(m.Value) {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
		}
	}
	if _, err := ATD([]Segment{{Words: []Word{{"a", 9, 9}, {"b", 8, 8}}, SourceMs: 10}}, Unaware); err == nil || !strings.Contains(err.Error(), "word 1") {
		t.Errorf("delays that go back: %v", err)
	}
}

func TestAlignmentsRefused(t *testing.T) {
	many := make([]Word, maxAligned+1)
	for name, c := range map[string]struct {
		words     []Word
		sentences []Sentence
	}{
		"no sentences":   {[]Word{{Text: "a"}}, nil},
		"too many words": {many, []Sentence{{"a", 0, 1}}},
		"NaN":            {[]Word{{"a", zero / zero, 0}}, []Sentence{{"a", 0, 1}}},
		"a NaN start":    {nil, []Sentence{{"a", zero / zero, 1}}},
		"ends before":    {nil, []Sentence{{"a", 2, 1}}},
		"an endless one": {nil, []Sentence{{"a", 0, 1 / zero}}},
	} {
		for _, align := range []func([]Word, []Sentence, Unit) (*Alignment, error){MWERSegment, SoftSegment} {
			if _, err := align(c.words, c.sentences, ByWord); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
	if _, err := SoftSegment([]Word{{Text: "a"}}, []Sentence{{"", 0, 1}}, ByWord); err == nil {
		t.Error("words were aligned with an empty reference")
	}
}

func TestFasterIsSmaller(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var slow, fast Segment
		slow.SourceMs, slow.LeftMs = 1e6, 2e6
		at := 0.0
		for i := range rapid.IntRange(1, 40).Draw(t, "words") {
			at += rapid.Float64Range(0, 900).Draw(t, "step")
			slow.Words = append(slow.Words, Word{fmt.Sprint(i), at + 1000, at + 1000})
		}
		fast = slow
		fast.Words = shifted(slow.Words, rapid.Float64Range(1, 1000).Draw(t, "sooner"))
		for _, f := range []metric{AL, LAAL, AP, DAL, YAAL, LongYAAL, FirstWord, EndOfSpeech} {
			a, err := f([]Segment{fast}, Unaware)
			b, err2 := f([]Segment{slow}, Unaware)
			if err != nil || err2 != nil || a.Value >= b.Value {
				t.Fatalf("%v of the faster, %v of the slower", a, b)
			}
		}
	})
}

func TestAppendOnlyErasesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &Log{Recording: "a"}
		for i := range rapid.IntRange(0, 30).Draw(t, "steps") {
			tail := rapid.SliceOfN(rapid.StringMatching("[ab]{1,2}"), 0, 4).Draw(t, "tail")
			if err := l.Show(float64(i), float64(i), 1, len(l.Words()), tail); err != nil {
				t.Fatal(err)
			}
		}
		if ne := NormalizedErasure(l); ne != 0 {
			t.Fatalf("normalized erasure %v", ne)
		}
	})
	l := &Log{}
	show(t, l, 1, 0, "a b")
	show(t, l, 2, 0, "")
	if ne := NormalizedErasure(l); ne != 2 {
		t.Errorf("all taken back: %v, want 2", ne)
	}
}

// plainDistance is the edit distance by its definition, row by row.
func plainDistance(a, b []int32) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}

func TestEditDistanceIsLevenshteins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Int32Range(0, int32(rapid.IntRange(1, 900).Draw(t, "symbols"))), 0, 600)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if got, want := editDistance(a, b), plainDistance(a, b); got != want {
			t.Fatalf("%d, want %d", got, want)
		}
		b = slices.Concat(a[:len(a)/2], b[:min(3, len(b))], a[len(a)/2:])
		if got, want := editDistance(a, b), plainDistance(a, b); got != want {
			t.Fatalf("of relatives %d, want %d", got, want)
		}
	})
}
