package eval

import (
	"fmt"

	"sotto"
	"sotto/cmd/sotto/score"
)

// history is what a reader of one language saw. committed holds the words that
// stay, shown those and the tail behind them.
type history struct {
	committed, shown *score.Log

	segment int
	over    bool // the segment has ended
	closed  int  // units of the segments before it
	text    string
	tail    string
	pending *emission // shown changed with it and is not logged yet
}

func newHistory(language, recording string) *history {
	unit := score.UnitOf(language)
	return &history{
		committed: &score.Log{Recording: recording, Unit: unit},
		shown:     &score.Log{Recording: recording, Unit: unit},
	}
}

// historyOf follows one language through a session.
func historyOf(language, recording string, emissions []emission) (*history, error) {
	h := newHistory(language, recording)
	for i := range emissions {
		if emissions[i].Language != language {
			continue
		}
		if err := h.add(&emissions[i]); err != nil {
			return nil, fmt.Errorf("eval: %s, %s: %w", recording, language, err)
		}
	}
	return h, h.flush()
}

// add takes a caption. Of several at the same place of the sound only the last
// counts as shown: nobody could have read the others.
func (h *history) add(e *emission) error {
	if h.pending != nil && h.pending.Heard < e.Heard {
		if err := h.flush(); err != nil {
			return err
		}
	}
	if err := h.turn(&e.Caption); err != nil {
		return err
	}
	h.text, h.tail, h.pending = h.text+e.Text(), e.Tail, e
	if len(e.Words) > 0 {
		if err := show(h.committed, e, h.closed, h.text); err != nil {
			return err
		}
	}
	if !e.End {
		return nil
	}
	if err := h.flush(); err != nil {
		return err
	}
	h.closed, h.text, h.over = len(h.committed.Words()), "", true
	return nil
}

// turn begins the caption's segment, if it is a new one. What a session promises
// is checked: segments come in order, and an end is one.
func (h *history) turn(c *sotto.Caption) error {
	switch {
	case c.End && c.Tail != "":
		return fmt.Errorf("segment %d ends with a tail", c.Segment)
	case c.Segment < h.segment || h.over && c.Segment == h.segment:
		return fmt.Errorf("a caption of segment %d came when %d had begun or ended", c.Segment, h.segment)
	case c.Segment > h.segment && !h.over && h.text+h.tail != "":
		return fmt.Errorf("segment %d began before %d had ended", c.Segment, h.segment)
	case c.Segment > h.segment:
		h.segment, h.over = c.Segment, false
	}
	return nil
}

// flush logs what is shown.
func (h *history) flush() error {
	e := h.pending
	if h.pending = nil; e == nil {
		return nil
	}
	return show(h.shown, e, h.closed, h.text+h.tail)
}

func show(log *score.Log, e *emission, closed int, text string) error {
	return log.Show(float64(e.Heard.Millis()), e.elapsedMs, e.computeMs, closed, log.Unit.Split(text))
}
