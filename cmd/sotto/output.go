package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"sotto"
	"sotto/transport/subtitle"
	"sotto/transport/voice"
	"sotto/transport/wire"
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
		switch {
		case isTerminal(out):
			return newLivePrinter(out, languages), nil
		case len(languages) == 1:
			return &wordPrinter{out: out}, nil
		}
		return &linePrinter{out: out, languages: languages, open: make(map[string]string)}, nil
	case "jsonl":
		return &jsonPrinter{encoder: json.NewEncoder(out), file: file}, nil
	case "srt", "vtt":
		if len(languages) > 1 {
			return nil, usageError("--format %s holds one language and %d are asked for; ask for one, or use --format jsonl", format, len(languages))
		}
		if format == "srt" {
			return &cuePrinter{subtitle.NewSplitter(subtitle.NewSRT(out))}, nil
		}
		return &cuePrinter{subtitle.NewSplitter(subtitle.NewVTT(out))}, nil
	}
	return nil, usageError("unknown --format %.32q; choose text, jsonl, srt or vtt", format)
}

// wordPrinter prints the words of one language when they are committed, and a
// segment a line.
type wordPrinter struct {
	out  io.Writer
	open bool // a line has been begun
}

func (p *wordPrinter) caption(c sotto.Caption) error {
	text := printable(c.Text())
	p.open = p.open || text != ""
	if c.End && p.open {
		text += "\n"
		p.open = false
	}
	_, err := io.WriteString(p.out, text)
	return err
}

func (p *wordPrinter) close() error { return p.caption(sotto.Caption{End: true}) }

// linePrinter prints a segment a line when it ends, labelled: the words of
// several languages would mix.
type linePrinter struct {
	out       io.Writer
	languages []string
	open      map[string]string // text of the segment, by language
}

func (p *linePrinter) caption(c sotto.Caption) error {
	text := p.open[c.Language] + printable(c.Text())
	p.open[c.Language] = text
	if !c.End || text == "" {
		return nil
	}
	delete(p.open, c.Language)
	_, err := fmt.Fprintf(p.out, "[%s] %s\n", c.Language, text)
	return err
}

func (p *linePrinter) close() error {
	for _, language := range p.languages {
		if err := p.caption(sotto.Caption{Language: language, End: true}); err != nil {
			return err
		}
	}
	return nil
}

// logPrinter shows how text grows where nothing can be redrawn: every growth is a
// line with the time and what is committed of the segment; of tails only those
// before it has any words, behind a mark.
type logPrinter struct {
	out  io.Writer
	open map[string]string // committed text of the segment, by language
}

func (p *logPrinter) caption(c sotto.Caption) error {
	text := p.open[c.Language] + printable(c.Text())
	p.open[c.Language] = text
	if c.End {
		delete(p.open, c.Language)
	}
	if len(c.Words) == 0 && (c.Tail == "" || text != "") {
		return nil
	}
	if len(c.Words) == 0 {
		text = "… " + strings.TrimLeft(printable(c.Tail), " ")
	}
	_, err := fmt.Fprintf(p.out, "%6.2f s [%s] %s\n", float64(c.Heard.Millis())/1000, c.Language, strings.TrimLeft(text, " "))
	return err
}

func (p *logPrinter) close() error { return nil }

// jsonPrinter prints every caption as one JSON line.
type jsonPrinter struct {
	encoder *json.Encoder
	file    string
}

// jsonCaption is one line of --format jsonl.
type jsonCaption struct {
	File     string      `json:"file,omitempty"`
	Segment  int         `json:"segment"`
	Language string      `json:"language"`
	Words    []wire.Word `json:"words"` // committed now: append their texts
	Tail     string      `json:"tail"`  // tentative: replaces the language's tail
	End      bool        `json:"end"`   // the segment is complete in this language
	HeardMs  int64       `json:"heard_ms"`
}

func (p *jsonPrinter) caption(c sotto.Caption) error {
	return p.encoder.Encode(jsonCaption{p.file, c.Segment, c.Language, voice.Words(c.Words), c.Tail, c.End, c.Heard.Millis()})
}

func (p *jsonPrinter) close() error { return nil }

// cuePrinter writes committed words as subtitles.
type cuePrinter struct{ splitter *subtitle.Splitter }

func (p *cuePrinter) caption(c sotto.Caption) error {
	for _, w := range c.Words {
		if err := p.splitter.Add(subtitle.Word{Text: w.Text, StartMs: w.Start.Millis(), EndMs: w.End.Millis()}); err != nil {
			return err
		}
	}
	if !c.End {
		return nil
	}
	return p.splitter.End()
}

func (p *cuePrinter) close() error { return p.splitter.Close() }

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
