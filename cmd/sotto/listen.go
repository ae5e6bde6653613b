package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/audio"
	"sotto/audio/mic"
	"sotto/decoder/policy"
	"sotto/transport/voice"
)

// hosting are the flags of sotto serve that --serve takes too.
var hosting = []string{"listen", "insecure-lan", "allow-host", "tls-cert", "tls-key", "auth", "tokens-file", "state"}

func listenCommand() *cli.Command {
	command := &cli.Command{
		Name:  "listen",
		Usage: "translate what the microphone hears, or what a recorder pipes in",
		Description: "sotto listen --to en                              # the default microphone; sotto devices lists all\n" +
			"sotto listen --to en,fr --save talk.srt           # talk.en.srt and talk.fr.srt, whole at any moment\n" +
			"sotto listen --to en --serve                      # read along: prints the link; --listen lets other machines do so\n" +
			"arecord -q -f S16_LE -r 16000 -c 1 | sotto listen --to en --stdin\n\n" +
			"On a terminal words scroll up when a segment has ended. Below stand the words that stay and, faint, those that may\n" +
			"change; the last line has the level of the sound and how far the text is behind it. Keys: space pauses, t goes\n" +
			"through the languages, s saves now, q ends. A pipe gets committed words alone, a segment a line, with the language\n" +
			"before it when there are several. --save writes as it grows: killed, the program leaves every committed word.\n\n" +
			"A microphone does not wait: sound that the model is too slow for is lost, counted and marked. A pipe waits.",
		Flags: append(engineFlags(),
			&cli.StringFlag{Name: "from", Value: "es", Usage: "`LANGUAGE` that is spoken"},
			&cli.StringFlag{Name: "to", Usage: "`LANGUAGES` wanted, such as en or en,fr,de"},
			&cli.BoolFlag{Name: "transcribe", DisableDefaultText: true, Usage: "also show what is spoken, in its own language"},
			&cli.StringFlag{Name: "latency", Value: "balanced", Usage: "how long to wait for certainty: `DIAL` fast, balanced or quality"},
			&cli.StringFlag{Name: "device", DefaultText: "the default one", Usage: "`NAME` of the microphone, or a part of it"},
			&cli.BoolFlag{Name: "stdin", DisableDefaultText: true, Usage: "hear standard input instead of a microphone"},
			&cli.StringFlag{Name: "format", Value: "s16le", Usage: "`FORMAT` of --stdin: samples s16le or f32le, or wav, whose header says the rest"},
			&cli.IntFlag{Name: "rate", Value: audio.RateHz, Usage: "`SAMPLES` per second of --stdin"},
			&cli.IntFlag{Name: "channels", Value: 1, Usage: "`NUMBER` of channels of --stdin"},
			&cli.StringFlag{Name: "save", Usage: "also write into a new `FILE`.srt, .vtt, .txt or .jsonl, as it grows"},
			&cli.BoolFlag{Name: "serve", DisableDefaultText: true, Usage: "let others read along: start the daemon, as sotto serve would"},
			&cli.StringFlag{Name: "room", Value: "mic", Usage: "`NAME` of the room of --serve"},
		),
		Action: listen,
	}
	for _, f := range configFlags() {
		if slices.Contains(hosting, f.Names()[0]) {
			command.Flags = append(command.Flags, f)
		}
	}
	return command
}

// listenJob is what one run of sotto listen is told.
type listenJob struct {
	c         *cli.Context
	options   voice.Options
	languages []string // in the order they are shown
	save      string
	notices   chan string
	stdout    *os.File
	stderr    *os.File
}

// notice says something that did not come from the voice. Nobody may have to wait
// for it to be read: of many at once the newest are left out.
func (l *listenJob) notice(text string) {
	select {
	case l.notices <- text:
	default:
	}
}

// Write takes the lines of the daemon's log as notices.
func (l *listenJob) Write(line []byte) (int, error) {
	l.notice(strings.TrimSpace(string(line)))
	return len(line), nil
}

func newListenJob(c *cli.Context) (*listenJob, error) {
	if c.Args().Present() {
		return nil, usageError("listen takes no arguments, and %.32q is one; files are for sotto translate", c.Args().First())
	}
	if _, err := policy.ParseDial(c.String("latency")); err != nil {
		return nil, usageError("unknown --latency %.32q; choose fast, balanced or quality", c.String("latency"))
	}
	all, err := languages(c.String("from"), c.String("to"), c.Bool("transcribe"))
	if err != nil {
		return nil, err
	}
	l := &listenJob{
		c: c, languages: all, notices: make(chan string, 16), save: c.String("save"), stdout: c.App.Writer.(*os.File), stderr: c.App.ErrWriter.(*os.File),
		options: voice.Options{Source: c.String("from"), Targets: all, Transcribe: c.Bool("transcribe"), Latency: c.String("latency")},
	}
	if l.options.Transcribe {
		l.options.Targets = all[1:]
	}
	if l.save != "" {
		err = saveFormat(l.save)
	}
	for _, flag := range []string{"format", "rate", "channels"} {
		if err == nil && c.IsSet(flag) && !c.Bool("stdin") {
			err = usageError("--%s says what --stdin brings; add --stdin, or leave it out", flag)
		}
	}
	if c.Bool("stdin") && c.IsSet("device") {
		err = usageError("--stdin and --device name two sources; say one")
	}
	return l, err
}

func listen(c *cli.Context) error {
	l, err := newListenJob(c)
	if err != nil {
		return err
	}
	from, err := l.source()
	if err != nil {
		return err
	}
	hall, done, err := l.hall()
	if err != nil {
		return err
	}
	defer done()
	v, err := hall.Open(l.options)
	if err != nil {
		return refused(err)
	}
	defer v.Leave()
	t := &talk{listenJob: l, voice: v, gate: from}
	if err := t.open(); err != nil {
		v.Close()
		return err
	}
	return t.run()
}

// refused gives a refusal of the hall its exit code.
func refused(err error) error {
	var r *voice.Refusal
	if errors.As(err, &r) && slices.Contains([]voice.Code{voice.Language, voice.Room}, r.Code) {
		return usageError("%w", err)
	}
	return environmentError("%w", err)
}

// source finds the microphone, or makes standard input one.
func (l *listenJob) source() (*gate, error) {
	if l.c.Bool("stdin") {
		p, err := newPipe(os.Stdin, l.c.String("format"), l.c.Int("rate"), l.c.Int("channels"))
		return newGate(p, false), err
	}
	m, err := mic.Open(l.c.String("device"), l.notice)
	if err != nil {
		return nil, environmentError("%w", err)
	}
	return newGate(m, true), nil
}

// hall opens the model, and with --serve the daemon. done ends both.
func (l *listenJob) hall() (h *voice.Hall, done func(), err error) {
	if l.c.Bool("serve") {
		return l.serve()
	}
	engine, done, err := openEngine(l.c, sotto.EngineOptions{})
	return &voice.Hall{Engine: engine}, done, err
}

// microphone runs the microphone, if there is one, until ctx ends.
func (g *gate) microphone(ctx context.Context) error {
	m, ok := g.source.(*mic.Microphone)
	if !ok {
		return nil
	}
	if err := m.Run(ctx); err != nil {
		return environmentError("%w", err)
	}
	return nil
}
