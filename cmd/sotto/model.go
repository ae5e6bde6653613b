package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/models/gemma4"
	"sotto/models/kernel"
	"sotto/models/packed"
	"sotto/models/pocket"
)

func modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Value: "pocket", EnvVars: []string{"SOTTO_MODEL"}, Usage: "`MODEL` to use: pocket (built in), a checkpoint's folder, or a .gguf file"},
		&cli.StringFlag{Name: "mmproj", EnvVars: []string{"SOTTO_MMPROJ"}, Usage: "`FILE` with the audio half of a GGUF pair, when it is not the only one beside it"},
	}
}

// engineFlags are those of commands that compute.
func engineFlags() []cli.Flag {
	return append(modelFlags(),
		&cli.IntFlag{Name: "threads", EnvVars: []string{"SOTTO_THREADS"}, DefaultText: "one per core", Usage: "`NUMBER` of threads that compute"},
		&cli.BoolFlag{Name: "reference", DisableDefaultText: true, Usage: "compute with the reference arithmetic: exact, and far too slow to be used"},
	)
}

// openModel opens pocket, a folder or a GGUF pair.
func openModel(name, mmproj string) (*gemma4.Model, error) {
	open := func() (*gemma4.Model, error) { return gemma4.Open(name, mmproj) }
	if name == "pocket" {
		if mmproj != "" {
			return nil, usageError("--mmproj belongs to a GGUF file; name that with --model")
		}
		open = pocket.Open
	}
	model, err := open()
	if err != nil {
		return nil, modelError(err)
	}
	return model, nil
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
	model, err := openModel(name, mmproj)
	if err != nil || name == "pocket" {
		return model, err
	}
	if packed.Size(model) <= smallModel {
		if err := packed.Memory(model); err != nil {
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
	err = packed.Attach(model, dir)
	if err == nil {
		return model, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		model.Close()
		return nil, modelError(err)
	}
	if model, err = pack(c, model, dir); err != nil {
		return nil, err
	}
	return model, nil
}

// pack writes the packed form of a model and returns the model opened anew, so
// that what was read for packing does not stay in memory.
func pack(c *cli.Context, model *gemma4.Model, dir string) (*gemma4.Model, error) {
	bar := newPackingBar(c.App.ErrWriter.(*os.File), "packing "+model.Name+" for this machine, once")
	err := packed.Write(model, dir, bar.show)
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
	if err := packed.Attach(model, dir); err != nil {
		model.Close()
		return nil, modelError(err)
	}
	return model, nil
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
	// The workers keep their processors busy; the network gets others.
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + engine.Workers())
	ctx, stop := context.WithCancel(context.Background())
	running := make(chan error, 1)
	go func() { running <- engine.Run(ctx) }()
	return engine, func() {
		stop()
		<-running
		runtime.GOMAXPROCS(before)
		model.Close()
	}, nil
}
