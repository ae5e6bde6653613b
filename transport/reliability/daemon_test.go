package reliability

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/models/gemma4"
	"sotto/transport"
	"sotto/transport/metrics"
	"sotto/transport/room"
)

// daemonPlan is what a process is that has our server and, in the place of a model's cost,
// a settable one. On stdin it is told, a line each, to "panic", to "hang" in the
// engine and to "go on".
type daemonPlan struct {
	Listen  string
	State   string  // folder of its rooms; "": in memory
	Publish int     // voices that say captions in the room "hall", every millisecond or two
	Hear    float64 // s of the engine's time for a second of speech
	Draft   float64 // for a draft in a language
	Seats   int
}

// ready is what it prints when it serves.
type ready struct {
	Address string
	OpenMs  float64 // it took to open the room
	Events  int     // that were in it
}

// daemon is the main function of the process.
func daemon(plan string) {
	var p daemonPlan
	must(json.Unmarshal([]byte(plan), &p))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	rooms, err := room.OpenStore(p.State, transport.MaxRooms, room.Options{FileBytes: 1 << 20})
	must(err)
	began := time.Now()
	hall, err := rooms.Room("hall")
	must(err)
	r := ready{OpenMs: float64(time.Since(began).Microseconds()) / 1000, Events: hall.Recovered().Events}
	slow := &burden{hear: p.Hear, draft: p.Draft, gate: make(chan struct{}, 1)}
	slow.gate <- struct{}{}
	server, err := transport.Listen(p.Listen, transport.Options{
		Rooms: rooms, Assets: fstest.MapFS{}, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Engine: slow.engine(p.Seats), Metrics: metrics.New(),
	})
	must(err)
	go slow.obey()
	for range p.Publish {
		voice, err := hall.Join("")
		must(err)
		go chatter(voice)
	}
	r.Address = server.Addr().String()
	must(json.NewEncoder(os.Stdout).Encode(r))
	must(server.Run(ctx))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// chatter says captions without an end.
func chatter(voice *room.Voice) {
	for segment := 0; ; segment++ {
		if voice.Caption(stamped(segment%1000, time.Now())) != nil {
			return
		}
		time.Sleep(time.Duration(500+rand.IntN(2000)) * time.Microsecond)
	}
}

// burden is what the engine of a daemon costs.
type burden struct {
	hear, draft float64
	gate        chan struct{} // full: the engine goes on
}

func (b *burden) engine(seats int) *sotto.Engine {
	model, err := gemma4.Open("../../models/gemma4/gemma4test/testdata/folder", "")
	must(err)
	engine, err := sotto.NewEngine(model, sotto.EngineOptions{Seats: seats, Burden: b.bear})
	must(err)
	return engine
}

// bear takes time, but no processor.
func (b *burden) bear(frames, replies int) {
	<-b.gate
	b.gate <- struct{}{}
	seconds := b.hear*float64(frames)*audio.FrameMilli/1000 + b.draft*float64(replies)
	time.Sleep(time.Duration(seconds * float64(time.Second)))
}

func (b *burden) obey() {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "panic":
			go func() { panic("a fault that was asked for") }()
		case "hang":
			<-b.gate
		case "go on":
			b.gate <- struct{}{}
		}
	}
}

// running is a daemon.
type running struct {
	ready
	cmd *exec.Cmd
	in  io.WriteCloser
}

// start starts a daemon and returns it when it serves.
func start(t testing.TB, p daemonPlan) *running {
	t.Helper()
	if p.Listen == "" {
		p.Listen = "127.0.0.1:0"
	}
	plan, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	d := &running{cmd: self(t, asDaemon, string(plan))}
	d.cmd.Stderr = nil
	if d.in, err = d.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err == nil {
		err = json.NewDecoder(out).Decode(&d.ready)
	}
	if err != nil {
		t.Fatalf("the daemon does not start: %v", err)
	}
	t.Cleanup(d.kill)
	return d
}

// kill ends it as a lost machine does.
func (d *running) kill() {
	d.cmd.Process.Kill()
	d.cmd.Wait()
}

// tell has it do something.
func (d *running) tell(t testing.TB, what string) {
	t.Helper()
	if _, err := io.WriteString(d.in, what+"\n"); err != nil {
		t.Fatal(err)
	}
}
