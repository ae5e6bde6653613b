package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"sotto/audio/mic"
)

func devicesCommand() *cli.Command {
	return &cli.Command{
		Name:  "devices",
		Usage: "list the microphones of this machine",
		Description: "sotto devices\n" +
			"sotto listen --to en --device webcam   # any part of a name that only one has\n\n" +
			"The default one is marked with *. It needs a sotto that was built with PortAudio, as make does where that is installed.",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print them as JSON"}},
		Action: listDevices,
	}
}

func listDevices(c *cli.Context) error {
	if c.Args().Present() {
		return usageError("devices takes no arguments, and %.32q is one", c.Args().First())
	}
	all, err := mic.Devices()
	if err == nil && len(all) == 0 {
		err = mic.ErrNone
	}
	if err != nil {
		return environmentError("%w", err)
	}
	if c.Bool("json") {
		data, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			return err
		}
		return say(c, string(data)+"\n")
	}
	return say(c, deviceTable(all))
}

func deviceTable(all []mic.Device) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, d := range all {
		mark := " "
		if d.Default {
			mark = "*"
		}
		fmt.Fprintf(w, "%s %s\t%s\t%d Hz\t%d channels\n", mark, printable(d.Name), printable(d.System), d.RateHz, d.Channels)
	}
	w.Flush()
	return b.String()
}
