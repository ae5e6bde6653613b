package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/cmd/sotto/eval"
	"sotto/decoder/policy"
)

func evalCommand() *cli.Command {
	return &cli.Command{
		Name:      "eval",
		Usage:     "measure quality, delay, calm and cost on recordings with references",
		ArgsUsage: "MANIFEST...",
		Description: "sotto eval streams/manifest.jsonl\n" +
			"sotto eval --latency fast,balanced,quality --policies default,at-pause,hold-3 --whole --out report streams/manifest.jsonl\n" +
			"sotto eval --baseline report/report.json streams/manifest.jsonl     # exit code 6 when it has become worse\n\n" +
			"A manifest has one JSON object a line: id, audio (relative to the manifest), source, kind (speech or none),\n" +
			"duration_ms, text, references {language: text}, sentences [{start_ms, end_ms, references}] and, if they are\n" +
			"known, words [{start_ms, end_ms, text}].",
		Flags: append(engineFlags(),
			&cli.StringFlag{Name: "to", DefaultText: "those of the references", Usage: "`LANGUAGES` wanted, such as en,fr; that which is spoken gives a transcript"},
			&cli.StringFlag{Name: "from", DefaultText: "as the manifest says", Usage: "`LANGUAGE` to listen for, whatever is spoken"},
			&cli.StringFlag{Name: "policies", Value: "default", Usage: "`LIST` of " + eval.Policies},
			&cli.StringFlag{Name: "latency", Value: string(policy.Balanced), Usage: "`LIST` of fast, balanced or quality, for the policies that have it"},
			&cli.StringFlag{Name: "step", Value: "480ms", Usage: "`LIST` of times between two drafts"},
			&cli.BoolFlag{Name: "whole", DisableDefaultText: true, Usage: "also translate every sentence alone: what the model can do at best"},
			&cli.StringFlag{Name: "pace", Value: "fast", Usage: "`PACE` of reading: fast, with times reckoned, or realtime by the clock"},
			&cli.StringFlag{Name: "out", Usage: "write report.json, report.html and logs for simulstream and SimulEval into `FOLDER`"},
			&cli.StringFlag{Name: "baseline", Usage: "compare with the report.json `FILE` and fail when something fell"},
			&cli.StringFlag{Name: "calibrate", Usage: "instead, find the model's heads and its certainty and write its policy table to `FILE`, or beside it with the word beside"},
			&cli.StringFlag{Name: "tolerance", Usage: "`LIST` of what may fall, such as bleu=1,wer=1,delay=0.2,cost=1.5, which is the default"},
		),
		Action: runEval,
	}
}

// evaluation is one run of eval.
type evaluation struct {
	set       *eval.Set
	options   eval.Options
	policies  []string
	dials     []policy.Dial
	steps     []time.Duration
	baseline  *eval.Report
	tolerance eval.Tolerance
}

func runEval(c *cli.Context) error {
	e, err := newEvaluation(c)
	if err != nil {
		return err
	}
	if dir := c.String("out"); dir != "" { // before anything is measured for it
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return environmentError("cannot make the folder %s: %w; name another place", dir, bare(err))
		}
	}
	engine, done, err := openEngine(c, sotto.EngineOptions{})
	if err != nil {
		return err
	}
	defer done()
	if c.String("calibrate") != "" {
		return e.calibrate(c, engine)
	}
	report, err := e.measure(c, engine)
	if err != nil {
		return err
	}
	return e.tell(c, report)
}

// newEvaluation reads everything that can be wrong before the model is opened.
func newEvaluation(c *cli.Context) (*evaluation, error) {
	if c.NArg() == 0 {
		return nil, usageError("no manifest named; see sotto eval --help for what is in one")
	}
	e := &evaluation{policies: listed(c.String("policies")), tolerance: eval.DefaultTolerance()}
	for _, dial := range listed(c.String("latency")) {
		e.dials = append(e.dials, policy.Dial(dial))
	}
	for _, text := range listed(c.String("step")) {
		step, err := time.ParseDuration(text)
		if err != nil {
			return nil, usageError("--step %.32q is no time; say 480ms, or 480ms,960ms", text)
		}
		e.steps = append(e.steps, step)
	}
	switch pace := c.String("pace"); pace {
	case "fast", "realtime":
		e.options.Realtime = pace == "realtime"
	default:
		return nil, usageError("unknown --pace %.32q; choose fast or realtime", pace)
	}
	var err error
	if e.set, err = eval.ReadManifests(c.Args().Slice()...); err != nil {
		return nil, usageError("%w", err)
	}
	e.options.From, e.options.Targets = c.String("from"), listed(c.String("to"))
	return e, e.readBaseline(c)
}

func (e *evaluation) readBaseline(c *cli.Context) error {
	var err error
	if e.tolerance, err = eval.ParseTolerance(c.String("tolerance")); err != nil {
		return usageError("--%w", err)
	}
	name := c.String("baseline")
	if name == "" {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return usageError("cannot read the baseline %s: %w; name a report.json that sotto eval --out has written", name, bare(err))
	}
	defer f.Close()
	if e.baseline, err = eval.ReadReport(f); err != nil {
		return usageError("the baseline %s: %w", name, err)
	}
	return nil
}

// listed splits a list at its commas.
func listed(text string) []string {
	var all []string
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func (e *evaluation) measure(c *cli.Context, engine *sotto.Engine) (*eval.Report, error) {
	var err error
	if e.options.Configs, err = eval.Configs(e.policies, e.dials, e.steps, engine.Policy()); err != nil {
		return nil, usageError("%w", err)
	}
	if c.Bool("whole") {
		e.options.Configs = append(e.options.Configs, eval.WholeSentences())
	}
	if err := e.prepare(engine); err != nil {
		return nil, err
	}
	bar := newEvalBar(c.App.ErrWriter.(*os.File))
	defer bar.clear()
	e.options.Progress = bar.show
	report, err := e.set.Run(c.Context, e.options)
	if err != nil {
		return nil, evalFailure(err, "what was measured until then is not shown")
	}
	report.Version = version()
	return report, nil
}

// prepare gives the engine to the run and asks whether it serves the set.
func (e *evaluation) prepare(engine *sotto.Engine) error {
	o := &e.options
	o.Engine = engine
	if len(o.Targets) == 0 {
		o.Targets = writable(e.set.Languages(), engine.Model().Config.Profile.Targets)
	}
	if err := e.set.Check(*o); err != nil {
		return usageError("%w", err)
	}
	return nil
}

// evalFailure says whose fault an error is. left is what becomes of an
// interrupted run.
func evalFailure(err error, left string) error {
	var sound *eval.SoundError
	switch {
	case errors.Is(err, context.Canceled):
		return &failure{exitInterrupted, errors.New("interrupted; " + left)}
	case errors.As(err, &sound):
		return audioError(err)
	}
	return err
}

// writable are the languages that the model writes; it writes all if it lists
// none.
func writable(languages, known []string) []string {
	if known == nil {
		return languages
	}
	return slices.DeleteFunc(languages, func(l string) bool { return !slices.Contains(known, l) })
}

// tell prints and writes the report and compares it.
func (e *evaluation) tell(c *cli.Context, report *eval.Report) error {
	if err := report.Table(c.App.Writer); err != nil {
		return environmentError("cannot write: %w", err)
	}
	if dir := c.String("out"); dir != "" {
		if err := report.Save(dir); err != nil {
			return environmentError("%w; make room there, or name another place", err)
		}
	}
	if e.baseline == nil {
		return nil
	}
	compared, err := report.Compare(e.baseline, e.tolerance)
	if err != nil {
		return usageError("%s: %w", c.String("baseline"), err)
	}
	var text strings.Builder
	text.WriteByte('\n')
	for _, line := range compared.Notes {
		fmt.Fprintf(&text, "note: %s\n", line)
	}
	for _, line := range compared.Fallen {
		fmt.Fprintf(&text, "fell: %s\n", line)
	}
	if len(compared.Fallen) == 0 {
		text.WriteString("nothing fell\n")
	}
	if err := say(c, text.String()); err != nil {
		return err
	}
	if n := len(compared.Fallen); n > 0 {
		return &failure{exitFallen, fmt.Errorf("worse than %s in %d points; see above, or allow more with --tolerance", c.String("baseline"), n)}
	}
	return nil
}

// evalBar shows how much of all recordings has been heard.
type evalBar struct {
	liveLine
	began time.Time
}

func newEvalBar(out *os.File) *evalBar { return &evalBar{newLiveLine(out), time.Now()} }

func (b *evalBar) show(done, total time.Duration, what string) {
	now := time.Now()
	if !b.due(now) {
		return
	}
	const width = 24
	full := int(width * done / max(total, 1))
	left := ""
	if done > 0 {
		left = fmt.Sprintf(", %.0f s left", now.Sub(b.began).Seconds()*float64(total-done)/float64(done))
	}
	b.draw(now, fmt.Sprintf("[%s%s] %s%s ", strings.Repeat("#", full), strings.Repeat(".", width-full), printable(what), left))
}
