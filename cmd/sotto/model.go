package main

import (
	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/models/gemma4"
	"sotto/models/pocket"
)

func modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Value: "pocket", EnvVars: []string{"SOTTO_MODEL"}, Usage: "`MODEL` to use: pocket (built in), a checkpoint's folder, or a .gguf file"},
		&cli.StringFlag{Name: "mmproj", EnvVars: []string{"SOTTO_MMPROJ"}, Usage: "`FILE` with the audio half of a GGUF pair, when it is not the only one beside it"},
	}
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

// openEngine opens the model and an engine on it; done closes both.
func openEngine(c *cli.Context, opt sotto.EngineOptions) (engine *sotto.Engine, done func(), err error) {
	model, err := openModel(c.String("model"), c.String("mmproj"))
	if err != nil {
		return nil, nil, err
	}
	engine, err = sotto.NewEngine(model, opt)
	if err != nil {
		model.Close()
		return nil, nil, modelError(err)
	}
	return engine, func() { model.Close() }, nil
}
