package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"sotto/audio"
	"sotto/models/gemma4"
)

func modelsCommand() *cli.Command {
	return &cli.Command{
		Name:  "models",
		Usage: "look at models",
		Subcommands: []*cli.Command{{
			Name:      "inspect",
			Usage:     "say what a model is, its sizes and types, and the memory it will take",
			ArgsUsage: "pocket | PULLED | FOLDER | FILE.gguf",
			Flags:     modelFlags()[1:],
			Action:    inspect,
		}, verifyCommand()},
	}
}

func inspect(c *cli.Context) error {
	if c.NArg() != 1 {
		return usageError("models inspect takes one model: pocket, a pulled one, a checkpoint's folder, or a FILE.gguf")
	}
	model, err := openModel(c.Args().First(), c.String("mmproj"))
	if err != nil {
		return err
	}
	defer model.Close()
	if err := describe(c.App.Writer, model); err != nil {
		return environmentError("cannot write: %w", err)
	}
	return nil
}

// describe writes what a person wants to know before running a model.
func describe(out io.Writer, m *gemma4.Model) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	s, a, t := &m.Source, &m.Config.Audio, &m.Config.Text
	row("model", "%s", m.Name)
	if p := m.Config.Profile; p.Description != "" {
		row("", "%s", p.Description)
	}
	row("from", "%s", strings.Join(append([]string{s.Format}, s.Paths...), ", "))
	row("languages", "%s", profileLanguages(&m.Config.Profile))
	row("audio tower", "%d layers of %d, %d heads, %d sound tokens' context", a.Layers, a.HiddenSize, a.Heads, a.ContextLeft-1)
	row("decoder", "%d layers of %d (%s), %d share keys and values", t.Layers(), t.HiddenSize, pattern(t), t.KVSharedLayers)
	row("", "%d heads on %d or %d key/value heads, window %d, %d pieces", t.Heads, t.KVHeads[gemma4.Sliding], t.KVHeads[gemma4.Full], t.SlidingWindow, t.VocabSize)
	row("parameters", "%s in %s", count(s.Parameters), size(s.Bytes))
	for _, u := range s.Types {
		row("", "%s: %d tensors, %s, %s", u.Type, u.Tensors, count(u.Parameters), size(u.Bytes))
	}
	if s.Ignored > 0 {
		row("not used", "%d tensors, %s", s.Ignored, size(s.IgnoredBytes))
	}
	row("each voice", "%s after 28 s of speech", size(t.MemoryBytes(28*audio.RateHz/audio.FrameLen)))
	return w.Flush()
}

func profileLanguages(p *gemma4.Profile) string {
	say := func(codes []string) string {
		if codes == nil {
			return "any"
		}
		return strings.Join(codes, ", ")
	}
	return "hears " + say(p.Sources) + "; writes " + say(p.Targets)
}

// pattern counts the layers of each kind.
func pattern(t *gemma4.TextConfig) string {
	sliding := slices.DeleteFunc(slices.Clone(t.LayerTypes), func(k gemma4.LayerType) bool { return k != gemma4.Sliding })
	return fmt.Sprintf("%d sliding, %d full", len(sliding), t.Layers()-len(sliding))
}

// count writes a number of parameters with three digits.
func count(n int64) string { return scaled(n, 1000, "", "k", "M", "G") }

// size writes a number of bytes with three digits.
func size(n int64) string { return scaled(n, 1024, "B", "KiB", "MiB", "GiB") }

func scaled(n int64, step float64, units ...string) string {
	x, unit := float64(n), 0
	for x >= step && unit < len(units)-1 {
		x, unit = x/step, unit+1
	}
	if unit == 0 {
		return strings.TrimSpace(fmt.Sprintf("%d %s", n, units[0]))
	}
	return fmt.Sprintf("%.3g %s", x, units[unit])
}
