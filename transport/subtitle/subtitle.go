// Package subtitle writes captions as subtitle files: SubRip and WebVTT.
package subtitle

import (
	"fmt"
	"io"
	"strings"
)

// Cue is one subtitle.
type Cue struct {
	StartMs, EndMs int64
	Text           string
}

// Writer writes cues to one stream, in the order they are given.
type Writer struct {
	out   io.Writer
	write func(w *Writer, c Cue) error
	cues  int
}

// NewSRT returns a writer of SubRip text, as UTF-8 without a byte order mark.
func NewSRT(out io.Writer) *Writer { return &Writer{out: out, write: writeSRT} }

// NewVTT returns a writer of WebVTT (W3C WebVTT, section 4). The header comes
// with the first cue or with Close.
func NewVTT(out io.Writer) *Writer { return &Writer{out: out, write: writeVTT} }

// Write writes one cue. A cue that lasts no time is given a millisecond.
func (w *Writer) Write(c Cue) error {
	c.EndMs = max(c.EndMs, c.StartMs+1)
	c.Text = oneLine(c.Text)
	w.cues++
	return w.write(w, c)
}

// Close completes a file without cues; it closes nothing.
func (w *Writer) Close() error {
	if w.cues > 0 {
		return nil
	}
	return w.write(w, Cue{})
}

func writeSRT(w *Writer, c Cue) error {
	if w.cues == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w.out, "%d\n%s --> %s\n%s\n\n", w.cues, clock(c.StartMs, ','), clock(c.EndMs, ','), arrowless.Replace(c.Text))
	return err
}

func writeVTT(w *Writer, c Cue) error {
	if w.cues <= 1 {
		if _, err := io.WriteString(w.out, "WEBVTT\n\n"); err != nil || w.cues == 0 {
			return err
		}
	}
	_, err := fmt.Fprintf(w.out, "%s --> %s\n%s\n\n", clock(c.StartMs, '.'), clock(c.EndMs, '.'), markup.Replace(c.Text))
	return err
}

var (
	// SubRip has no escapes; an arrow inside text would end it for some players.
	arrowless = strings.NewReplacer("-->", "→")
	markup    = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
)

// oneLine keeps a blank line inside text from ending its cue.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func clock(ms int64, point byte) string {
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", ms/3600000, ms/60000%60, ms/1000%60, point, ms%1000)
}
