package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"sotto"
)

const (
	faint    = "\x1b[2m"
	plain    = "\x1b[0m"
	clearEnd = "\x1b[0J"
	labelled = "\x1b[%dm%s" + plain // a colour, and what has it
	// tailWidth is a line on a screen of which nothing is known.
	tailWidth = 76
	// narrowest is the least a line is cut to.
	narrowest = 20
)

// livePrinter draws on a terminal: segments scroll up when they have ended, and
// below them stands a line for each language that speaks, its committed words
// plain, its tentative tail faint.
type livePrinter struct {
	out       io.Writer
	width     func() int // columns of the screen; 0: not known
	languages []string
	colours   bool
	text      map[string]string // committed of the open segment
	tail      map[string]string
	status    string // a line below all others; "": none
	drawn     int    // lines that are redrawn
}

// palette are the colours of the languages' labels, in the order asked for.
var palette = []int{36, 33, 35, 32, 34, 31} // cyan, yellow, magenta, green, blue, red

func newLivePrinter(out *os.File, languages []string) *livePrinter {
	return &livePrinter{
		out: out, width: func() int { return screenWidth(out) }, languages: languages,
		colours: os.Getenv("NO_COLOR") == "", text: make(map[string]string), tail: make(map[string]string),
	}
}

func (p *livePrinter) caption(c sotto.Caption) error {
	var b strings.Builder
	p.erase(&b)
	p.text[c.Language] += printable(c.Text())
	p.tail[c.Language] = printable(c.Tail)
	if c.End {
		p.scroll(&b, c.Language)
	}
	p.draw(&b)
	_, err := io.WriteString(p.out, b.String())
	return err
}

// note writes a line that stays, of what is not text of the voice.
func (p *livePrinter) note(text string) error {
	var b strings.Builder
	p.erase(&b)
	b.WriteString(faint + printable(text) + plain + "\n")
	p.draw(&b)
	_, err := io.WriteString(p.out, b.String())
	return err
}

// show puts a text into the line below all others.
func (p *livePrinter) show(status string) error {
	if status == p.status {
		return nil
	}
	var b strings.Builder
	p.erase(&b)
	p.status = status
	p.draw(&b)
	_, err := io.WriteString(p.out, b.String())
	return err
}

// scroll writes a language's segment as a line that stays.
func (p *livePrinter) scroll(b *strings.Builder, language string) {
	if text := p.text[language]; text != "" {
		b.WriteString(p.paint(language) + text + "\n")
	}
	p.text[language], p.tail[language] = "", ""
}

func (p *livePrinter) erase(b *strings.Builder) {
	if p.drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r%s", p.drawn, clearEnd)
	}
	p.drawn = 0
}

// draw keeps each line on one row: a wrapped one would break the count of rows
// to go back.
func (p *livePrinter) draw(b *strings.Builder) {
	width := tailWidth
	if w := p.width(); w > 0 {
		width = max(w-1, narrowest)
	}
	for _, language := range p.languages {
		text, tail := p.text[language], p.tail[language]
		if text == "" && tail == "" {
			continue
		}
		text, tail = fit(text, tail, width-len(p.label(language)))
		b.WriteString(p.paint(language) + text)
		if tail != "" {
			b.WriteString(faint + tail + plain)
		}
		b.WriteString("\n")
		p.drawn++
	}
	if p.status != "" {
		b.WriteString(faint + firstColumns(p.status, width) + plain + "\n")
		p.drawn++
	}
}

// paint returns the label in the language's colour.
func (p *livePrinter) paint(language string) string {
	label := p.label(language)
	if i := slices.Index(p.languages, language); p.colours && label != "" && i >= 0 {
		return fmt.Sprintf(labelled, palette[i%len(palette)], label)
	}
	return label
}

// label returns what stands before a language's text. Codes are ASCII.
func (p *livePrinter) label(language string) string {
	if len(p.languages) < 2 {
		return ""
	}
	return "[" + language + "] "
}

// close leaves what has not ended as lines that stay.
func (p *livePrinter) close() error {
	var b strings.Builder
	p.erase(&b)
	p.status = ""
	for _, language := range p.languages {
		p.scroll(&b, language)
	}
	_, err := io.WriteString(p.out, b.String())
	return err
}

// fit cuts text and the tail behind it to so many columns together. What is
// farthest from where they meet goes first; the tail keeps half at most.
func fit(text, tail string, columns int) (string, string) {
	tail = firstColumns(tail, max(columns-uniseg.StringWidth(text), columns/2))
	return lastColumns(text, columns-uniseg.StringWidth(tail)), tail
}

// firstColumns cuts what does not fit off the end.
func firstColumns(text string, columns int) string {
	if uniseg.StringWidth(text) <= columns {
		return text
	}
	used, end := 0, 0
	for rest, state := text, -1; rest != ""; {
		var cluster string
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used += width; used > columns-1 {
			break
		}
		end += len(cluster)
	}
	return text[:end] + "…"
}

// lastColumns cuts what does not fit off the beginning.
func lastColumns(text string, columns int) string {
	width := uniseg.StringWidth(text)
	if width <= columns {
		return text
	}
	for state := -1; width > columns-1; {
		var gone int
		_, text, gone, state = uniseg.FirstGraphemeClusterInString(text, state)
		width -= gone
	}
	return "…" + text
}
