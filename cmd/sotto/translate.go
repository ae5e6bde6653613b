package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
	"sotto/decoder/policy"
)

func translateCommand() *cli.Command {
	return &cli.Command{
		Name:      "translate",
		Usage:     "translate a recording, or sound from standard input",
		ArgsUsage: "FILE... | -",
		Description: "sotto translate --to en,fr,de talk.ogg\n" +
			"sotto translate --to en --format srt talk.mp3 > talk.srt\n" +
			"arecord -q -f S16_LE -r 16000 -c 1 | sotto translate --to en --raw s16le --pace realtime -",
		Flags: append(engineFlags(),
			&cli.StringFlag{Name: "from", Value: "es", Usage: "`LANGUAGE` that is spoken"},
			&cli.StringFlag{Name: "to", Usage: "`LANGUAGES` wanted, such as en or en,fr,de"},
			&cli.BoolFlag{Name: "transcribe", DisableDefaultText: true, Usage: "also write what is spoken, in its own language"},
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the output: text, jsonl, srt or vtt"},
			&cli.StringFlag{Name: "pace", Value: "fast", Usage: "`PACE` of reading: fast, or realtime as if the recording were a voice"},
			&cli.StringFlag{Name: "latency", Value: "balanced", Usage: "how long to wait for certainty: `DIAL` fast, balanced or quality"},
			&cli.StringFlag{Name: "raw", Usage: "read headerless samples of `ENCODING` s16le or f32le"},
			&cli.IntFlag{Name: "rate", Value: audio.RateHz, Usage: "`SAMPLES` per second of --raw"},
			&cli.IntFlag{Name: "channels", Value: 1, Usage: "`NUMBER` of channels of --raw"},
		),
		Action: translate,
	}
}

// job is one run of translate.
type job struct {
	options  sotto.SessionOptions
	format   string
	realtime bool
	raw      string
	rate     int
	channels int
	stdout   *os.File
	stderr   *os.File
}

func translate(c *cli.Context) error {
	j, err := newJob(c)
	if err != nil {
		return err
	}
	files := c.Args().Slice()
	switch {
	case len(files) == 0:
		return usageError("no recording named; name a file, or - for standard input")
	case len(files) > 1 && j.format != "jsonl":
		return usageError("several recordings need --format jsonl, whose lines name their file")
	}
	engine, done, err := openEngine(c, sotto.EngineOptions{})
	if err != nil {
		return err
	}
	defer done()
	for _, name := range files {
		label := name
		if len(files) == 1 {
			label = ""
		}
		if err := j.translate(c.Context, engine, name, label); err != nil {
			return err
		}
	}
	return nil
}

func newJob(c *cli.Context) (*job, error) {
	j := &job{
		format: c.String("format"), raw: c.String("raw"), rate: c.Int("rate"), channels: c.Int("channels"),
		stdout: c.App.Writer.(*os.File), stderr: c.App.ErrWriter.(*os.File),
	}
	switch pace := c.String("pace"); pace {
	case "fast":
	case "realtime":
		j.realtime = true
	default:
		return nil, usageError("unknown --pace %.32q; choose fast or realtime", pace)
	}
	dial, err := policy.ParseDial(c.String("latency"))
	if err != nil {
		return nil, usageError("unknown --latency %.32q; choose fast, balanced or quality", c.String("latency"))
	}
	targets, err := languages(c.String("from"), c.String("to"), c.Bool("transcribe"))
	if err != nil {
		return nil, err
	}
	j.options = sotto.SessionOptions{Source: c.String("from"), Targets: targets, Latency: dial, EveryStep: !j.realtime}
	if (j.format == "srt" || j.format == "vtt") && !j.realtime && !c.IsSet("latency") {
		j.options.Step = -1 // nobody waits for words: whole sentences are better
	}
	_, err = newPrinter(j.format, j.stdout, targets, "")
	return j, err
}

// languages returns the targets in the order they are printed.
func languages(from, to string, transcribe bool) ([]string, error) {
	var targets []string
	if transcribe {
		targets = append(targets, from)
	}
	for _, language := range strings.Split(to, ",") {
		if language = strings.TrimSpace(language); language != "" {
			targets = append(targets, language)
		}
	}
	if len(targets) == 0 {
		return nil, usageError("no language to translate into; say --to en, or --transcribe")
	}
	return targets, nil
}

// translate carries one recording through a session.
func (j *job) translate(ctx context.Context, engine *sotto.Engine, name, label string) error {
	source, closeSource, err := j.open(ctx, name)
	if err != nil {
		return err
	}
	defer closeSource()
	session, err := engine.Open(j.options)
	if err != nil {
		return usageError("%w", err)
	}
	out, err := newPrinter(j.format, j.stdout, j.options.Targets, label)
	if err != nil {
		session.Close()
		return err
	}
	all, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	fed := make(chan error, 1)
	go session.Run(all) // its error comes out of Next
	pace, progress := newPacer(j.realtime), newProgress(j.stderr, j.stdout)
	e := ear{source: recording{source}, due: pace.wait, heard: progress.frame}
	go func() {
		fed <- e.feed(ctx, all, session)
		progress.done()
	}()
	err = printAll(all, session, out)
	cancel()
	if told := <-fed; err == nil {
		err = told
	}
	return err
}

// open finds the sound behind a name.
func (j *job) open(ctx context.Context, name string) (intake.Source, func(), error) {
	in, closeFile := os.Stdin, func() {}
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, audioError(fmt.Errorf("cannot read %s: %w; check its name", name, bare(err)))
		}
		in, closeFile = f, func() { f.Close() }
	}
	var source intake.Source
	var err error
	if j.raw != "" {
		source, err = intake.OpenRaw(in, j.rate, j.channels, j.raw)
	} else {
		source, err = intake.Open(ctx, in, name)
	}
	if err != nil {
		closeFile()
		if in == os.Stdin && j.raw == "" {
			err = advised(err, "headerless samples need --raw s16le")
		}
		return nil, nil, audioError(err)
	}
	return source, func() { source.Close(); closeFile() }, nil
}

// printAll prints captions until the session has said everything.
func printAll(ctx context.Context, session *sotto.Session, out printer) error {
	for {
		c, err := session.Next(ctx)
		if err == io.EOF {
			return out.close()
		}
		if err != nil {
			return err
		}
		if err := out.caption(c); err != nil {
			return environmentError("cannot write the captions: %w", err)
		}
	}
}
