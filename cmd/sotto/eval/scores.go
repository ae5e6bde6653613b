package eval

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sotto/cmd/sotto/score"
)

// Delay is a figure in ms on both clocks.
type Delay struct {
	Unaware score.Mean `json:"unaware"` // counts sound alone
	Aware   score.Mean `json:"aware"`   // counts computing too
}

// Scores are one configuration's in one language.
type Scores struct {
	Language       string  `json:"language"`
	Sentences      int     `json:"sentences"`
	Words          int     `json:"words"`           // committed units
	ReferenceWords int     `json:"reference_words"` // units
	BLEU           float64 `json:"bleu"`
	ChrF           float64 `json:"chrf"` // chrF++
	// WER is that of the transcript, per cent, over whole recordings; nil for a
	// translation.
	WER *float64 `json:"wer,omitempty"`

	LongYAAL    Delay `json:"long_yaal"`
	StreamLAAL  Delay `json:"stream_laal"`
	LAAL        Delay `json:"laal"`
	AL          Delay `json:"al"`
	DAL         Delay `json:"dal"`
	ATD         Delay `json:"atd"`
	FirstWord   Delay `json:"first_word"`
	EndOfSpeech Delay `json:"end_of_speech"`

	// ErasureCommitted is characters taken back for each that stayed: a word that
	// later gets its comma is not taken back. ErasureShown is the normalized
	// erasure of the field, in units, with the tails.
	ErasureCommitted float64 `json:"erasure_committed"`
	ErasureShown     float64 `json:"erasure_shown"`
	Gaps             int     `json:"gaps"` // more than 2 s of speech without a new word
	LongestGapMs     float64 `json:"longest_gap_ms"`
	SentencesLost    int     `json:"sentences_lost"` // no word fell to them
	WordsDoubled     int     `json:"words_doubled"`  // said twice in a row, and not by the speaker

	DelayOverTime []Bin `json:"delay_over_time"` // LongYAAL, ms

	BLEUSignature string `json:"bleu_signature"`
	ChrFSignature string `json:"chrf_signature"`
}

// Bin is a mean over a stretch of all recordings.
type Bin struct {
	StartSeconds float64 `json:"start_s"`
	Value        float64 `json:"value"`
	Count        int     `json:"count"` // what the mean is over
}

// gapMs of speech without a new word are a gap.
const gapMs = 2000

// measure scores what all recordings gave in a language.
func measure(language string, samples []sample) (*Scores, error) {
	s := &Scores{Language: language}
	for _, step := range []func([]sample) error{s.quality, s.transcript, s.delays, s.calm, s.whole} {
		if err := step(samples); err != nil {
			return nil, err
		}
	}
	s.DelayOverTime = delayOverTime(samples)
	return s, nil
}

// quality scores the sentences.
func (s *Scores) quality(samples []sample) error {
	var texts []string
	var references [][]string
	for _, one := range samples {
		aligned := score.Alignment{Unit: one.committed.Unit, Segments: one.soft}
		texts = append(texts, aligned.Texts()...)
		for _, sentence := range one.recording.sentences(s.Language) {
			references = append(references, []string{sentence.Text})
		}
	}
	bleu, err := score.CorpusBLEU(score.Tokenizer(s.Language), texts, references)
	if err != nil {
		return err
	}
	chrf, err := score.CorpusChrFPlus(texts, references)
	if err != nil {
		return err
	}
	s.Sentences = len(texts)
	s.BLEU, s.BLEUSignature = bleu.Score, bleu.Signature()
	s.ChrF, s.ChrFSignature = chrf.Score, chrf.Signature()
	return nil
}

// transcript scores what was written in the language that was spoken.
func (s *Scores) transcript(samples []sample) error {
	var texts, references []string
	for _, one := range samples {
		if one.transcript {
			texts = append(texts, one.committed.Text())
			references = append(references, one.recording.References[s.Language])
		}
	}
	if len(texts) == 0 {
		return nil
	}
	rate, err := score.WER(texts, references)
	percent := rate.Percent()
	s.WER = &percent
	return err
}

// delays fills in every figure on both clocks.
func (s *Scores) delays(samples []sample) error {
	var soft, mwer, after []score.Segment
	for _, one := range samples {
		soft, mwer, after = append(soft, one.soft...), append(mwer, one.mwer...), append(after, fromStart(one.soft)...)
	}
	for _, f := range []struct {
		to       *Delay
		of       func([]score.Segment, score.Clock) (score.Mean, error)
		segments []score.Segment
	}{
		{&s.LongYAAL, score.LongYAAL, soft}, {&s.StreamLAAL, score.StreamLAAL, mwer},
		{&s.LAAL, score.LAAL, soft}, {&s.AL, score.AL, soft}, {&s.DAL, score.DAL, soft},
		{&s.FirstWord, score.FirstWord, soft}, {&s.EndOfSpeech, score.EndOfSpeech, soft}, {&s.ATD, score.ATD, after},
	} {
		var err error
		if f.to.Unaware, err = f.of(f.segments, score.Unaware); err != nil {
			return err
		}
		if f.to.Aware, err = f.of(f.segments, score.Aware); err != nil {
			return err
		}
	}
	return nil
}

// fromStart lets no word come before its sentence, which ATD cannot place.
func fromStart(segments []score.Segment) []score.Segment {
	out := slices.Clone(segments)
	for i := range out {
		out[i].Words = slices.Clone(out[i].Words)
		for j := range out[i].Words {
			w := &out[i].Words[j]
			w.DelayMs, w.ElapsedMs = max(0, w.DelayMs), max(0, w.ElapsedMs)
		}
	}
	return out
}

// calm counts what was taken back, and waited for.
func (s *Scores) calm(samples []sample) error {
	var shown []*score.Log
	erased, stayed := 0, 0
	for _, one := range samples {
		shown = append(shown, one.shown)
		erased += takenBack(one.committed)
		stayed += utf8.RuneCountInString(one.committed.Text())
		gaps, err := one.committed.Gaps(one.recording.speech(), gapMs, score.Unaware)
		if err != nil {
			return err
		}
		s.Gaps += len(gaps)
		for _, g := range gaps {
			s.LongestGapMs = max(s.LongestGapMs, g.SpeechMs)
		}
	}
	s.ErasureCommitted = float64(erased) / float64(max(1, stayed))
	s.ErasureShown = score.NormalizedErasure(shown...)
	return nil
}

// takenBack counts the characters that were in a text and are not in the next.
func takenBack(log *score.Log) int {
	n := 0
	for _, step := range log.Steps() {
		before, after := []rune(log.Unit.Join(step.Erased)), []rune(log.Unit.Join(step.Added))
		same := 0
		for same < min(len(before), len(after)) && before[same] == after[same] {
			same++
		}
		n += len(before) - same
	}
	return n
}

// whole counts words, and hints at those lost and doubled.
func (s *Scores) whole(samples []sample) error {
	for _, one := range samples {
		unit := one.committed.Unit
		reference := unit.Split(one.recording.References[s.Language])
		words := unit.Split(one.committed.Text())
		s.Words += len(words)
		s.ReferenceWords += len(reference)
		s.WordsDoubled += doubled(words, reference)
		for _, segment := range one.soft {
			s.SentencesLost += rank(len(segment.Words) == 0)
		}
	}
	return nil
}

// doubled counts runs of one to three units that are said twice in a row more
// often than in the reference.
func doubled(words, reference []string) int {
	said, wanted := twice(words), twice(reference)
	n := 0
	for run, count := range said {
		n += max(0, count-wanted[run])
	}
	return n
}

// twice counts the runs that stand behind themselves. Case and punctuation do
// not count.
func twice(words []string) map[string]int {
	plain := make([]string, 0, len(words))
	for _, w := range words {
		if w = strings.Trim(strings.ToLower(w), ".,;:?!¿¡…\"'«»()"); w != "" {
			plain = append(plain, w)
		}
	}
	counts := make(map[string]int)
	for n := 1; n <= 3; n++ {
		for i := 0; i+2*n <= len(plain); i++ {
			run := strings.Join(plain[i:i+n], " ")
			if run == strings.Join(plain[i+n:i+2*n], " ") && (n == 1 || plain[i] != plain[i+1]) {
				counts[run]++
			}
		}
	}
	return counts
}
