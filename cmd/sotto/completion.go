package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// The program answers --generate-bash-completion with one candidate a line;
// these scripts hand that to the shells. zsh's is sourced, or is a file of its
// function path, which zsh runs as the function.
const (
	bashCompletion = `_sotto() {
  local words=("${COMP_WORDS[@]:0:$COMP_CWORD}")
  COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o bashdefault -o default -F _sotto sotto
`
	zshCompletion = `#compdef sotto
_sotto() {
  local -a candidates
  candidates=("${(@f)$(${words[1,CURRENT-1]} --generate-bash-completion 2>/dev/null)}")
  compadd -a candidates
  _files
}
if [[ ${funcstack[1]} = _sotto ]]; then _sotto; else compdef _sotto sotto; fi
`
)

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for bash, zsh or fish",
		ArgsUsage: "bash|zsh|fish",
		Description: "In bash: source <(sotto completion bash)\n" +
			"In zsh:  source <(sotto completion zsh)\n" +
			"In fish: sotto completion fish | source",
		BashComplete: func(c *cli.Context) { fmt.Fprintln(c.App.Writer, "bash\nzsh\nfish") },
		Action: func(c *cli.Context) error {
			script, err := completion(c)
			if err != nil {
				return err
			}
			return say(c, script)
		},
	}
}

func completion(c *cli.Context) (string, error) {
	switch shell := c.Args().First(); shell {
	case "bash":
		return bashCompletion, nil
	case "zsh":
		return zshCompletion, nil
	case "fish":
		return c.App.ToFishCompletion()
	case "":
		return "", usageError("no shell named; say bash, zsh or fish")
	default:
		return "", usageError("no completion for %.32q; say bash, zsh or fish", shell)
	}
}
