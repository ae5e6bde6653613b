package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/audio"
	conf "sotto/cmd/sotto/config"
	"sotto/models/pocket"
	"sotto/transport"
	"sotto/transport/access"
	"sotto/transport/metrics"
	"sotto/transport/room"
	"sotto/web"
)

func serveCommand() *cli.Command {
	flags := append(configFlags(), &cli.BoolFlag{Name: "demo", DisableDefaultText: true, Usage: "speak the bundled Spanish clip to the server and print what comes back"})
	for _, f := range engineFlags() {
		if f.Names()[0] == "reference" {
			flags = append(flags, f)
		}
	}
	return &cli.Command{
		Name:   "serve",
		Usage:  "serve the caption page and the WebSocket door",
		Flags:  flags,
		Action: serve,
	}
}

// daemon is one run of sotto serve.
type daemon struct {
	c      *cli.Context
	stderr *os.File
	told   sources
	config conf.Config // what holds now; reload changes what it may
	json   bool        // form of the log
	level  slog.LevelVar
	log    *slog.Logger
	rooms  *room.Store
	rules  transport.Rules // that the server has
	tokens *access.Tokens  // nil: nobody is asked
	file   string          // of the tokens
	server *transport.Server
	shown  *metrics.Metrics

	supervisor *supervisor
}

func serve(c *cli.Context) error {
	if c.Args().Present() {
		return usageError("serve takes no arguments, and %.32q is one", c.Args().First())
	}
	told, err := loadConfig(c)
	if err != nil {
		return err
	}
	d := &daemon{c: c, stderr: c.App.ErrWriter.(*os.File), told: sourcesOf(c), config: told.Config, shown: metrics.New()}
	if d.supervisor, err = openSupervisor(); err != nil {
		return err
	}
	defer d.supervisor.close()
	d.openLog()
	keepPrivate(d.log)
	boundMemory(d.log)
	unprofile, err := d.profile()
	if err != nil {
		return err
	}
	defer unprofile()
	if err := d.listen(); err != nil {
		return err
	}
	loaded := make(chan struct{})
	defer d.reloadOnHangup(loaded)()
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	defer overdue(c.Context, d.lastMoment(), func() {
		d.log.Error("the server does not come to its end; it is left")
		os.Exit(exitInternal)
	})()
	served := make(chan error, 1)
	go func() { served <- d.server.Run(ctx) }()
	defer d.attend(ctx)()
	done, err := d.loadModel(ctx)
	if err != nil {
		stop()
		<-served
		return err
	}
	defer done()
	close(loaded)
	if c.Bool("demo") {
		return d.serveDemo(stop, served)
	}
	return <-served
}

// lastMoment is how long a stop may take: what the server itself gives to voices
// and readers, and half a minute for an engine that is busy.
func (d *daemon) lastMoment() time.Duration {
	return d.config.Drain + d.config.Limits.Linger + 30*time.Second
}

// overdue calls do so long after ctx has ended, unless cancel is called before: an
// engine that is stuck in a pass would hold the program for ever.
func overdue(ctx context.Context, after time.Duration, do func()) (cancel func()) {
	over, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		select {
		case <-time.After(after):
			do()
		case <-over.Done():
		}
	})
	return cancel
}

// listen opens the port. Until Ready the server answers, but hears nobody.
func (d *daemon) listen() (err error) {
	if d.rules, err = rules(&d.config); err != nil {
		return environmentError("%w; name other files with --tls-cert and --tls-key", err)
	}
	d.rooms, err = room.OpenStore(d.config.State, d.config.Rooms.Most, room.Options{
		Idle: d.config.Rooms.Idle, KeepFor: d.config.Rooms.KeepFor, KeepBytes: int64(d.config.Rooms.KeepBytes),
	})
	if err != nil {
		return environmentError("%w; say where rooms are kept with --state", err)
	}
	if err = d.openTokens(); err == nil {
		err = d.bind()
	}
	if err != nil {
		d.rooms.Close()
	}
	return err
}

func (d *daemon) bind() (err error) {
	d.server, err = transport.Listen(d.config.Listen, transport.Options{
		Assets:  web.Assets(),
		Files:   map[string][]byte{"/demo.ogg": pocket.Demo},
		Latency: d.config.Latency,
		Source:  d.config.Source,
		Drain:   d.config.Drain,
		Rooms:   d.rooms,
		Doors:   transport.Doors{WhisperLive: d.config.Doors.WhisperLive, Wyoming: d.config.Doors.Wyoming},
		WebRTC:  transport.WebRTC{Listen: d.config.WHIP.Listen, TCP: d.config.WHIP.TCP, Addresses: d.config.WHIP.Addresses},
		Tokens:  d.tokens,
		Metrics: d.shown,
		Log:     d.log,
		Rules:   d.rules,
	})
	if err != nil {
		return environmentError("%w; stop the other program, or choose another address with --listen, --whisperlive or --wyoming", err)
	}
	return nil
}

// loadModel opens the model, computes with it once and lets voices in. done
// closes it.
func (d *daemon) loadModel(ctx context.Context) (done func(), err error) {
	if err := d.tellEngine(); err != nil {
		return nil, err
	}
	engine, done, err := openEngine(d.c, sotto.EngineOptions{Seats: d.config.Seats, Observe: d.shown.Observe})
	if err != nil {
		return nil, err
	}
	if err := warm(ctx, engine); err != nil && ctx.Err() == nil {
		done()
		return nil, modelError(err)
	}
	if ctx.Err() == nil {
		d.confine()
		d.server.Ready(engine)
		d.tellReady(engine)
	}
	return done, nil
}

// tellEngine sets the engine's flags: the command line has told some already, the
// file may have more.
func (d *daemon) tellEngine() error {
	return errors.Join(
		d.c.Set("model", d.config.Model), d.c.Set("mmproj", d.config.Mmproj),
		d.c.Set("weights", d.config.Weights), d.c.Set("threads", strconv.Itoa(d.config.Threads)),
	)
}

// warm lets a second of silence through both towers: what is loaded or laid out
// at first use is ready then.
func warm(ctx context.Context, engine *sotto.Engine) error {
	source, target := knownLanguages(engine)
	_, err := engine.Trace(ctx, make([]float32, audio.RateHz), source, target, nil)
	return err
}

// knownLanguages returns one that the model hears and one that it writes:
// English, unless it knows others only.
func knownLanguages(engine *sotto.Engine) (source, target string) {
	source, target = "en", "en"
	profile := engine.Model().Config.Profile
	if len(profile.Sources) > 0 {
		source = profile.Sources[0]
	}
	if len(profile.Targets) > 0 && !slices.Contains(profile.Targets, target) {
		target = profile.Targets[0]
	}
	return source, target
}

// serveDemo speaks the bundled clip to the server. On a terminal the server
// stays for the page, elsewhere it ends with the clip.
func (d *daemon) serveDemo(stop func(), served <-chan error) error {
	c, stdout := d.c, d.c.App.Writer.(*os.File)
	socket, err := d.dialSelf(c.Context)
	if err == nil {
		err = speakDemo(c.Context, socket, stdout)
	}
	if err == nil {
		fmt.Fprintf(stdout, "\nSpeak yourself, or play files: %s\n", d.pageLink(isTerminal(stdout)))
	}
	if err == nil && isTerminal(stdout) {
		fmt.Fprintln(stdout, "Ctrl-C ends the server.")
		return <-served
	}
	stop()
	if told := <-served; err == nil {
		err = told
	}
	if c.Context.Err() != nil {
		return interrupted()
	}
	return err
}
