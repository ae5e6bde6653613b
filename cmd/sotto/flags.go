package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// hoistFlags moves the flags of the named command in front of its arguments, so
// that both orders work: the library stops at the first argument.
func hoistFlags(app *cli.App, args []string) []string {
	if len(args) < 2 {
		return args
	}
	commands, at := app.Commands, 1
	var command *cli.Command
	for at < len(args) {
		next := find(commands, args[at])
		if next == nil {
			break
		}
		command, commands, at = next, next.Subcommands, at+1
	}
	if command == nil {
		return args
	}
	flags, rest := split(command, args[at:])
	hoisted := append([]string{}, args[:at]...)
	return append(append(hoisted, flags...), rest...)
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// split parts flags, with their values, from the other arguments. Everything
// after "--" is an argument.
func split(command *cli.Command, args []string) (flags, rest []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return flags, append(append(rest, "--"), args[i+1:]...)
		case len(arg) < 2 || arg[0] != '-':
			rest = append(rest, arg)
		default:
			flags = append(flags, arg)
			if takesValue(command, arg) && i+1 < len(args) {
				i++
				flags = append(flags, args[i])
			}
		}
	}
	return flags, rest
}

// takesValue reports whether the flag's value is the next argument.
func takesValue(command *cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range command.Flags {
		for _, n := range f.Names() {
			if n == name {
				_, isBool := f.(*cli.BoolFlag)
				return !isBool
			}
		}
	}
	return false
}
