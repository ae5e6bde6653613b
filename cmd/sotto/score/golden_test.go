package score

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden reads a file that testdata/golden.py wrote with the field's tools.
func golden(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v; make it again with testdata/golden.py", name, err)
	}
}

// near allows for sums taken in another order.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

type goldenScore struct {
	Line, Signature string
	Score           float64
}

func (g goldenScore) check(t *testing.T, line, signature string, score float64) {
	t.Helper()
	if line != g.Line || signature != g.Signature || !near(score, g.Score) {
		t.Errorf("%s (%s, %v)\nwant %s (%s, %v)", line, signature, score, g.Line, g.Signature, g.Score)
	}
}

func TestQualityEqualsSacrebleuAndJiwer(t *testing.T) {
	var cases []struct {
		Name       string
		Hypotheses []string
		References [][]string
		BLEU       map[string]goldenScore
		ChrF       goldenScore `json:"chrf"`
		ChrFPlus   goldenScore `json:"chrf++"`
		WER, CER   []int
	}
	golden(t, "quality.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			for name, want := range c.BLEU {
				b, err := CorpusBLEU(name, c.Hypotheses, c.References)
				if err != nil {
					t.Fatal(err)
				}
				want.check(t, b.String(), b.Signature(), b.Score)
			}
			f, err := CorpusChrF(c.Hypotheses, c.References)
			if err != nil {
				t.Fatal(err)
			}
			c.ChrF.check(t, f.String(), f.Signature(), f.Score)
			f, err = CorpusChrFPlus(c.Hypotheses, c.References)
			if err != nil {
				t.Fatal(err)
			}
			c.ChrFPlus.check(t, f.String(), f.Signature(), f.Score)
			hypotheses, references := nonEmpty(c.Hypotheses, c.References)
			checkRate(t, "WER", WER, hypotheses, references, c.WER)
			checkRate(t, "CER", CER, hypotheses, references, c.CER)
		})
	}
}

// nonEmpty keeps the pairs that jiwer takes, each with its first reference.
func nonEmpty(hypotheses []string, references [][]string) (h, r []string) {
	for i := range hypotheses {
		if len(fields(references[i][0])) > 0 {
			h, r = append(h, hypotheses[i]), append(r, references[i][0])
		}
	}
	return h, r
}

func checkRate(t *testing.T, name string, f func(h, r []string) (ErrorRate, error), h, r []string, want []int) {
	t.Helper()
	if want == nil {
		return
	}
	got, err := f(h, r)
	if err != nil || got != (ErrorRate{want[0], want[1]}) {
		t.Errorf("%s %+v, %v; want %v", name, got, err, want)
	}
}

type goldenInstance struct {
	Prediction, Reference string
	Delays, Elapsed       []float64
	SourceLength          float64 `json:"source_length"`
}

func (g goldenInstance) segment(u Unit) Segment {
	var words []Word
	for i, text := range u.Split(g.Prediction) {
		words = append(words, Word{text, g.Delays[i], g.Elapsed[i]})
	}
	return Whole(words, Sentence{Text: g.Reference, EndMs: g.SourceLength}, u)
}

func unitNamed(name string) Unit {
	if name == ByCharacter.String() {
		return ByCharacter
	}
	return ByWord
}

type metric = func([]Segment, Clock) (Mean, error)

var shortForm = map[string]metric{"AL": AL, "LAAL": LAAL, "AP": AP, "DAL": DAL, "ATD": ATD, "YAAL": YAAL}

func checkMetrics(t *testing.T, segments []Segment, c Clock, want map[string]*float64) {
	t.Helper()
	for name, value := range want {
		got, err := shortForm[name](segments, c)
		if value == nil && got.Scored == 0 && got.Value == 0 && err == nil {
			continue
		}
		if err != nil || value == nil || !near(got.Value, *value) || got.Scored+got.Skipped != len(segments) {
			t.Errorf("%s, clock %d: %+v, %v; want %v", name, c, got, err, value)
		}
	}
}

func TestShortFormEqualsSimulEvalAndOmniSTEval(t *testing.T) {
	var cases []struct {
		Unit           string
		Segments       []goldenInstance
		Unaware, Aware map[string]*float64
	}
	golden(t, "delay.json", &cases)
	for _, c := range cases {
		var segments []Segment
		for _, in := range c.Segments {
			segments = append(segments, in.segment(unitNamed(c.Unit)))
		}
		if len(c.Unaware) != len(shortForm) || len(c.Aware) != len(shortForm) {
			t.Fatalf("metrics %v", c.Unaware)
		}
		checkMetrics(t, segments, Unaware, c.Unaware)
		checkMetrics(t, segments, Aware, c.Aware)
	}
}

type goldenStream struct {
	Name, Unit string
	Sentences  []struct {
		Text       string
		Start, End float64
	}
	Words []struct {
		Text           string
		Delay, Elapsed float64
	}
	MWER, Soft []string
	StreamLAAL []float64
	Long       map[string]float64
}

func (g goldenStream) input() (words []Word, sentences []Sentence, u Unit) {
	for _, w := range g.Words {
		words = append(words, Word{w.Text, w.Delay, w.Elapsed})
	}
	for _, s := range g.Sentences {
		sentences = append(sentences, Sentence{s.Text, s.Start, s.End})
	}
	return words, sentences, unitNamed(g.Unit)
}

func checkTexts(t *testing.T, how string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d sentences, want %d", how, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s, sentence %d: %q, want %q", how, i, got[i], want[i])
		}
	}
}

func TestStreamLAALEqualsSimulstream(t *testing.T) {
	var cases []goldenStream
	golden(t, "stream.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			words, sentences, u := c.input()
			a, err := MWERSegment(words, sentences, u)
			if err != nil {
				t.Fatal(err)
			}
			checkTexts(t, "mWER", a.Texts(), c.MWER)
			for clock, want := range c.StreamLAAL {
				if got, err := StreamLAAL(a.Segments, Clock(clock)); err != nil || !near(got.Value, want) {
					t.Errorf("clock %d: %+v, %v; want %v", clock, got, err, want)
				}
			}
		})
	}
}

var longForm = map[string]metric{"yaal": LongYAAL, "al": AL, "laal": LAAL, "ap": AP, "dal": DAL}

func TestLongYAALEqualsOmniSTEval(t *testing.T) {
	var cases []goldenStream
	golden(t, "stream.json", &cases)
	dropped := 0
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			words, sentences, u := c.input()
			a, err := SoftSegment(words, sentences, u)
			if err != nil {
				t.Fatal(err)
			}
			dropped += a.Dropped
			checkTexts(t, "soft", a.Texts(), c.Soft)
			for name, f := range longForm {
				for prefix, clock := range map[string]Clock{"long_": Unaware, "ca_long_": Aware} {
					want, known := c.Long[prefix+name]
					if got, err := f(a.Segments, clock); err != nil || !near(got.Value, want) || known != (got.Scored > 0) {
						t.Errorf("%s%s: %+v, %v; want %v", prefix, name, got, err, want)
					}
				}
			}
		})
	}
	if dropped == 0 {
		t.Error("no case in which words belong to no sentence; golden.py has one")
	}
}
