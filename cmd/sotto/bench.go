package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"sotto/cmd/sotto/bench"
	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/pocket"
	"sotto/models/synthetic"
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:  "bench",
		Usage: "measure how fast a model runs on this machine",
		Description: "sotto bench                              # the built-in model, a few seconds\n" +
			"sotto bench --synthetic e4b              # true sizes, random weights; written once, 5 GB and 3.6 GB packed\n" +
			"sotto bench --model e4b --plot e4b.svg   # a real model, and a drawing",
		Flags: append(modelFlags(),
			&cli.StringFlag{Name: "synthetic", Usage: "measure random weights of the true `SHAPE` e4b, e2b or tiny, written into the cache the first time"},
			&cli.IntFlag{Name: "threads", EnvVars: []string{"SOTTO_THREADS"}, DefaultText: "one per core", Usage: "`NUMBER` of threads that compute"},
			&cli.BoolFlag{Name: "quick", DisableDefaultText: true, Usage: "fewer repetitions, for a first look"},
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print everything measured as JSON instead of the table"},
			&cli.StringFlag{Name: "plot", Usage: "also draw the costs into `FILE.svg`"},
		),
		Action: runBench,
	}
}

func runBench(c *cli.Context) error {
	if err := checkBench(c); err != nil {
		return err
	}
	if name := c.String("synthetic"); name != "" {
		if err := useSynthetic(c, name); err != nil {
			return err
		}
	}
	plot, err := createPlot(c.String("plot"))
	if err != nil {
		return err
	}
	report, err := measure(c)
	if err != nil {
		if plot != nil {
			plot.Close()
			os.Remove(plot.Name())
		}
		return err
	}
	if plot != nil {
		if err := errors.Join(report.Plot(plot), plot.Close()); err != nil {
			return environmentError("cannot write the drawing: %w; free some room", err)
		}
	}
	return printReport(c, report)
}

func checkBench(c *cli.Context) error {
	switch {
	case c.NArg() > 0:
		return usageError("bench takes no argument, but got %.32q; name the model with --model", c.Args().First())
	case c.Int("threads") < 0:
		return usageError("--threads %d; say a number above 0, or 0 for one per core", c.Int("threads"))
	case c.String("synthetic") != "" && c.IsSet("model") && c.String("model") != os.Getenv("SOTTO_MODEL"):
		return usageError("--synthetic and --model name two models; say one")
	}
	if err := kernel.CheckEnvironment(); err != nil {
		return environmentError("%w", err)
	}
	return nil
}

// useSynthetic makes the pair of a shape the model, and writes it if it is not
// in the cache.
func useSynthetic(c *cli.Context, name string) error {
	shape, err := synthetic.ByName(name)
	if err != nil {
		return usageError("%w", advised(err, "choose one of them with --synthetic"))
	}
	dir, err := cacheDir()
	if err != nil {
		return err
	}
	text, mmproj := synthetic.Paths(dir, shape)
	if !exists(text) || !exists(mmproj) {
		if err := writeSynthetic(c, dir, shape); err != nil {
			return err
		}
	}
	return errors.Join(c.Set("model", text), c.Set("mmproj", mmproj))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// writeSynthetic writes a pair. An interrupt leaves the writer behind: the
// program ends, and what it had written is under a name that the next call
// writes over.
func writeSynthetic(c *cli.Context, dir string, shape synthetic.Shape) error {
	bar := newPackingBar(c.App.ErrWriter.(*os.File), "writing random weights for "+shape.Title+" into "+dir+", once")
	// Once the caller has left, nothing is drawn any more.
	ctx, leave := context.WithCancel(c.Context)
	defer leave()
	written := make(chan error, 1)
	go func() {
		_, _, err := synthetic.Write(dir, shape, 1, func(done, total int64) {
			if ctx.Err() == nil {
				bar.show(done, total)
			}
		})
		written <- err
	}()
	select {
	case err := <-written:
		if err != nil {
			return environmentError("%w", advised(err, "make room there, or choose another place with SOTTO_CACHE"))
		}
		bar.end()
		return nil
	case <-ctx.Done():
		return benchInterrupted()
	}
}

func benchInterrupted() error {
	return &failure{exitInterrupted, errors.New("interrupted; what was measured until then is not shown")}
}

// createPlot makes the file before anything is measured for it.
func createPlot(name string) (*os.File, error) {
	if name == "" {
		return nil, nil
	}
	if !strings.HasSuffix(strings.ToLower(name), ".svg") {
		return nil, usageError("--plot draws SVG; name a file that ends in .svg, not %.64q", name)
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, environmentError("cannot write the drawing %s: %w; name another place", name, bare(err))
	}
	return file, nil
}

// measure opens the model once, so that it is packed, and then has everything
// measured.
func measure(c *cli.Context) (*bench.Report, error) {
	model, err := openFast(c)
	if err != nil {
		return nil, err
	}
	model.Close()
	threads := c.Int("threads")
	if threads == 0 {
		threads = kernel.Cores()
	}
	// As for the engine: the workers keep their processors busy.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + threads))
	line := newBenchLine(c.App.ErrWriter.(*os.File))
	report, err := bench.Run(c.Context, bench.Options{
		Open:    func() (*gemma4.Model, error) { return openFast(c) },
		Source:  func() (*gemma4.Model, error) { return openStored(c) },
		Threads: threads, Quick: c.Bool("quick"), Progress: line.show,
	})
	line.clear()
	var told *failure
	switch {
	case c.Context.Err() != nil:
		return nil, benchInterrupted()
	case err != nil && !errors.As(err, &told):
		return nil, modelError(err)
	case err != nil:
		return nil, err
	}
	report.Version = version()
	if paths := report.Model.Paths; len(paths) > 0 && strings.HasSuffix(paths[0], ".gguf") {
		report.LlamaCpp = fmt.Sprintf("llama-bench -m %s -t %d -p 12,64,512 -n 64", paths[0], threads)
	}
	return report, nil
}

// openStored opens the model as its files hold it.
func openStored(c *cli.Context) (*gemma4.Model, error) {
	if c.String("model") == "pocket" {
		return pocket.Reference()
	}
	return openModel(c.String("model"), c.String("mmproj"))
}

func printReport(c *cli.Context, report *bench.Report) error {
	var err error
	if c.Bool("json") {
		out := json.NewEncoder(c.App.Writer)
		out.SetIndent("", "  ")
		err = out.Encode(report)
	} else {
		err = report.Table(c.App.Writer)
	}
	if err != nil {
		return environmentError("cannot write: %w", err)
	}
	return nil
}
