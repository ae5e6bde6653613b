package line

import (
	"strings"
	"unicode/utf8"

	"sotto"
	"sotto/audio"
)

// longest is how long a phrase may grow; then it ends between two words.
const longest = 7 * audio.RateHz

// Phrase is a stretch of one language: a sentence, or what there is of it at a
// pause. Phrases do not overlap, and words of one do not step back in time.
type Phrase struct {
	Words      []sotto.Word
	Start, End audio.Position
	Last       bool // of its segment; it may have no words then
}

// Text returns the phrase's words.
func (p *Phrase) Text() string {
	return strings.TrimSpace((&sotto.Caption{Words: p.Words}).Text())
}

// Phrases makes phrases of the captions of one language.
type Phrases struct {
	Begun []sotto.Word   // of the phrase that grows
	Tail  string         // what may follow them
	From  audio.Position // where it begins: the end of the one before
	at    audio.Position // start of the newest word
}

// Add takes a caption and returns the phrases that it completes.
func (p *Phrases) Add(c *sotto.Caption) (done []Phrase) {
	p.Tail = c.Tail
	for _, w := range c.Words {
		w.Start = max(w.Start, p.at)
		w.End = max(w.End, w.Start)
		p.at = w.Start
		p.Begun = append(p.Begun, w)
		if endsSentence(w.Text) || w.End-p.Begun[0].Start > longest {
			done = append(done, p.cut(w.End))
		}
	}
	if !c.End {
		return done
	}
	if len(p.Begun) > 0 || len(done) == 0 {
		done = append(done, p.cut(max(c.Heard, p.From)))
	}
	newest := &done[len(done)-1]
	newest.Last = true
	newest.End = max(newest.End, c.Heard)
	p.From, p.at = newest.End, newest.End
	return done
}

func (p *Phrases) cut(end audio.Position) Phrase {
	end = max(end, p.From)
	for i := range p.Begun {
		end = max(end, p.Begun[i].End)
	}
	phrase := Phrase{Words: p.Begun, Start: p.From, End: end}
	p.Begun, p.From, p.at = nil, end, end
	return phrase
}

// Draft returns what is committed of the phrase that grows with what may follow.
func (p *Phrases) Draft() string {
	return strings.TrimSpace((&sotto.Caption{Words: p.Begun}).Text() + p.Tail)
}

// endsSentence reports whether a word is the last of a sentence, quotation marks
// aside.
func endsSentence(word string) bool {
	last, size := utf8.DecodeLastRuneInString(strings.TrimRight(word, " \"'»”’)」』"))
	return size > 0 && strings.ContainsRune(".?!…。？！", last)
}
