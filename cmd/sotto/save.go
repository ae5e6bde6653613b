package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sotto"
	"sotto/transport/subtitle"
)

// saver writes what is committed into files while it is spoken. Killed at any
// moment it leaves files that hold every committed word and are complete.
type saver struct {
	files []*growing
}

// newSaver makes the file, which must not be there yet; where a format holds one
// language and there are several, a file for each.
func newSaver(name string, languages []string) (*saver, error) {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	s := &saver{}
	if format == "txt" || format == "jsonl" || len(languages) == 1 {
		return s, s.add(name, format, languages)
	}
	for _, language := range languages {
		own := strings.TrimSuffix(name, filepath.Ext(name)) + "." + language + filepath.Ext(name)
		if err := s.add(own, format, []string{language}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// saveFormat refuses a name that tells no format.
func saveFormat(name string) error {
	switch format := strings.ToLower(filepath.Ext(name)); format {
	case ".srt", ".vtt", ".txt", ".jsonl":
		return nil
	default:
		return usageError("--save %.64q tells no format; let the name end in .srt, .vtt, .txt or .jsonl", name)
	}
}

func (s *saver) add(name, format string, languages []string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		for _, made := range s.files { // and hold nothing
			made.file.Close()
			os.Remove(made.file.Name())
		}
		return environmentError("cannot save to %s: %w; name another file with --save", name, bare(err))
	}
	g := &growing{file: f, languages: languages}
	g.printer = savedAs(format, g, languages)
	s.files = append(s.files, g)
	if err := g.refresh(); err != nil {
		return environmentError("cannot save: %w; name another place with --save", err)
	}
	return nil
}

// names lists the files.
func (s *saver) names() string {
	var all []string
	for _, g := range s.files {
		all = append(all, g.file.Name())
	}
	return strings.Join(all, ", ")
}

// caption saves what a caption commits.
func (s *saver) caption(c sotto.Caption) error {
	var all error
	for _, g := range s.files {
		all = errors.Join(all, g.caption(c))
	}
	return all
}

// sync has the disk keep what was written.
func (s *saver) sync() error {
	var all error
	for _, g := range s.files {
		all = errors.Join(all, g.flush(), g.file.Sync())
	}
	return all
}

// close completes the files of a saver, if there is one.
func (s *saver) close() error {
	if s == nil {
		return nil
	}
	var all error
	for _, g := range s.files {
		all = errors.Join(all, g.close())
	}
	return all
}

// saved is a printer that can say what it holds back.
type saved interface {
	printer
	// preview writes what close would, and changes nothing.
	preview() error
}

func savedAs(format string, g *growing, languages []string) saved {
	switch {
	case format == "jsonl":
		return savedLines{&jsonPrinter{encoder: json.NewEncoder(g)}}
	case format == "txt" && len(languages) == 1:
		return savedLines{&wordPrinter{out: g}}
	case format == "txt":
		return savedLabelled{&linePrinter{out: g, languages: languages, open: make(map[string]string)}}
	}
	writer := subtitle.NewVTT(g)
	if format == "srt" {
		writer = subtitle.NewSRT(g)
	}
	splitter := subtitle.NewSplitter(writer)
	return savedCues{&cuePrinter{splitter}, writer}
}

// savedLines holds nothing back.
type savedLines struct{ printer }

func (savedLines) preview() error { return nil }

// savedLabelled holds segments back until they end.
type savedLabelled struct{ *linePrinter }

func (s savedLabelled) preview() error {
	later := *s.linePrinter
	later.open = maps.Clone(s.open)
	return later.close()
}

// savedCues holds the newest cues back.
type savedCues struct {
	*cuePrinter
	writer *subtitle.Writer
}

func (s savedCues) preview() error {
	later := *s.writer
	return errors.Join(s.splitter.Preview(&later), later.Close())
}

// growing is a file of which the end is written anew again and again.
type growing struct {
	file      *os.File
	languages []string // of captions that belong here
	printer   saved

	previewing bool   // what is written now is written anew later
	stays      []byte // not in the file yet
	later      []byte // behind it
	end        int64  // of what stays, in the file
	size       int64  // of the file
}

// Write takes what the printer writes.
func (g *growing) Write(data []byte) (int, error) {
	if g.previewing {
		g.later = append(g.later, data...)
	} else {
		g.stays = append(g.stays, data...)
	}
	return len(data), nil
}

func (g *growing) caption(c sotto.Caption) error {
	if len(c.Words) == 0 && !c.End || !slices.Contains(g.languages, c.Language) {
		return nil
	}
	if err := g.printer.caption(c); err != nil {
		return err
	}
	return g.refresh()
}

// refresh brings the file to what it would be if the voice ended now.
func (g *growing) refresh() error {
	g.later, g.previewing = g.later[:0], true
	err := g.printer.preview()
	g.previewing = false
	return errors.Join(err, g.flush())
}

// flush brings the file to what it is to hold, in one write where the end does
// not move back. Where that fails, it is tried again with the next caption.
func (g *growing) flush() error {
	data := append(g.stays, g.later...)
	if _, err := g.file.WriteAt(data, g.end); err != nil {
		return fmt.Errorf("%s: %w", g.file.Name(), bare(err))
	}
	size := g.end + int64(len(data))
	if size < g.size {
		if err := g.file.Truncate(size); err != nil {
			return fmt.Errorf("%s: %w", g.file.Name(), bare(err))
		}
	}
	g.end += int64(len(g.stays))
	g.stays, g.size = g.stays[:0], size
	return nil
}

func (g *growing) close() error {
	g.later = g.later[:0]
	return errors.Join(g.printer.close(), g.flush(), g.file.Sync(), g.file.Close())
}
