package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/audio"
	conf "sotto/cmd/sotto/config"
	"sotto/models/pocket"
	"sotto/transport"
	"sotto/transport/room"
	"sotto/transport/ws"
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
	server *transport.Server
}

func serve(c *cli.Context) error {
	if c.Args().Present() {
		return usageError("serve takes no arguments, and %.32q is one", c.Args().First())
	}
	told, err := loadConfig(c)
	if err != nil {
		return err
	}
	d := &daemon{c: c, stderr: c.App.ErrWriter.(*os.File), told: sourcesOf(c), config: told.Config}
	d.openLog()
	if err := d.listen(); err != nil {
		return err
	}
	defer d.reloadOnHangup()()
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- d.server.Run(ctx) }()
	done, err := d.loadModel(ctx)
	if err != nil {
		stop()
		<-served
		return err
	}
	defer done()
	if c.Bool("demo") {
		return serveDemo(c, d.server, stop, served)
	}
	return <-served
}

// listen opens the port. Until Ready the server answers, but hears nobody.
func (d *daemon) listen() (err error) {
	rooms, err := room.OpenStore(d.config.State, transport.MaxRooms, room.Options{})
	if err != nil {
		return environmentError("%w; say where rooms are kept with --state", err)
	}
	d.server, err = transport.Listen(d.config.Listen, transport.Options{
		Assets:  web.Assets(),
		Files:   map[string][]byte{"/demo.ogg": pocket.Demo},
		Latency: d.config.Latency,
		Drain:   d.config.Drain,
		Rooms:   rooms,
		WebRTC:  transport.WebRTC{Listen: d.config.WHIP.Listen, TCP: d.config.WHIP.TCP, Addresses: d.config.WHIP.Addresses},
		Log:     d.log,
		Rules:   rules(&d.config),
	})
	if err != nil {
		rooms.Close()
		return environmentError("%w; stop the other program, or choose another address with --listen", err)
	}
	if tcp, ok := d.server.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && len(d.config.Hosts) == 0 {
		d.log.Warn("other machines reach this server, but no name of it is known to them; say it with --allow-host", "address", tcp.String())
	}
	return nil
}

func rules(c *conf.Config) transport.Rules {
	l := &c.Limits
	return transport.Rules{
		Hosts: c.Hosts, Origins: c.Origins,
		Limits: ws.Limits{Text: l.Text, Binary: l.Binary, Start: l.Start, Idle: l.Idle, Write: l.Write, Linger: l.Linger},
	}
}

// loadModel opens the model, computes with it once and lets voices in. done
// closes it.
func (d *daemon) loadModel(ctx context.Context) (done func(), err error) {
	// The command line has told the engine's flags already, the file may have more.
	for name, value := range map[string]string{
		"model": d.config.Model, "mmproj": d.config.Mmproj, "weights": d.config.Weights, "threads": strconv.Itoa(d.config.Threads),
	} {
		if err := d.c.Set(name, value); err != nil {
			return nil, err
		}
	}
	engine, done, err := openEngine(d.c, sotto.EngineOptions{Seats: d.config.Seats})
	if err != nil {
		return nil, err
	}
	if err := warm(ctx, engine); err != nil && ctx.Err() == nil {
		done()
		return nil, modelError(err)
	}
	if ctx.Err() == nil {
		d.server.Ready(engine)
		d.sayReady(engine)
	}
	return done, nil
}

// warm lets a second of silence through both towers: what is loaded or laid out
// at first use is ready then.
func warm(ctx context.Context, engine *sotto.Engine) error {
	source, target := "en", "en" // of a model that knows any language
	profile := engine.Model().Config.Profile
	if len(profile.Sources) > 0 {
		source = profile.Sources[0]
	}
	if len(profile.Targets) > 0 {
		target = profile.Targets[0]
	}
	_, err := engine.Trace(ctx, make([]float32, audio.RateHz), source, target, nil)
	return err
}

// sayReady prints where the server is: as sentences for people, else as a record
// of the log.
func (d *daemon) sayReady(engine *sotto.Engine) {
	name, at := engine.Model().Name, openable(d.server.Addr())
	switch {
	case d.c.Bool("demo"): // which prints the address in its own place
	case d.json:
		d.log.Info("ready", "model", name, "page", fmt.Sprintf("http://%s", at),
			"voices", fmt.Sprintf("ws://%s/v1/stream", at), "health", fmt.Sprintf("http://%s/readyz", at))
	default:
		fmt.Fprintf(d.stderr, "sotto: %s hears at http://%s\n", name, at)
		fmt.Fprintf(d.stderr, "sotto: programs speak at ws://%s/v1/stream and ask for its health at http://%s/readyz\n", at, at)
	}
}

// openable is where this machine reaches a server: one that listens on every
// interface is not called by the name of them all.
func openable(addr net.Addr) net.Addr {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return addr
}

// serveDemo speaks the bundled clip to the server. On a terminal the server
// stays for the page, elsewhere it ends with the clip.
func serveDemo(c *cli.Context, server *transport.Server, stop func(), served <-chan error) error {
	stdout, at := c.App.Writer.(*os.File), openable(server.Addr())
	err := speakDemo(c.Context, at, stdout)
	if err == nil {
		fmt.Fprintf(stdout, "\nSpeak yourself, or play files: http://%s\n", at)
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
