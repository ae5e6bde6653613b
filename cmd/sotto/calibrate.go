package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/cmd/sotto/eval"
)

// calibrate finds a model's policy table and writes it where --calibrate says, or
// beside the checkpoint.
func (e *evaluation) calibrate(c *cli.Context, engine *sotto.Engine) error {
	path := c.String("calibrate")
	if path == "beside" {
		if len(engine.Model().Source.Paths) == 0 {
			return usageError("the embedded model has no place beside it; name a file with --calibrate FILE")
		}
		path = policyPath(engine.Model())
	}
	if err := e.prepare(engine); err != nil {
		return err
	}
	// Before anything is measured for it.
	part, err := os.CreateTemp(filepath.Dir(path), ".policy-*")
	if err != nil {
		return environmentError("cannot write the policy table: %w; name another place", err)
	}
	defer os.Remove(part.Name())
	defer part.Close()
	bar := newEvalBar(c.App.ErrWriter.(*os.File))
	e.options.Progress = bar.show
	found, err := e.set.Calibrate(c.Context, e.options)
	bar.clear()
	if errors.Is(err, eval.ErrCalibrate) {
		return usageError("%w", err)
	}
	if err != nil {
		return evalFailure(err, "nothing was written")
	}
	err = errors.Join(found.Table.Write(part), part.Chmod(0o644), part.Close())
	if err == nil { // whole or not at all
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return environmentError("cannot write the policy table: %w; name another place", err)
	}
	return say(c, calibrated(found, path))
}

// calibrated says what was found.
func calibrated(found *eval.Calibration, path string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d sentences were transcribed word for word.\n\n  layer  head  looks at its word  attention on the sound  behind its middle\n", found.Sentences)
	for _, h := range found.Heads[:min(10, len(found.Heads))] {
		mark := " "
		for _, chosen := range found.Table.Heads {
			if chosen == h.Head {
				mark = "*"
			}
		}
		fmt.Fprintf(&b, "%s %5d %5d %15.0f %% %21.0f %% %15.0f ms\n", mark, h.Layer, h.Head.Head, 100*h.Found, 100*h.Mass, h.LagMs)
	}
	b.WriteString("\n  certainty  words where none is right  words of speech\n")
	for _, f := range found.Floors {
		fmt.Fprintf(&b, "  %9.2f %26d %16d\n", f.Floor, f.None, f.Words)
	}
	fmt.Fprintf(&b, "\nThe heads with a * and the last certainty are in %s.\n", path)
	return b.String()
}
