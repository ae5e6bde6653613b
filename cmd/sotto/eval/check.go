package eval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"sotto/cmd/sotto/score"
)

// check reports the first field that cannot be right, and completes the
// references.
func (r *Recording) check() error {
	if err := cmp.Or(checkID(r.ID), required("audio", r.Audio), required("source", r.Source)); err != nil {
		return err
	}
	if r.Kind != "speech" && r.Kind != "none" {
		return fmt.Errorf("kind is %.32q; want speech or none", r.Kind)
	}
	if r.DurationMs < 1 || r.DurationMs > mostMs {
		return fmt.Errorf("duration_ms is %d; want 1 to %d", r.DurationMs, int64(mostMs))
	}
	if len(r.References) == 0 && strings.TrimSpace(r.Text) != "" && len(r.Sentences) == 0 {
		r.References = map[string]string{r.Source: r.Text}
	}
	if r.Silent() {
		return r.checkSilent()
	}
	return cmp.Or(r.checkSentences(), r.checkWords())
}

// checkID wants a name that can be a file's.
func checkID(id string) error {
	if err := required("id", id); err != nil {
		return err
	}
	bad := func(c rune) bool { return c == '/' || c == '\\' || unicode.IsControl(c) }
	if strings.ContainsFunc(id, bad) || strings.HasPrefix(id, ".") || len(id) > 200 {
		return fmt.Errorf("id is %.64q; want up to 200 bytes without slashes, control characters or a dot in front", id)
	}
	return nil
}

func required(field, value string) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("%s is missing; a recording has %s", field, fields)
	}
	return nil
}

// checkSilent wants no words where none are spoken.
func (r *Recording) checkSilent() error {
	for _, language := range slices.Sorted(maps.Keys(r.References)) {
		if strings.TrimSpace(r.References[language]) != "" {
			return fmt.Errorf("references.%s has text, but kind is none; empty it, or make the kind speech", language)
		}
	}
	if len(r.Sentences) > 0 || len(r.Words) > 0 {
		return fmt.Errorf("sentences or words are given, but no reference has text; empty them, or give references")
	}
	return nil
}

// checkSentences wants them in order, inside the recording, in every language
// that the recording has.
func (r *Recording) checkSentences() error {
	before := int64(0)
	for i, s := range r.Sentences {
		field := fmt.Sprintf("sentences[%d]", i)
		if err := r.checkSpan(field, s.StartMs, s.EndMs, before); err != nil {
			return err
		}
		before = s.StartMs
		for _, language := range slices.Sorted(maps.Keys(r.References)) {
			if strings.TrimSpace(s.References[language]) == "" && strings.TrimSpace(r.References[language]) != "" {
				return fmt.Errorf("%s.references.%s is missing, though references.%s has text; give each sentence its part",
					field, language, language)
			}
		}
	}
	return nil
}

func (r *Recording) checkWords() error {
	before := int64(0)
	for i, w := range r.Words {
		field := fmt.Sprintf("words[%d]", i)
		if err := cmp.Or(r.checkSpan(field, w.StartMs, w.EndMs, before), required(field+".text", w.Text)); err != nil {
			return err
		}
		before = w.StartMs
	}
	return nil
}

func (r *Recording) checkSpan(field string, start, end, before int64) error {
	switch {
	case start < before:
		return fmt.Errorf("%s.start_ms is %d, before %d; list what is spoken in order of time", field, start, before)
	case end < start || end == start && strings.HasPrefix(field, "sentences"):
		return fmt.Errorf("%s.end_ms is %d, and start_ms %d; an end comes after its start", field, end, start)
	case end > r.DurationMs+soundSlackMs:
		return fmt.Errorf("%s.end_ms is %d, beyond duration_ms %d", field, end, r.DurationMs)
	}
	return nil
}

// sentences returns the references of a language with their times; the whole
// recording where it has no sentences.
func (r *Recording) sentences(language string) []score.Sentence {
	if len(r.Sentences) == 0 {
		return []score.Sentence{{Text: r.References[language], EndMs: float64(r.DurationMs)}}
	}
	out := make([]score.Sentence, len(r.Sentences))
	for i, s := range r.Sentences {
		out[i] = score.Sentence{Text: s.References[language], StartMs: float64(s.StartMs), EndMs: float64(s.EndMs)}
	}
	return out
}

// has reports whether the recording can judge a language.
func (r *Recording) has(language string) bool {
	return !r.Silent() && strings.TrimSpace(r.References[language]) != ""
}

// speech returns when somebody speaks: the words' times where they are known.
func (r *Recording) speech() []score.Sentence {
	if len(r.Words) == 0 {
		return r.sentences("")
	}
	out := make([]score.Sentence, len(r.Words))
	for i, w := range r.Words {
		out[i] = score.Sentence{StartMs: float64(w.StartMs), EndMs: float64(w.EndMs)}
	}
	return out
}

// Languages returns those that the set has references of, the languages spoken
// last.
func (s *Set) Languages() []string {
	written, spoken := make(map[string]bool), make(map[string]bool)
	for i := range s.Recordings {
		r := &s.Recordings[i]
		for language := range r.References {
			if r.has(language) {
				written[language], spoken[r.Source] = true, true
			}
		}
	}
	all := slices.Sorted(maps.Keys(written))
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(rank(spoken[a]), rank(spoken[b])) })
	return all
}

func rank(late bool) int {
	if late {
		return 1
	}
	return 0
}
