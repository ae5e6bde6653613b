package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"sotto/models/hub"
)

func pullCommand() *cli.Command {
	return &cli.Command{
		Name:      "pull",
		Usage:     "get a model from the Hugging Face hub into its cache",
		ArgsUsage: strings.Join(hub.ShortNames(), " | ") + " | REPO[@REVISION][:FILE]",
		Description: "Files land in the hub's own cache (HF_HUB_CACHE, HF_HOME), which other programs share. An interrupted\n" +
			"pull goes on where it ended. HF_TOKEN opens gated repositories; HF_ENDPOINT names another hub.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "offline", DisableDefaultText: true, Usage: "use the cache alone, as with HF_HUB_OFFLINE=1"},
			&cli.BoolFlag{Name: "check", DisableDefaultText: true, Usage: "read the files that are here already again, and get damaged ones anew"},
		},
		BashComplete: func(c *cli.Context) { fmt.Fprintln(c.App.Writer, strings.Join(hub.ShortNames(), "\n")) },
		Action:       pull,
	}
}

func pull(c *cli.Context) error {
	spec, err := pullSpec(c)
	if err != nil {
		return err
	}
	config, err := hubConfig()
	if err != nil {
		return err
	}
	config.Offline = config.Offline || c.Bool("offline")
	client, err := hub.New(config)
	if err != nil {
		return hubError(err)
	}
	stderr := c.App.ErrWriter.(*os.File)
	meter := &meter{liveLine: newLiveLine(stderr), now: time.Now}
	client.Agent, client.Check = "sotto", c.Bool("check")
	client.Notice, client.Progress = meter.notice, meter.show
	model, err := client.Pull(c.Context, spec)
	meter.clear()
	if err != nil {
		return hubError(err)
	}
	if ok, err := usable(model); err != nil {
		return err
	} else if ok {
		meter.notice("use it with --model " + spec.Name)
	}
	return say(c, strings.Join(model.Paths, "\n")+"\n")
}

func pullSpec(c *cli.Context) (hub.Spec, error) {
	if c.NArg() != 1 {
		return hub.Spec{}, usageError("pull takes one model: %s, or REPO[@REVISION][:FILE] of the hub", strings.Join(hub.ShortNames(), ", "))
	}
	name := c.Args().First()
	if name == "pocket" {
		return hub.Spec{}, usageError("pocket is built in and need not be pulled; name %s, or REPO[@REVISION][:FILE] of the hub", strings.Join(hub.ShortNames(), ", "))
	}
	spec, err := hub.ParseSpec(name)
	if err != nil {
		return hub.Spec{}, usageError("%w", err)
	}
	return spec, nil
}

func hubConfig() (hub.Config, error) {
	config, err := hub.FromEnvironment(os.Getenv)
	if err != nil {
		return config, hubError(err)
	}
	return config, nil
}

// usable opens what was pulled and reports whether it is a whole model: better to
// hear now that it holds something sotto does not read.
func usable(m hub.Model) (bool, error) {
	path := m.Text
	if m.Folder != "" {
		path = m.Folder
	}
	if path == "" || m.Folder == "" && m.Projector == "" {
		return false, nil
	}
	model, err := openModel(path, m.Projector)
	if err != nil {
		return false, modelError(fmt.Errorf("%s is pulled, but sotto cannot use it: %w", m.Repo, err))
	}
	return true, model.Close()
}

// hubError gives a failed pull its exit code.
func hubError(err error) error {
	var e *hub.Error
	switch {
	case errors.Is(err, context.Canceled):
		kept := strings.TrimPrefix(err.Error(), context.Canceled.Error())
		return &failure{exitInterrupted, advised(errors.New("interrupted"+kept), "run again")}
	case errors.As(err, &e) && e.Kind == hub.Store:
		return &failure{exitEnvironment, err}
	}
	return &failure{exitModel, advised(err, "run again")}
}

// meter shows how far a pull is: one line drawn anew on a terminal, else a line
// now and then.
type meter struct {
	liveLine
	now   func() time.Time
	file  string
	first mark // where the measured stretch of the file began
}

// mark is how many bytes had come at a time.
type mark struct {
	at   time.Time
	done int64
}

func (m *meter) notice(line string) {
	m.clear()
	fmt.Fprintln(m.out, printable(line))
}

func (m *meter) show(p hub.Progress) {
	now := m.now()
	name := p.File
	if p.Checking {
		name = "checking " + name
	}
	if name != m.file || p.Done < m.first.done {
		m.file, m.first, m.drawn = name, mark{now, p.Done}, now
	}
	switch {
	case m.due(now):
		m.draw(now, lastRunes(m.line(name, p, now), tailWidth))
	case !m.live && now.Sub(m.drawn) >= 15*time.Second:
		m.drawn = now
		fmt.Fprintln(m.out, m.line(name, p, now))
	}
}

// line is "FILE 1.20 GiB of 4.80 GiB, 25 %, 34 MiB/s, 1m48s left".
func (m *meter) line(name string, p hub.Progress, now time.Time) string {
	line := fmt.Sprintf("%s %s of %s, %d %%", printable(name), size(p.Done), size(p.Size), percent(p.Done, p.Size))
	elapsed := now.Sub(m.first.at).Seconds()
	rate := float64(p.Done-m.first.done) / elapsed
	if elapsed <= 0 || rate < 1 {
		return line
	}
	left := time.Duration(float64(p.Size-p.Done) / rate * float64(time.Second))
	line += fmt.Sprintf(", %s/s, %s left", size(int64(rate)), left.Round(time.Second))
	if elapsed > 30 { // what was long ago says little of what is to come
		m.first = mark{m.first.at.Add(now.Sub(m.first.at) / 2), m.first.done + (p.Done-m.first.done)/2}
	}
	return line
}

func percent(part, whole int64) int64 {
	if whole <= 0 {
		return 100
	}
	return int64(float64(part) / float64(whole) * 100)
}
