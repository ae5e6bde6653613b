package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"sotto"
	"sotto/models/pocket"
	"sotto/transport"
	"sotto/web"
)

func serveCommand() *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "serve the caption page and the WebSocket door",
		Flags: append(engineFlags(),
			&cli.StringFlag{Name: "listen", Value: "127.0.0.1:7788", EnvVars: []string{"SOTTO_LISTEN"}, Usage: "`ADDRESS` to listen on"},
			&cli.IntFlag{Name: "seats", Value: 8, Usage: "`NUMBER` of voices at once"},
			&cli.StringSliceFlag{Name: "allow-host", Usage: "another `NAME` this server is called by"},
			&cli.StringSliceFlag{Name: "allow-origin", Usage: "another `PAGE` that may open a voice, such as https://example.org"},
			&cli.BoolFlag{Name: "demo", DisableDefaultText: true, Usage: "speak the bundled Spanish clip to the server and print what comes back"},
		),
		Action: serve,
	}
}

func serve(c *cli.Context) error {
	if c.Args().Present() {
		return usageError("serve takes no arguments, and %.32q is one", c.Args().First())
	}
	for _, origin := range c.StringSlice("allow-origin") {
		if strings.Contains(origin, "*") {
			return usageError("--allow-origin %.64q would let unknown pages in; list each page's origin, such as https://example.org", origin)
		}
	}
	engine, done, err := openEngine(c, sotto.EngineOptions{Seats: c.Int("seats")})
	if err != nil {
		return err
	}
	defer done()
	stderr := c.App.ErrWriter.(*os.File)
	server, err := transport.Listen(c.String("listen"), transport.Options{
		Engine:  engine,
		Assets:  web.Assets(),
		Files:   map[string][]byte{"/demo.ogg": pocket.Demo},
		Hosts:   c.StringSlice("allow-host"),
		Origins: c.StringSlice("allow-origin"),
		Log:     newLog(stderr, c.Bool("demo")),
	})
	if err != nil {
		return environmentError("%w; stop the other program, or choose another address with --listen", err)
	}
	warnIfOpen(stderr, server.Addr())
	if c.Bool("demo") {
		return serveDemo(c, server)
	}
	fmt.Fprintf(stderr, "sotto: %s hears at http://%s\n", engine.Model().Name, server.Addr())
	return server.Run(c.Context)
}

// serveDemo speaks the bundled clip to the server. On a terminal the server
// stays for the page, elsewhere it ends with the clip.
func serveDemo(c *cli.Context, server *transport.Server) error {
	stdout := c.App.Writer.(*os.File)
	ctx, stop := context.WithCancel(c.Context)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- server.Run(ctx) }()
	err := speakDemo(ctx, server.Addr(), stdout)
	if err == nil {
		fmt.Fprintf(stdout, "\nSpeak yourself, or play files: http://%s\n", server.Addr())
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

// warnIfOpen says who can reach the server when it is not just this machine.
func warnIfOpen(stderr *os.File, addr net.Addr) {
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		fmt.Fprintf(stderr, "sotto: %s can be reached from the network, and whoever reaches it can speak; name the host with --allow-host\n", addr)
	}
}

// newLog writes JSON lines, or plain ones for a person; only warnings when
// something else is printed there.
func newLog(stderr *os.File, quiet bool) *slog.Logger {
	options := &slog.HandlerOptions{}
	if quiet {
		options.Level = slog.LevelWarn
	}
	if isTerminal(stderr) {
		return slog.New(slog.NewTextHandler(stderr, options))
	}
	return slog.New(slog.NewJSONHandler(stderr, options))
}
