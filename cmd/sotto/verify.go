package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"sotto/models/gemma4"
	"sotto/models/packed"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "read a model's packed form in the cache again and compare its checksums",
		ArgsUsage: "PULLED | FOLDER | FILE.gguf",
		Flags:     append(modelFlags()[1:], weightsFlag()),
		Action:    verify,
	}
}

func verify(c *cli.Context) error {
	if c.NArg() != 1 {
		return usageError("models verify takes one model: a pulled one, a checkpoint's folder, or a FILE.gguf")
	}
	options, err := weights(c.String("weights"))
	if err != nil {
		return err
	}
	name := c.Args().First()
	model, err := openModel(name, c.String("mmproj"))
	if err != nil {
		return err
	}
	defer model.Close()
	if name == "pocket" || options.Size(model) <= smallModel {
		return say(c, model.Name+" is small and packed in memory at every start: nothing of it lies in the cache\n")
	}
	dir, err := cacheDir()
	if err != nil {
		return err
	}
	return verifyIn(c, options, model, dir)
}

// verifyIn reads the packed form of a model in a folder.
func verifyIn(c *cli.Context, options packed.Options, model *gemma4.Model, dir string) error {
	path := options.Path(model, dir)
	bar := newPackingBar(c.App.ErrWriter.(*os.File), "reading "+path)
	err := options.Verify(c.Context, model, dir, bar.show)
	bar.clear()
	switch {
	case err == nil:
		return say(c, path+" is as it was written\n")
	case errors.Is(err, context.Canceled):
		return &failure{exitInterrupted, errors.New("interrupted; the packed model was not read to its end")}
	case errors.Is(err, packed.ErrDamaged):
		return environmentError("%w; remove it, and the next run writes it anew", err)
	case errors.Is(err, fs.ErrNotExist):
		return environmentError("%w; the first run of the model packs it", err)
	}
	return environmentError("%w; look at the disk", err)
}
