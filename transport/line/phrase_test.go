package line

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sotto"
	"sotto/audio"
)

// said makes a caption: its words lean on a second each, from a second on.
func said(from int, text string) *sotto.Caption {
	c := &sotto.Caption{Language: "es"}
	for i, w := range strings.SplitAfter(text, " ") {
		at := audio.Position(from+i) * audio.RateHz
		c.Words = append(c.Words, sotto.Word{Text: w, Start: at, End: at + audio.RateHz})
		c.Heard = at + 2*audio.RateHz
	}
	return c
}

func show(all []Phrase) (text string) {
	for _, p := range all {
		text += fmt.Sprintf("%s|%d-%d|%t ", p.Text(), p.Start/audio.RateHz, p.End/audio.RateHz, p.Last)
	}
	return text
}

func TestPhrasesEndWithSentencesPausesAndTime(t *testing.T) {
	var p Phrases
	for _, tt := range []struct {
		caption     *sotto.Caption
		tail        string
		end         bool
		want, draft string
	}{
		{said(1, "Uno dos."), " tres", false, "Uno dos.|0-3|false ", "tres"},
		{said(4, "tres "), "cuatro", false, "", "tres cuatro"},
		{said(5, "cuatro"), "", true, "tres cuatro|3-7|true ", ""},
		{&sotto.Caption{Heard: 9 * audio.RateHz}, "", true, "|7-9|true ", ""},
		{said(10, "a b c d e f g h i j"), "", false, "a b c d e f g h|9-18|false ", "i j"},
		{said(20, " k.”"), "", true, "i j k.”|18-23|true ", ""},
		{said(2, "Atrás. Y más."), "", true, "Atrás.|23-23|false Y más.|23-23|true ", ""}, // leans on what is over
	} {
		tt.caption.Tail, tt.caption.End = tt.tail, tt.end
		if got := show(p.Add(tt.caption)); got != tt.want || p.Draft() != tt.draft {
			t.Errorf("%q, and %q, want %q and %q", got, p.Draft(), tt.want, tt.draft)
		}
	}
}

// Wherever words lean, phrases follow each other without overlap, words do not step
// back, and none is lost.
func TestPhrasesNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p Phrases
		var heard, end audio.Position
		var in, out string
		for range rapid.IntRange(1, 20).Draw(t, "captions") {
			heard += audio.Position(rapid.IntRange(0, 100000).Draw(t, "sound"))
			c := &sotto.Caption{Heard: heard, End: rapid.Bool().Draw(t, "end")}
			for range rapid.IntRange(0, 5).Draw(t, "words") {
				from := audio.Position(rapid.Int64Range(0, int64(heard)).Draw(t, "from"))
				to := audio.Position(rapid.Int64Range(0, int64(heard)).Draw(t, "to"))
				w := sotto.Word{Text: rapid.SampledFrom([]string{"a", "b.", "c"}).Draw(t, "text"), Start: from, End: to}
				c.Words = append(c.Words, w)
				in += w.Text
			}
			for _, phrase := range p.Add(c) {
				if phrase.Start != end || phrase.End < phrase.Start {
					t.Fatalf("a phrase from %d to %d behind %d", phrase.Start, phrase.End, end)
				}
				end = phrase.End
				at := phrase.Start
				for _, w := range phrase.Words {
					if w.Start < at || w.End < w.Start || w.End > phrase.End {
						t.Fatalf("word %+v in %+v", w, phrase)
					}
					at = w.Start
					out += w.Text
				}
			}
			if c.End && (p.Draft() != "" || in != out) {
				t.Fatalf("%q of %q, and %q is left", out, in, p.Draft())
			}
		}
	})
}
