package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"sotto/models/gemma4"
)

func modelsCommand() *cli.Command {
	return &cli.Command{
		Name:  "models",
		Usage: "look at models",
		Subcommands: []*cli.Command{{
			Name:      "inspect",
			Usage:     "say what a model is, its sizes and types, and the memory it will take",
			ArgsUsage: "pocket | FOLDER | FILE.gguf",
			Flags:     modelFlags()[1:],
			Action:    inspect,
		}},
	}
}
