// Package subtitle makes cues of words and writes them as subtitles: SubRip and
// WebVTT.
package subtitle

import (
	"fmt"
	"io"
	"strings"
)

// Writer writes cues to one stream, in the order they are given. The first error
// stays.
type Writer struct {
	out    io.Writer
	write  func(w *Writer, c Cue) error
	header string // not written yet
	cues   int
}

// NewSRT returns a writer of SubRip text, as UTF-8 without a byte order mark.
func NewSRT(out io.Writer) *Writer { return &Writer{out: out, write: writeSRT} }

// NewVTT returns a writer of WebVTT (W3C WebVTT, section 4). The header comes
// with the first cue or with Close.
func NewVTT(out io.Writer) *Writer { return &Writer{out: out, write: writeVTT, header: "WEBVTT\n\n"} }

// NewSegment returns a writer of a WebVTT segment of a stream (RFC 8216, section
// 3.5): the cues' time localMs is mpegts on the clock of the stream, at 90 kHz.
func NewSegment(out io.Writer, mpegts uint64, localMs int64) *Writer {
	w := NewVTT(out)
	w.header = fmt.Sprintf("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:%s\n\n", mpegts, clock(localMs, '.'))
	return w
}

// Write writes one cue. A cue that lasts no time is given a millisecond.
func (w *Writer) Write(c Cue) error {
	c.EndMs = max(c.EndMs, c.StartMs+1)
	if err := w.begin(); err != nil {
		return err
	}
	w.cues++
	return w.write(w, c)
}

// Close completes a file without cues; it closes nothing.
func (w *Writer) Close() error { return w.begin() }

func (w *Writer) begin() error {
	_, err := io.WriteString(w.out, w.header)
	w.header = ""
	return err
}

func writeSRT(w *Writer, c Cue) error {
	_, err := fmt.Fprintf(w.out, "%d\n%s --> %s\n%s\n", w.cues, clock(c.StartMs, ','), clock(c.EndMs, ','), body(c.Lines, bare))
	return err
}

func writeVTT(w *Writer, c Cue) error {
	_, err := fmt.Fprintf(w.out, "%s --> %s\n%s\n", clock(c.StartMs, '.'), clock(c.EndMs, '.'), body(c.Lines, markup))
	return err
}

var (
	// SubRip has no escapes. Players take tags of HTML and what stands in braces out of
	// its text, and an arrow ends it for some. Backslashes are commands of a third format,
	// through which players take both.
	bare   = strings.NewReplacer("<", "‹", ">", "›", "{", "(", "}", ")", `\`, "∖")
	markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, "∖")
)

// body is the text of a cue. A blank line would end it.
func body(lines []string, escape *strings.Replacer) string {
	var b strings.Builder
	for _, line := range lines {
		if line = strings.Trim(Plain(line), " "); line != "" {
			b.WriteString(escape.Replace(line) + "\n")
		}
	}
	return b.String()
}

func clock(ms int64, point byte) string {
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", ms/3600000, ms/60000%60, ms/1000%60, point, ms%1000)
}
