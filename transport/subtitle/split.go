package subtitle

import "math"

// Word is a piece of text with the space that parts it from the one before, and
// the sound it leans on.
type Word struct {
	Text           string
	StartMs, EndMs int64
}

// Splitter makes cues of words, for reading: two lines of 42 columns at most, 1 to
// 7 s, not more than one segment in a cue, and a sentence if it can be. Cues never
// overlap and are written in order, whatever order their words lean on sound in.
type Splitter struct {
	out  *Writer
	open Open
	free int64 // ms up to which cues are written
}

// NewSplitter returns a splitter that writes to out.
func NewSplitter(out *Writer) *Splitter { return &Splitter{out: out} }

// A stretch without the end of a sentence is cut when it is longer than three cues.
const (
	muchColumns = 3 * 2 * maxColumns
	muchMs      = 3 * maxCue
)

// Add appends words to the segment.
func (s *Splitter) Add(words ...Word) error {
	for _, w := range words {
		s.open.Add(w)
		if s.open.Empty() {
			continue
		}
		units := s.open.units
		start, end := span(units)
		switch {
		case endsSentence(units[len(units)-1].text) && end-start >= minCue:
			if err := s.End(); err != nil {
				return err
			}
		case columns(units) > muchColumns || end-start > muchMs:
			if err := s.cut(); err != nil {
				return err
			}
		}
	}
	return nil
}

// cut writes the first cue of several.
func (s *Splitter) cut() error {
	n := split(s.open.units)[0]
	c := cue(s.open.units[:n], s.free)
	s.open.units, s.free = s.open.units[n:], c.EndMs
	return s.out.Write(c)
}

// End ends the segment: what is open is written.
func (s *Splitter) End() error {
	for _, c := range s.open.Take(s.free, math.MaxInt64) {
		s.free = c.EndMs
		if err := s.out.Write(c); err != nil {
			return err
		}
	}
	return nil
}

// Preview gives the cues that End would write now, to another writer.
func (s *Splitter) Preview(out *Writer) error {
	later := *s // whose units are not written to
	later.out = out
	return later.End()
}

// Close completes the file.
func (s *Splitter) Close() error {
	if err := s.End(); err != nil {
		return err
	}
	return s.out.Close()
}
