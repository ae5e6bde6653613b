package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"sotto"
	"sotto/transport/subtitle"
)

// printer shows captions as they come.
type printer interface {
	caption(c sotto.Caption) error
	// close completes the output after the last caption.
	close() error
}

// newPrinter returns the printer for a --format. Languages are in the order
// asked for; file names the recording in JSON lines when there are several.
func newPrinter(format string, out *os.File, languages []string, file string) (printer, error) {
	switch format {
	case "text":
		if isTerminal(out) {
			return &livePrinter{out: out, languages: languages, tails: make(map[string]string)}, nil
		}
		return &linePrinter{out: out, labelled: len(languages) > 1}, nil
	case "jsonl":
		return &jsonPrinter{encoder: json.NewEncoder(out), file: file}, nil
	case "srt", "vtt":
		if len(languages) > 1 {
			return nil, usageError("--format %s holds one language and %d are asked for; ask for one, or use --format jsonl", format, len(languages))
		}
		if format == "srt" {
			return &cuePrinter{subtitle.NewSRT(out)}, nil
		}
		return &cuePrinter{subtitle.NewVTT(out)}, nil
	}
	return nil, usageError("unknown --format %.32q; choose text, jsonl, srt or vtt", format)
}

// linePrinter prints committed text, a line each. With drafts set it prints
// those too, marked, for output that cannot be redrawn.
type linePrinter struct {
	out      io.Writer
	labelled bool
	drafts   bool
}

func (p *linePrinter) caption(c sotto.Caption) error {
	if !c.Committed && !(p.drafts && c.Text != "") {
		return nil
	}
	var line strings.Builder
	if p.drafts {
		mark := "…"
		if c.Committed {
			mark = " "
		}
		fmt.Fprintf(&line, "%6.2f s %s ", float64(c.End.Millis())/1000, mark)
	}
	if p.labelled {
		fmt.Fprintf(&line, "[%s] ", c.Language)
	}
	_, err := fmt.Fprintln(p.out, line.String()+printable(c.Text))
	return err
}

func (p *linePrinter) close() error { return nil }

// livePrinter draws on a terminal: committed lines scroll up, and below them
// stands one faint line per language with its tentative tail.
type livePrinter struct {
	out       io.Writer
	languages []string
	tails     map[string]string
	drawn     int // lines of tails on the screen
}

const (
	faint    = "\x1b[2m"
	plain    = "\x1b[0m"
	clearEnd = "\x1b[0J"
	// A tail wider than the screen would break the count of lines to go back.
	tailWidth = 76
)

func (p *livePrinter) caption(c sotto.Caption) error {
	var b strings.Builder
	p.erase(&b)
	p.tails[c.Language] = c.Text
	if c.Committed {
		delete(p.tails, c.Language)
		b.WriteString(p.label(c.Language) + printable(c.Text) + "\n")
	}
	p.draw(&b)
	_, err := io.WriteString(p.out, b.String())
	return err
}

func (p *livePrinter) erase(b *strings.Builder) {
	if p.drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r%s", p.drawn, clearEnd)
	}
	p.drawn = 0
}

func (p *livePrinter) draw(b *strings.Builder) {
	for _, language := range p.languages {
		if text := p.tails[language]; text != "" {
			b.WriteString(faint + p.label(language) + lastRunes(printable(text), tailWidth) + plain + "\n")
			p.drawn++
		}
	}
}

func (p *livePrinter) label(language string) string {
	if len(p.languages) < 2 {
		return ""
	}
	return "[" + language + "] "
}

func (p *livePrinter) close() error {
	var b strings.Builder
	p.erase(&b)
	_, err := io.WriteString(p.out, b.String())
	return err
}

// jsonPrinter prints every caption as one JSON line.
type jsonPrinter struct {
	encoder *json.Encoder
	file    string
}

// jsonCaption is one line of --format jsonl.
type jsonCaption struct {
	File      string `json:"file,omitempty"`
	Segment   int    `json:"segment"`
	Language  string `json:"language"`
	Text      string `json:"text"`
	Committed bool   `json:"committed"` // false: tentative, replaces the language's tail
	StartMs   int64  `json:"start_ms"`
	EndMs     int64  `json:"end_ms"`
}

func (p *jsonPrinter) caption(c sotto.Caption) error {
	return p.encoder.Encode(jsonCaption{p.file, c.Segment, c.Language, c.Text, c.Committed, c.Start.Millis(), c.End.Millis()})
}

func (p *jsonPrinter) close() error { return nil }

// cuePrinter writes committed captions as subtitles.
type cuePrinter struct{ writer *subtitle.Writer }

func (p *cuePrinter) caption(c sotto.Caption) error {
	if !c.Committed {
		return nil
	}
	return p.writer.Write(subtitle.Cue{StartMs: c.Start.Millis(), EndMs: c.End.Millis(), Text: c.Text})
}

func (p *cuePrinter) close() error { return p.writer.Close() }

// printable takes control characters out of model text: a terminal would obey
// them.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

func lastRunes(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return "…" + string(r[len(r)-n+1:])
	}
	return text
}

// isTerminal reports whether f is a screen: a character device that is not the
// null device.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
