package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v2"

	conf "sotto/cmd/sotto/config"
)

func configCommand() *cli.Command {
	return &cli.Command{
		Name:  "config",
		Usage: "look at what the daemon is told",
		Subcommands: []*cli.Command{{
			Name:   "print",
			Usage:  "print what sotto serve would do with the same flags, as a file, and where each value comes from",
			Flags:  configFlags(),
			Action: printConfig,
		}, {
			Name:      "check",
			Usage:     "say whether sotto serve would take a file",
			ArgsUsage: "FILE",
			Action:    checkConfig,
		}},
	}
}

func printConfig(c *cli.Context) error {
	if c.Args().Present() {
		return usageError("print takes no arguments, and %.32q is one; name a file with --config", c.Args().First())
	}
	told, err := loadConfig(c)
	if err != nil {
		return err
	}
	if err := told.Write(c.App.Writer, told.From); err != nil {
		return environmentError("cannot write: %w", err)
	}
	return nil
}

func checkConfig(c *cli.Context) error {
	if c.NArg() != 1 {
		return usageError("check takes one file, such as sotto.yaml")
	}
	path := c.Args().First()
	told, err := conf.Load(conf.Input{Path: path})
	if err != nil {
		return configError(err)
	}
	own := 0
	for _, from := range told.From {
		if from != "default" {
			own++
		}
	}
	return say(c, fmt.Sprintf("%s is good and sets %d of %d keys\n", path, own, len(told.From)))
}

// configFlags are --config and the flags of all keys that have one. The
// environment is read with the file, not by the library, which could not say
// where a value comes from.
func configFlags() []cli.Flag {
	all := []cli.Flag{&cli.StringFlag{Name: "config", DefaultText: "sotto/sotto.yaml in the user's folder for configurations, if it is there", Usage: "`FILE` with keys as sotto config print prints them"}}
	for _, k := range conf.Keys() {
		usage := fmt.Sprintf("%s [$%s]", k.Doc, k.Env())
		switch {
		case k.Flag == "":
		case k.IsTruth():
			all = append(all, &cli.BoolFlag{Name: k.Flag, DisableDefaultText: true, Usage: usage})
		case k.IsList():
			all = append(all, &cli.StringSliceFlag{Name: k.Flag, Usage: usage})
		default:
			all = append(all, &cli.StringFlag{Name: k.Flag, DefaultText: k.Default, Usage: usage})
		}
	}
	return all
}

// sources are where the configuration of one run comes from, beside the
// environment.
type sources struct {
	path  string // --config, or ""
	flags map[string][]string
}

func loadConfig(c *cli.Context) (*conf.Loaded, error) {
	if c.IsSet("config") && c.String("config") == "" {
		return nil, usageError("--config names no file; leave it out, or name one")
	}
	return sourcesOf(c).load()
}

func sourcesOf(c *cli.Context) sources { return sources{c.String("config"), toldFlags(c)} }

// load merges the command line, the environment and the file, which is read
// anew.
func (s sources) load() (*conf.Loaded, error) {
	path := s.path
	if path == "" {
		path = defaultConfig()
	}
	told, err := conf.Load(conf.Input{Path: path, Lookup: os.LookupEnv, Flags: s.flags})
	if err != nil {
		return nil, configError(err)
	}
	return told, nil
}

// defaultConfig is the user's file, or "" when there is none.
func defaultConfig() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	path := filepath.Join(dir, "sotto", "sotto.yaml")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return path
}

// toldFlags is what the command line itself says.
func toldFlags(c *cli.Context) map[string][]string {
	told := make(map[string][]string)
	for _, k := range conf.Keys() {
		switch {
		case k.Flag == "" || !c.IsSet(k.Flag):
		case k.IsTruth():
			told[k.Flag] = []string{strconv.FormatBool(c.Bool(k.Flag))}
		case k.IsList():
			told[k.Flag] = c.StringSlice(k.Flag)
		default:
			told[k.Flag] = []string{c.String(k.Flag)}
		}
	}
	return told
}

// configError gives a refused configuration its exit code.
func configError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return environmentError("cannot read the configuration %s: %w; name another file with --config", path.Path, path.Err)
	}
	return usageError("%w", err)
}
