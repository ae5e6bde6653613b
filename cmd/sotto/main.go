// Command sotto translates speech into text as it is spoken.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the defaults hold again: a second one ends at once.
	context.AfterFunc(ctx, stop)
	os.Exit(program(ctx, os.Args, os.Stdout, os.Stderr))
}

// program runs the command line, args[0] being its name, and returns the exit
// code.
func program(ctx context.Context, args []string, stdout, stderr *os.File) int {
	err := run(ctx, args, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "sotto:", err)
	}
	return exitCode(err)
}

func run(ctx context.Context, args []string, stdout, stderr *os.File) error {
	app := newApp(stdout, stderr)
	err := app.RunContext(ctx, hoistFlags(app, args))
	var told *failure
	if err != nil && !errors.As(err, &told) {
		err = usageError("%w; see sotto --help", err)
	}
	return err
}

func newApp(stdout, stderr *os.File) *cli.App {
	app := &cli.App{
		Name:                 "sotto",
		Usage:                "translated subtitles while people speak, on this machine",
		Version:              build(),
		HideVersion:          true, // the library's own flag also takes -v
		EnableBashCompletion: true,
		Writer:               stdout,
		ErrWriter:            stderr,
		ExitErrHandler:       func(*cli.Context, error) {}, // main exits
		OnUsageError:         func(_ *cli.Context, err error, _ bool) error { return err },
		Flags:                []cli.Flag{&cli.BoolFlag{Name: "version", DisableDefaultText: true, Usage: "print the version"}},
		Commands:             []*cli.Command{translateCommand(), listenCommand(), devicesCommand(), serveCommand(), healthCommand(), doctorCommand(), configCommand(), pullCommand(), modelsCommand(), evalCommand(), benchCommand(), completionCommand(), manCommand(), versionCommand()},
		Action:               unknownCommand,
	}
	for _, c := range app.Commands {
		quietUsage(c)
	}
	return app
}

// quietUsage makes a wrong flag one sentence instead of a page of help.
func quietUsage(c *cli.Command) {
	c.OnUsageError = func(_ *cli.Context, err error, _ bool) error { return err }
	for _, sub := range c.Subcommands {
		quietUsage(sub)
	}
	if len(c.Subcommands) > 0 && c.Action == nil {
		c.Action = unknownCommand
	}
}

// unknownCommand runs when no command was named, or one that does not exist.
func unknownCommand(c *cli.Context) error {
	name := c.Args().First()
	if name == "" && c.Bool("version") {
		return sayVersion(c)
	}
	if name == "" {
		return cli.ShowSubcommandHelp(c)
	}
	commands := c.App.Commands
	if c.Command != nil && len(c.Command.Subcommands) > 0 {
		commands = c.Command.Subcommands
	}
	return usageError("unknown command %.32q; choose %s", name, choices(commands))
}

// choices lists commands as a sentence does.
func choices(commands []*cli.Command) string {
	var names []string
	for _, c := range commands {
		if c.Name != "help" {
			names = append(names, c.Name)
		}
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// say prints a command's whole answer.
func say(c *cli.Context, text string) error {
	if _, err := io.WriteString(c.App.Writer, text); err != nil {
		return environmentError("cannot write: %w", err)
	}
	return nil
}

func versionCommand() *cli.Command {
	return &cli.Command{Name: "version", Usage: "print the version", Action: sayVersion}
}

func sayVersion(c *cli.Context) error {
	return say(c, "sotto "+version()+"\n")
}

// stamp is the version that a release was built with; the linker sets it.
var stamp string

// version says which sotto this is, and which Go made it.
func version() string { return build() + " " + runtime.Version() }

// build is the release's version, else what the Go tool knows.
func build() string {
	if stamp != "" {
		return stamp
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			text += " " + s.Value[:12]
		}
	}
	return text
}
