package voice

import (
	"math"

	"sotto"
	"sotto/transport/wire"
)

// Teller says captions in the protocol's words. The zero value is good for one
// voice.
type Teller struct {
	shown map[string]bool // languages with a tentative tail
}

// Tell returns the messages of a caption, none for a mark. A commit is followed by
// the new tail, also by an empty one in the place of one that was shown.
func (t *Teller) Tell(c *sotto.Caption) (all []wire.Message) {
	heard := c.Heard.Millis()
	switch {
	case c.Mark != 0:
		return nil
	case c.Lost > 0:
		return []wire.Message{&wire.Gap{LostMs: c.Lost.Millis(), HeardMs: heard, Cause: c.Cause}}
	}
	if len(c.Words) > 0 {
		all = append(all, &wire.Commit{Segment: c.Segment, Language: c.Language, Text: c.Text(), Words: Words(c.Words), HeardMs: heard})
	}
	switch {
	case c.End:
		all = append(all, &wire.End{Segment: c.Segment, Language: c.Language, HeardMs: heard})
	case c.Tail != "" || t.shown[c.Language]:
		all = append(all, &wire.Draft{Segment: c.Segment, Language: c.Language, Text: c.Tail, HeardMs: heard})
	}
	if t.shown == nil {
		t.shown = make(map[string]bool)
	}
	t.shown[c.Language] = !c.End && c.Tail != ""
	return all
}

// Words are words as the protocol sends them. Evidence is rounded, and what is no share of 1
// becomes the nearest one, or 0, so that every word can be sent.
func Words(committed []sotto.Word) []wire.Word {
	all := make([]wire.Word, len(committed))
	for i, w := range committed {
		share := math.Round(100*float64(w.Evidence)) / 100
		if math.IsNaN(share) {
			share = 0
		}
		all[i] = wire.Word{Text: w.Text, StartMs: w.Start.Millis(), EndMs: w.End.Millis(), Evidence: max(0, min(1, share))}
	}
	return all
}
