package subtitle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// caught returns a splitter and the cues it has written.
func caught() (*Splitter, *[]Cue) {
	var cues []Cue
	w := &Writer{write: func(_ *Writer, c Cue) error { cues = append(cues, c); return nil }}
	return NewSplitter(w), &cues
}

// spoken makes words of text that last so many ms each, one after the other.
func spoken(text string, from, each int64) []Word {
	var words []Word
	for i, field := range strings.Fields(text) {
		if i > 0 {
			field = " " + field
		}
		words = append(words, Word{field, from + int64(i)*each, from + int64(i+1)*each})
	}
	return words
}

func TestCuesAreSplitForReading(t *testing.T) {
	long := "a sentence of many words that goes on for quite a while, until it has said all that there is to say"
	tests := []struct {
		name  string
		words []Word
		want  []string
	}{
		{"nothing", nil, nil},
		{"a segment is one cue", spoken("and so on", 0, 500), []string{"0-1500 and so on"}},
		{"sentences part", spoken("Good morning. (“Really?”) Yes", 0, 1000), []string{"0-2000 Good morning.", "2000-3000 (“Really?”)", "3000-4000 Yes"}},
		{"behind a comma when the text is long", spoken(long, 0, 100), []string{
			"0-1200 a sentence of many words that goes on for quite a while,", "1200-2200 until it has said all that there is to say",
		}},
		{"at seven seconds", spoken("one two three four", 0, 3000), []string{"0-6000 one two", "6000-12000 three four"}},
		{"a word of ten seconds", []Word{{"well", 0, 10000}}, []string{"0-7000 well"}},
		{"no spaces, no words", []Word{{"早", 0, 500}, {"。", 500, 600}, {"好", 900, 1300}}, []string{"0-900 早。", "900-1900 好"}},
		{"a second at least", spoken("Hm. What?", 200, 100), []string{"200-400 Hm.", "400-1400 What?"}},
		{"as much of it as there is room for", slices.Concat(spoken("Hm.", 0, 100), spoken("What?", 600, 900)), []string{"0-600 Hm.", "600-1600 What?"}},
		{"backwards", []Word{{"Red.", 3000, 3400}, {" House.", 1000, 1500}}, []string{"3000-3400 Red.", "3400-4400 House."}},
		{"all at once", []Word{{"A.", 5, 5}, {" B.", 5, 5}}, []string{"5-205 A.", "205-1205 B."}},
		{"the earlier one makes room", []Word{{"A.", 0, 5000}, {" B.", 2000, 4000}}, []string{"0-2000 A.", "2000-4000 B."}},
		{"blanks", []Word{{" ", 0, 100}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, cues := caught()
			if err := s.Add(tt.words...); err != nil {
				t.Fatal(err)
			}
			if err := s.End(); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range *cues {
				got = append(got, fmt.Sprintf("%d-%d %s", c.StartMs, c.EndMs, c.Text))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// Whatever the words lean on, cues have their order, their lengths and all text.
func TestCuesNeverOverlap(t *testing.T) {
	word := rapid.Custom(func(t *rapid.T) Word {
		start := rapid.Int64Range(0, 60000).Draw(t, "start")
		return Word{rapid.StringMatching(` [a-zé]{1,14}[.,?]?`).Draw(t, "text"), start, start + rapid.Int64Range(0, 9000).Draw(t, "long")}
	})
	rapid.Check(t, func(t *rapid.T) {
		s, cues := caught()
		var said strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "segments") {
			for _, w := range rapid.SliceOfN(word, 0, 40).Draw(t, "words") {
				said.WriteString(w.Text)
				if err := s.Add(w); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.End(); err != nil {
				t.Fatal(err)
			}
		}
		var written strings.Builder
		free := int64(0)
		for _, c := range *cues {
			if n := utf8.RuneCountInString(c.Text); n > maxText || c.StartMs < free || c.EndMs < c.StartMs+briefest || c.EndMs > c.StartMs+maxCue {
				t.Fatalf("cue %+v of %d characters after %d ms", c, n, free)
			}
			free = c.EndMs
			written.WriteString(" " + c.Text)
		}
		if written.String() != said.String() {
			t.Fatalf("wrote %q\nof    %q", written.String(), said.String())
		}
	})
}
