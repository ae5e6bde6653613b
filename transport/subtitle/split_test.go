package subtitle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// caught returns a splitter and the cues it has written.
func caught() (*Splitter, *[]Cue) {
	var cues []Cue
	w := &Writer{out: new(strings.Builder), write: func(_ *Writer, c Cue) error { cues = append(cues, c); return nil }}
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

// letters makes a word of every character.
func letters(text string, each int64) (words []Word) {
	for i, r := range []rune(text) {
		words = append(words, Word{string(r), int64(i) * each, int64(i+1) * each})
	}
	return words
}

func TestCuesAreSplitForReading(t *testing.T) {
	tests := []struct {
		name  string
		words []Word
		want  []string
	}{
		{"nothing", nil, nil},
		{"a segment is one cue", spoken("and so on", 0, 500), []string{"0-1500 and so on"}},
		{"sentences part", spoken("Good morning. (“Really?”) Yes", 0, 1000), []string{"0-2000 Good morning.", "2000-3000 (“Really?”)", "3000-4000 Yes"}},
		{"two lines of equal length", spoken("a sentence of some words that goes on until it is said", 0, 100), []string{
			"0-2700 a sentence of some words|that goes on until it is said",
		}},
		{"behind a comma when the text is long", spoken("a sentence of many words that goes on for quite a while, until it has said all that there is to say", 0, 300), []string{
			"0-3600 a sentence of many words that|goes on for quite a while,", "3600-6600 until it has said all that there is to say",
		}},
		{"a line does not end with a short word", spoken("this is what the people of my town had for a meal", 0, 200), []string{"0-2450 this is what the people|of my town had for a meal"}},
		{"a line may end behind a comma", spoken("when all of this is over at last, we will be going home", 0, 250), []string{"0-3250 when all of this is over at last,|we will be going home"}},
		{"at seven seconds", spoken("one two three four", 0, 3000), []string{"0-6000 one two", "6000-12000 three four"}},
		{"a word of ten seconds", []Word{{"well", 0, 10000}}, []string{"0-7000 well"}},
		{"no spaces, no words", []Word{{"早", 0, 1500}, {"。", 1500, 1600}, {"好", 1900, 3300}}, []string{"0-1600 早。", "1900-3300 好"}},
		{"wide characters take two columns", letters("これは長い文章です、だから二行に分けて表示します。", 100), []string{"0-2500 これは長い文章です、|だから二行に分けて表示します。"}},
		{"short sentences share a cue", spoken("Hm. What? No.", 200, 100), []string{"200-1200 Hm. What? No."}},
		{"a second at least", spoken("What?", 600, 100), []string{"600-1600 What?"}},
		{"backwards", []Word{{"Red.", 3000, 4400}, {" House.", 1000, 2500}}, []string{"3000-4400 Red.", "4400-5400 House."}},
		{"blanks", []Word{{" ", 0, 100}}, nil},
		{"a word too long for a line", []Word{{strings.Repeat("ab", 50), 0, 5000}}, []string{
			"0-2100 " + strings.Repeat("ab", 21), "2100-5000 " + strings.Repeat("ab", 21) + "|" + strings.Repeat("ab", 8),
		}},
		{"nothing a player obeys", []Word{{" a\x1b[2J\u202eb\n\nc", 0, 1500}}, []string{"0-1500 a [2Jb c"}},
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
				got = append(got, fmt.Sprintf("%d-%d %s", c.StartMs, c.EndMs, strings.Join(c.Lines, "|")))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// Words of any script, with times in any order.
var anyWord = rapid.Custom(func(t *rapid.T) Word {
	start := rapid.Int64Range(0, 60000).Draw(t, "start")
	text := rapid.OneOf(
		rapid.StringMatching(` [a-zé]{1,14}[.,?]?`), rapid.StringMatching(`[ぁ-んー。、]`), rapid.StringMatching(` ?[a-z]{30,120}`),
		rapid.StringMatching(` ?[\x{600}-\x{660}]{1,9}`), rapid.StringMatching(` ?[🇦-🇿👍🏽☺\x{200d}\x{fe0f}\x{301}]{1,7}`), rapid.String(),
	).Draw(t, "text")
	return Word{text, start, start + rapid.Int64Range(0, 9000).Draw(t, "long")}
})

func unspaced(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// Whatever the words are and lean on, cues have their order, their limits and all text.
func TestCuesHoldTheirLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, cues := caught()
		var said strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "segments") {
			var segment strings.Builder
			for _, w := range rapid.SliceOfN(anyWord, 0, 40).Draw(t, "words") {
				segment.WriteString(Plain(w.Text))
				if err := s.Add(w); err != nil {
					t.Fatal(err)
				}
			}
			said.WriteString(segment.String())
			if err := s.End(); err != nil {
				t.Fatal(err)
			}
		}
		var written strings.Builder
		free := int64(0)
		for _, c := range *cues {
			columns := 0
			for _, line := range c.Lines {
				n := uniseg.StringWidth(line)
				if n > maxColumns || line != strings.Trim(line, " ") || line == "" {
					t.Fatalf("line %q of %d columns", line, n)
				}
				columns += n
				written.WriteString(line)
			}
			long := c.EndMs - c.StartMs
			if len(c.Lines) > 2 || c.StartMs < free || long < minCue || long > maxCue || long < int64(columns)*hurryMs {
				t.Fatalf("cue %+v of %d columns after %d ms", c, columns, free)
			}
			free = c.EndMs
		}
		if unspaced(written.String()) != unspaced(said.String()) {
			t.Fatalf("wrote %q\nof    %q", written.String(), said.String())
		}
	})
}

// Words that fit on a line are never split, and are parted as they were.
func TestWordsStayWhole(t *testing.T) {
	word := rapid.StringMatching(`[a-zäß]{1,42}`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(word, 1, 60).Draw(t, "words"), " ")
		s, cues := caught()
		if s.Add(spoken(text, 0, 300)...) != nil || s.End() != nil {
			t.Fatal("it failed")
		}
		var all []string
		for _, c := range *cues {
			all = append(all, c.Lines...)
		}
		if got := strings.Join(all, " "); got != text {
			t.Fatalf("wrote %q\nof    %q", got, text)
		}
	})
}

// Speech at the pace of people is read at 20 columns a second, and is not left behind.
func TestCuesKeepUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, cues := caught()
		at := int64(0)
		for range 300 {
			w := Word{" " + rapid.StringMatching(`[a-z]{2,9}[.,]?`).Draw(t, "word"), at, at}
			w.EndMs += int64(len(w.Text)) * rapid.Int64Range(60, 80).Draw(t, "ms a letter")
			at = w.EndMs
			if err := s.Add(w); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.End(); err != nil {
			t.Fatal(err)
		}
		for _, c := range *cues {
			if n := len(strings.Join(c.Lines, " ")); c.EndMs-c.StartMs < int64(n)*readMs && c.EndMs-c.StartMs < maxCue {
				t.Errorf("%d columns in %d ms", n, c.EndMs-c.StartMs)
			}
		}
		if last := (*cues)[len(*cues)-1]; last.StartMs > at+behind {
			t.Errorf("the last cue begins at %d ms, the voice ended at %d", last.StartMs, at)
		}
	})
}

// Who takes cues bit by bit loses nothing, and none begins behind the limit.
func TestCuesAreTakenBitByBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o Open
		var said, got strings.Builder
		free := int64(0)
		for limit := int64(4000); limit < 200_000; limit += 4000 {
			for _, w := range rapid.SliceOfN(anyWord, 0, 3).Draw(t, "words") {
				said.WriteString(Plain(w.Text))
				o.Add(w)
			}
			for _, c := range o.Take(max(free, limit-4000), limit) {
				if c.StartMs < free || c.StartMs >= limit {
					t.Fatalf("cue %+v from %d to %d", c, free, limit)
				}
				free = c.EndMs
				got.WriteString(strings.Join(c.Lines, ""))
			}
		}
		for _, c := range o.Take(free, 1<<60) {
			got.WriteString(strings.Join(c.Lines, ""))
		}
		if !o.Empty() || unspaced(got.String()) != unspaced(said.String()) {
			t.Fatalf("took %q\nof   %q", got.String(), said.String())
		}
	})
}

// What a preview gives is what the end gives, and it changes nothing.
func TestAPreviewIsTheEndThatCouldBe(t *testing.T) {
	var whole strings.Builder
	s := NewSplitter(NewSRT(&whole))
	for i, text := range strings.SplitAfter("We go to the market, because it is warm, and then we go home again. It rains", " ") {
		at := int64(i) * 400
		if err := s.Add(Word{Text: text, StartMs: at, EndMs: at + 400}); err != nil {
			t.Fatal(err)
		}
		var first, second strings.Builder
		s.Preview(NewSRT(&first))
		s.Preview(NewSRT(&second))
		if first.String() != second.String() || s.open.Empty() != (first.Len() == 0) {
			t.Fatalf("after %d words %q, then %q", i+1, first.String(), second.String())
		}
	}
	var preview strings.Builder
	s.Preview(NewSRT(&preview))
	written := whole.Len()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, last, _ := strings.Cut(whole.String()[written:], "\n")
	if _, said, _ := strings.Cut(preview.String(), "\n"); last != said {
		t.Errorf("the end gives %q, its preview gave %q", last, said)
	}
}
