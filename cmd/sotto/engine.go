package main

import (
	"context"
	"errors"
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
		&cli.StringFlag{Name: "weights", Value: "auto", EnvVars: []string{"SOTTO_WEIGHTS"}, Usage: "`TYPE` of the decoder's weights: q4_0, q8_0, or auto, which loses nothing"},
		&cli.BoolFlag{Name: "reference", DisableDefaultText: true, Usage: "compute with the reference arithmetic: exact, and far too slow to be used"},
	)
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
	dir, err := cacheDir()
	if err != nil {
		model.Close()
		return nil, err
	}
	err = options.Attach(model, dir)
	if err == nil {
		return model, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		model.Close()
		return nil, modelError(err)
	}
	if model, err = pack(c, options, model, dir); err != nil {
		return nil, err
	}
	return model, nil
}

// pack writes the packed form of a model and returns the model opened anew, so
// that what was read for packing does not stay in memory.
func pack(c *cli.Context, options packed.Options, model *gemma4.Model, dir string) (*gemma4.Model, error) {
	bar := newPackingBar(c.App.ErrWriter.(*os.File), "packing "+model.Name+" for this machine, once")
	err := options.Write(model, dir, bar.show)
	bar.end()
	model.Close()
	if errors.Is(err, packed.ErrValue) {
		return nil, modelError(err)
	}
	if err != nil {
		return nil, environmentError("%w; make room there, or choose another place with SOTTO_CACHE", err)
	}
	if model, err = openModel(c.String("model"), c.String("mmproj")); err != nil {
		return nil, err
	}
	if err := options.Attach(model, dir); err != nil {
		model.Close()
		return nil, modelError(err)
	}
	return model, nil
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
