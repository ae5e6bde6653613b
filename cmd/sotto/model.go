package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"sotto/models/gemma4"
	"sotto/models/hub"
	"sotto/models/pocket"
)

func modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "model", Value: "pocket", EnvVars: []string{"SOTTO_MODEL"}, Usage: "`MODEL` to use: pocket (built in), e4b, e2b or REPO[:FILE] as pulled, a checkpoint's folder, or a .gguf file"},
		&cli.StringFlag{Name: "mmproj", EnvVars: []string{"SOTTO_MMPROJ"}, Usage: "`FILE` with the audio half of a GGUF pair, when it is not the only one beside it"},
	}
}

// openModel opens pocket, a pulled model, a folder or a GGUF pair.
func openModel(name, mmproj string) (*gemma4.Model, error) {
	open := func() (*gemma4.Model, error) { return gemma4.Open(name, mmproj) }
	switch {
	case name == "pocket":
		if mmproj != "" {
			return nil, usageError("--mmproj belongs to a GGUF file; name that with --model")
		}
		open = pocket.Open
	case isPulled(name):
		open = func() (*gemma4.Model, error) { return openPulled(name, mmproj) }
	}
	model, err := open()
	if err != nil {
		return nil, modelError(err)
	}
	return model, nil
}

// isPulled reports whether a name is one of the hub's and not a path: the short
// names always, a repository's unless there is such a folder here.
func isPulled(name string) bool {
	if hub.IsShort(name) {
		return true
	}
	_, err := os.Lstat(name)
	return err != nil && hub.IsRepo(name)
}

// openPulled opens what sotto pull left in the hub's cache.
func openPulled(name, mmproj string) (*gemma4.Model, error) {
	spec, err := hub.ParseSpec(name)
	if err != nil {
		return nil, err
	}
	config, err := hub.FromEnvironment(os.Getenv)
	if err != nil {
		return nil, err
	}
	found, err := hub.Find(config, spec)
	if err != nil && !hub.IsShort(name) {
		return nil, fmt.Errorf("no file or folder %s is here, and %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	path := found.Text
	if path == "" {
		path = found.Folder
	}
	if path == "" {
		path = found.Paths[0]
	}
	if mmproj == "" {
		mmproj = found.Projector
	}
	model, err := gemma4.Open(path, mmproj)
	if err == nil && found.Folder != "" {
		model.Name = found.Repo // the folder's name is a commit
	}
	return model, err
}
