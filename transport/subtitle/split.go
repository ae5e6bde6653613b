package subtitle

import (
	"strings"
	"unicode/utf8"
)

const (
	maxText  = 84   // characters of a cue: two lines of 42
	maxCue   = 7000 // ms
	minCue   = 1000 // ms, where there is room
	briefest = 200  // ms that a cue keeps although the next one wants to begin
)

// Word is a piece of text with the space that parts it from the one before, and
// the sound it leans on.
type Word struct {
	Text           string
	StartMs, EndMs int64
}

// Splitter makes cues of words: one for a segment, but a new one behind the end
// of a sentence, and when a cue grows too long. Cues never overlap and are
// written in order, whatever order their words lean on sound in.
type Splitter struct {
	out  *Writer
	open []Word // of the cue that grows
	held *Cue   // complete, but its end may move
	free int64  // ms up to which cues are written
}

// NewSplitter returns a splitter that writes to out.
func NewSplitter(out *Writer) *Splitter { return &Splitter{out: out} }

// Add appends words to the segment.
func (s *Splitter) Add(words ...Word) error {
	for _, w := range words {
		for len(s.open) > 0 && tooLong(append(s.open[:len(s.open):len(s.open)], w)) {
			if err := s.split(pause(s.open)); err != nil {
				return err
			}
		}
		s.open = append(s.open, w)
		if endsWith(w.Text, ".?!…。？！") {
			if err := s.split(len(s.open)); err != nil {
				return err
			}
		}
	}
	return nil
}

// End ends the segment and writes what was held back.
func (s *Splitter) End() error {
	if err := s.split(len(s.open)); err != nil || s.held == nil {
		return err
	}
	c := *s.held
	s.held = nil
	c.EndMs = bound(c)
	return s.write(c)
}

// Preview gives the cues that End would write now, to another writer.
func (s *Splitter) Preview(out *Writer) error {
	later := *s // whose slices are not written to
	later.out = out
	if s.held != nil {
		held := *s.held
		later.held = &held
	}
	return later.End()
}

// Close completes the file.
func (s *Splitter) Close() error {
	if err := s.End(); err != nil {
		return err
	}
	return s.out.Close()
}

// split makes a cue of the first n open words. The cue before it now knows how
// long it may stay.
func (s *Splitter) split(n int) error {
	c := cue(s.open[:n])
	s.open = append([]Word(nil), s.open[n:]...)
	if strings.TrimSpace(c.Text) == "" {
		return nil
	}
	if held := s.held; held != nil {
		least := max(min(held.EndMs, held.StartMs+minCue), held.StartMs+briefest)
		held.EndMs = min(bound(*held), max(c.StartMs, least))
		if err := s.write(*held); err != nil {
			return err
		}
	}
	c.StartMs = max(c.StartMs, s.free)
	s.held = &c
	return nil
}

func (s *Splitter) write(c Cue) error {
	s.free = c.EndMs
	return s.out.Write(c)
}

// bound returns when a cue ends that has all the room it wants.
func bound(c Cue) int64 { return min(max(c.EndMs, c.StartMs+minCue), c.StartMs+maxCue) }

func cue(words []Word) Cue {
	var c Cue
	for i, w := range words {
		c.Text += w.Text
		if i == 0 || w.StartMs < c.StartMs {
			c.StartMs = w.StartMs
		}
		c.EndMs = max(c.EndMs, w.EndMs)
	}
	return c
}

func tooLong(words []Word) bool {
	c := cue(words)
	return c.EndMs-c.StartMs > maxCue || utf8.RuneCountInString(strings.TrimSpace(c.Text)) > maxText
}

// pause returns how many of the words go up to the last comma of their second
// half, all of them where there is none.
func pause(words []Word) int {
	for n := len(words); 2*n > len(words); n-- {
		if endsWith(words[n-1].Text, ",;:—、，；：") {
			return n
		}
	}
	return len(words)
}

// endsWith reports whether text ends with one of marks, quotation marks aside.
func endsWith(text, marks string) bool {
	last, size := utf8.DecodeLastRuneInString(strings.TrimRight(text, " \"'»”’)」』"))
	return size > 0 && strings.ContainsRune(marks, last)
}
