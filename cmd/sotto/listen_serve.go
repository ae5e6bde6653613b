package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"sotto"
	"sotto/transport/metrics"
	"sotto/transport/room"
	"sotto/transport/voice"
)

// serve starts the daemon, in whose hall the microphone is a voice like others.
// done lets it end.
func (l *listenJob) serve() (h *voice.Hall, done func(), err error) {
	l.options.Room = l.c.String("room")
	if !room.ValidID(l.options.Room) {
		return nil, nil, usageError("--room %.80q is no name of a room; use 1 to 64 of the characters a-z, 0-9 and '-'", l.options.Room)
	}
	told, err := loadConfig(l.c)
	if err != nil {
		return nil, nil, err
	}
	d := &daemon{c: l.c, stderr: l.stderr, config: told.Config, shown: metrics.New()}
	d.level.Set(slog.LevelWarn)
	d.log = slog.New(&textHandler{out: l, lock: new(sync.Mutex), level: &d.level})
	if err := d.listen(); err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(l.c.Context)) // the last words are for readers too
	served := make(chan error, 1)
	go func() { served <- d.server.Run(ctx) }()
	engine, closeEngine, err := l.ready(d)
	if err != nil {
		stop()
		<-served
		return nil, nil, err
	}
	l.notice(d.reach())
	l.notice("read along at " + d.readersLink(l.options.Room, isTerminal(l.stderr)))
	return &voice.Hall{Engine: engine, Rooms: d.rooms, Log: d.log}, func() {
		stop()
		if err := <-served; err != nil {
			fmt.Fprintln(l.stderr, "sotto:", err)
		}
		closeEngine()
	}, nil
}

// readersLink is where a room is read, by the name that others know. As in
// pageLink, what lets others in is shown on a terminal alone.
func (d *daemon) readersLink(room string, shown bool) string {
	page := d.server.URL()
	if len(d.config.Hosts) > 0 {
		page = named(page, d.config.Hosts[0])
	}
	link := page + "/read#" + room
	if !shown {
		return link
	}
	if token := d.server.Invite(room); token != "" {
		link += "&token=" + token
	}
	return link
}

// ready opens the model and lets the daemon hear with it.
func (l *listenJob) ready(d *daemon) (*sotto.Engine, func(), error) {
	if err := d.tellEngine(); err != nil {
		return nil, nil, err
	}
	engine, done, err := openEngine(l.c, sotto.EngineOptions{Seats: d.config.Seats, Observe: d.shown.Observe})
	if err != nil {
		return nil, nil, err
	}
	if err := warm(l.c.Context, engine); err != nil {
		done()
		return nil, nil, modelError(err)
	}
	d.server.Ready(engine)
	return engine, done, nil
}
