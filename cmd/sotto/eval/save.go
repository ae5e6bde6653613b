package eval

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sotto/cmd/sotto/score"
)

// Save writes report.json, report.html and the logs of committed words that the
// field's tools read, logs/CONFIGURATION/LANGUAGE.simulstream.jsonl and
// LANGUAGE.instances.log, into a folder.
func (r *Report) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder %s: %w", dir, bare(err))
	}
	if err := write(filepath.Join(dir, "report.json"), r.Write); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "report.html"), r.HTML); err != nil {
		return err
	}
	for _, g := range r.gathered {
		if err := g.save(filepath.Join(dir, "logs", fileName(g.Name))); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathered) save(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder %s: %w", dir, bare(err))
	}
	for language, samples := range g.samples {
		var logs []*score.Log
		var instances []score.Instance
		for _, one := range samples {
			logs = append(logs, one.committed)
			instances = append(instances, score.Instance{
				Log: one.committed, Reference: one.recording.References[language], SourceMs: float64(one.recording.DurationMs)})
		}
		base := filepath.Join(dir, fileName(language))
		err := write(base+".simulstream.jsonl", func(w io.Writer) error { return score.WriteSimulstream(w, logs) })
		if err != nil {
			return err
		}
		err = write(base+".instances.log", func(w io.Writer) error { return score.WriteSimulEval(w, instances) })
		if err != nil {
			return err
		}
	}
	return nil
}

// write makes a file of what content writes.
func write(name string, content func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, bare(err))
	}
	buffered := bufio.NewWriter(f)
	err = content(buffered)
	if flushed := buffered.Flush(); err == nil {
		err = flushed
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, bare(err))
	}
	return nil
}

// fileName makes a name that every file system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '+':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, name)
}
