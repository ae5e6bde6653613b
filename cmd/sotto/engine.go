package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/packed"
	"sotto/models/pocket"
	"sotto/models/tensor"
)

// engineFlags are those of commands that compute.
func engineFlags() []cli.Flag {
	return append(modelFlags(),
		&cli.IntFlag{Name: "threads", EnvVars: []string{"SOTTO_THREADS"}, DefaultText: "one per core", Usage: "`NUMBER` of threads that compute"},
		weightsFlag(),
		&cli.BoolFlag{Name: "reference", DisableDefaultText: true, Usage: "compute with the reference arithmetic: exact, and far too slow to be used"},
	)
}

func weightsFlag() cli.Flag {
	return &cli.StringFlag{Name: "weights", Value: "auto", EnvVars: []string{"SOTTO_WEIGHTS"}, Usage: "`TYPE` of the decoder's weights: q4_0, q8_0, or auto, which loses nothing"}
}

// smallModel bytes are packed anew every time, in memory.
const smallModel = 64 << 20

// openFast opens a model for the fast kernels. A checkpoint is packed into the
// cache the first time it is used.
func openFast(c *cli.Context) (*gemma4.Model, error) {
	name, mmproj := c.String("model"), c.String("mmproj")
	if c.Bool("reference") {
		if name == "pocket" && mmproj == "" {
			return pocket.Reference()
		}
		return openModel(name, mmproj)
	}
	options, err := weights(c.String("weights"))
	if err != nil {
		return nil, err
	}
	model, err := openModel(name, mmproj)
	if err != nil || name == "pocket" {
		return model, err
	}
	if options.Size(model) <= smallModel {
		if err := options.Memory(model); err != nil {
			model.Close()
			return nil, modelError(err)
		}
		return model, nil
	}
	return openPacked(c, options, model)
}

// openPacked maps the packed form of a model, which is written when it is not in
// the cache or is damaged there. The model is closed when that fails.
func openPacked(c *cli.Context, options packed.Options, model *gemma4.Model) (*gemma4.Model, error) {
	dir, err := cacheDir()
	if err != nil {
		model.Close()
		return nil, err
	}
	err = options.Attach(model, dir)
	switch {
	case err == nil:
		return model, nil
	case errors.Is(err, packed.ErrDamaged):
		fmt.Fprintf(c.App.ErrWriter, "sotto: %v; it is written anew\n", err)
	case !errors.Is(err, fs.ErrNotExist):
		model.Close()
		return nil, environmentError("%w; remove it, or choose another place with SOTTO_CACHE", err)
	}
	return pack(c, options, model, dir)
}

// pack writes the packed form of a model and returns the model opened anew, so
// that what was read for packing does not stay in memory.
func pack(c *cli.Context, options packed.Options, model *gemma4.Model, dir string) (*gemma4.Model, error) {
	bar := newPackingBar(c.App.ErrWriter.(*os.File), "packing "+model.Name+" for this machine, once")
	err := options.Write(c.Context, model, dir, bar.show)
	model.Close()
	if err != nil {
		bar.clear()
		return nil, packingError(err)
	}
	bar.end()
	if model, err = openModel(c.String("model"), c.String("mmproj")); err != nil {
		return nil, err
	}
	if err := options.Attach(model, dir); err != nil {
		model.Close()
		return nil, environmentError("%w; it was written a moment ago: look at the disk, or choose another place with SOTTO_CACHE", err)
	}
	return model, nil
}

// packingError gives a failed packing its exit code.
func packingError(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return &failure{exitInterrupted, errors.New("interrupted; the model is not packed, and the next run packs it")}
	case errors.Is(err, packed.ErrValue):
		return modelError(err)
	}
	return environmentError("%w; make room there, or choose another place with SOTTO_CACHE", err)
}

// weights turns the flag into what the packer wants.
func weights(name string) (packed.Options, error) {
	switch name {
	case "auto", "": // bench has no such flag
		return packed.Options{}, nil
	case "q4_0":
		return packed.Options{Text: tensor.Q4_0}, nil
	case "q8_0":
		return packed.Options{Text: tensor.Q8_0}, nil
	}
	return packed.Options{}, usageError("unknown --weights %.32q; choose auto, q8_0 or q4_0", name)
}

// cacheDir returns where packed models lie.
func cacheDir() (string, error) {
	if dir := os.Getenv("SOTTO_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", environmentError("no place for packed models: %w; name one with SOTTO_CACHE", err)
	}
	return filepath.Join(dir, "sotto"), nil
}

// openEngine opens the model and an engine on it and lends it its threads; done
// takes them back and closes both.
func openEngine(c *cli.Context, opt sotto.EngineOptions) (engine *sotto.Engine, done func(), err error) {
	if err := kernel.CheckEnvironment(); err != nil {
		return nil, nil, environmentError("%w", err)
	}
	model, err := openFast(c)
	if err != nil {
		return nil, nil, err
	}
	opt.Workers = c.Int("threads")
	if opt.Policy, err = policyTable(c.String("model"), model); err != nil {
		model.Close()
		return nil, nil, modelError(err)
	}
	engine, err = sotto.NewEngine(model, opt)
	if err != nil {
		model.Close()
		return nil, nil, modelError(err)
	}
	debug.FreeOSMemory() // what loading took and nobody holds
	// The workers keep their processors busy; the network gets others.
	processors := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(processors + engine.Workers())
	ctx, stop := context.WithCancel(context.Background())
	running := make(chan error, 1)
	go func() { running <- engine.Run(ctx) }()
	return engine, func() {
		stop()
		<-running
		runtime.GOMAXPROCS(processors)
		model.Close()
	}, nil
}
