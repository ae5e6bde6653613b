package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	conf "sotto/cmd/sotto/config"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "say what this machine can do, and what to do where it cannot",
		Description: "sotto doctor                # with the built-in model\n" +
			"sotto doctor --model e4b    # will it fit, is it whole, does it keep up?\n\n" +
			"A line a check: ok, warn where something works less well or not at all, fail where sotto will not work as it is told.\n" +
			"What serve is told in its file and in SOTTO_* variables is looked at too. The exit code is 0 when nothing fails,\n" +
			"else that of the first failure: 2 the command line, 3 the machine, 4 the model.",
		Flags: append(engineFlags(),
			&cli.StringFlag{Name: "listen", DefaultText: "127.0.0.1:7788", Usage: "`HOST:PORT` that sotto serve would listen on"},
			&cli.StringFlag{Name: "state", Usage: "`FOLDER` that sotto serve would keep rooms in"},
			&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print the checks as JSON"},
		),
		Action: runDoctor,
	}
}

// The states of a check.
const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateFail = "fail"
)

// check is one thing that was looked at.
type check struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Says   string `json:"says"`             // what was found
	Advice string `json:"advice,omitempty"` // what to do
	code   int    // the program's exit code when it fails
}

func fine(name, format string, args ...any) check {
	return check{Name: name, State: stateOK, Says: fmt.Sprintf(format, args...)}
}

func warning(name, advice, format string, args ...any) check {
	return check{name, stateWarn, fmt.Sprintf(format, args...), advice, 0}
}

// failing makes a check of an error, whose advice follows a semicolon.
func failing(name string, err error) check {
	says, advice, _ := strings.Cut(err.Error(), "; ")
	return check{name, stateFail, says, advice, exitCode(err)}
}

// doctor is one run of sotto doctor.
type doctor struct {
	c      *cli.Context
	config conf.Config
	stderr *os.File
	checks []check
}

func runDoctor(c *cli.Context) error {
	if c.Args().Present() {
		return usageError("doctor takes no arguments, and %.32q is one; name the model with --model", c.Args().First())
	}
	d := &doctor{c: c, stderr: c.App.ErrWriter.(*os.File)}
	if err := d.configure(); err != nil {
		return err
	}
	for _, look := range []func() []check{d.kernel, d.microphone, d.ffmpeg, d.address, d.rooms, d.model} {
		found := look()
		if c.Context.Err() != nil {
			return &failure{exitInterrupted, errors.New("interrupted; the other checks were not made")}
		}
		for _, one := range found {
			if err := d.report(one); err != nil {
				return err
			}
		}
	}
	return d.close()
}

// configure takes the model from where serve would take it.
func (d *doctor) configure() error {
	told, err := loadConfig(d.c)
	if err != nil {
		return err
	}
	d.config = told.Config
	return (&daemon{c: d.c, config: d.config}).tellEngine()
}

// report prints a check when it is made, unless all are printed together.
func (d *doctor) report(one check) error {
	one.Says, one.Advice = printable(one.Says), printable(one.Advice)
	d.checks = append(d.checks, one)
	if d.c.Bool("json") {
		return nil
	}
	line := fmt.Sprintf("%-4s  %-11s %s", one.State, one.Name, one.Says)
	if one.Advice != "" {
		line += "; " + one.Advice
	}
	return say(d.c, line+"\n")
}

// close prints what is left to print, and fails as the first check that failed.
func (d *doctor) close() error {
	var failed []string
	code := 0
	for _, one := range d.checks {
		if one.State != stateFail {
			continue
		}
		failed = append(failed, one.Name)
		if code == 0 {
			code = one.code
		}
	}
	if d.c.Bool("json") {
		data, err := json.MarshalIndent(map[string]any{"ok": code == 0, "version": version(), "checks": d.checks}, "", "  ")
		if err != nil {
			return err
		}
		if err := say(d.c, string(data)+"\n"); err != nil {
			return err
		}
	}
	if code == 0 {
		return nil
	}
	return &failure{code, fmt.Errorf("sotto will not work as it is told: %s; do what is said there", strings.Join(failed, ", "))}
}
