package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page",
		Description: "To read it: sotto man | man -l -",
		// The library adds commands of its own to the app that runs.
		Action: func(c *cli.Context) error { return say(c, manual(newApp(os.Stdout, os.Stderr))) },
	}
}

// manual is sotto(1), written from the commands themselves, in the language of
// man(7).
func manual(app *cli.App) string {
	var p page
	p.macro("TH", "SOTTO", "1", "", "sotto "+app.Version)
	p.WriteString(".ad l\n")
	p.macro("SH", "NAME")
	p.text("sotto - " + app.Usage)
	p.macro("SH", "SYNOPSIS")
	p.text("sotto COMMAND [OPTIONS] [ARGUMENTS]")
	p.macro("SH", "COMMANDS")
	p.commands("sotto", app.Commands)
	p.macro("SH", "EXIT STATUS")
	for _, e := range exitCodes {
		p.item(fmt.Sprint(e.code), e.means)
	}
	p.macro("SH", "ENVIRONMENT")
	p.text("Settings of sotto serve have a variable each, named with their option; an option on the command line comes before it, a line of the file after it.")
	p.item("SOTTO_CACHE", "folder of models that were laid out for this machine; else sotto in the user's folder for caches")
	p.item("SOTTO_KERNEL", "portable, avx2 or avx512: the arithmetic to use, in the place of the best one")
	p.item("HF_HOME, HF_HUB_CACHE, HF_TOKEN", "where sotto pull keeps models, and how it opens those that are not for all")
	p.item("GOMEMLIMIT", "bytes of memory, the weights not counted; else 85 % of the control group's limit where there is one")
	return p.String()
}

// page is a manual page on its way.
type page struct{ strings.Builder }

// macro writes a request and its arguments.
func (p *page) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, arg := range args {
		p.WriteString(` "` + strings.ReplaceAll(roff(arg), `"`, `\(dq`) + `"`)
	}
	p.WriteByte('\n')
}

// text writes a paragraph.
func (p *page) text(words string) { p.WriteString(".PP\n" + roff(words) + "\n") }

// lines writes text whose lines stay as they are.
func (p *page) lines(text string) {
	p.WriteString(".PP\n.nf\n")
	for line := range strings.Lines(text) {
		p.WriteString(roff(strings.TrimRight(line, "\n")) + "\n")
	}
	p.WriteString(".fi\n")
}

// item writes a term and what it means.
func (p *page) item(term, means string) {
	p.WriteString(".TP\n\\fB" + roff(term) + "\\fR\n" + roff(means) + "\n")
}

func (p *page) commands(before string, all []*cli.Command) {
	for _, c := range all {
		name := before + " " + c.Name
		if len(c.Subcommands) > 0 {
			p.commands(name, c.Subcommands)
			continue
		}
		p.macro("SS", strings.TrimSpace(name+" "+c.ArgsUsage))
		p.text(c.Usage)
		if c.Description != "" {
			p.lines(c.Description)
		}
		for _, f := range c.VisibleFlags() {
			p.flag(f.(cli.DocGenerationFlag))
		}
	}
}

// flag writes an option. The word in backquotes of its usage stands for its value.
func (p *page) flag(f cli.DocGenerationFlag) {
	usage, value := f.GetUsage(), ""
	if before, rest, found := strings.Cut(usage, "`"); found {
		word, after, _ := strings.Cut(rest, "`")
		usage, value = before+word+after, word
	} else if f.TakesValue() {
		value = "VALUE"
	}
	if d := f.GetDefaultText(); d != "" && f.TakesValue() {
		usage += "; default: " + strings.Trim(d, `"`)
	}
	term := "--" + f.Names()[0]
	p.item(strings.TrimSpace(term+" "+value), usage)
}

// roff makes text that means itself.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}
