package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"sotto"
)

// supervisor is the service manager that started the daemon. It is told how the
// daemon stands by datagrams of lines, as sd_notify(3) of systemd defines them.
type supervisor struct {
	conn  net.Conn      // nil: nobody wants to know
	every time.Duration // a sign of life has to come at least so often; 0: none
	ready atomic.Bool   // it was told so
}

// openSupervisor takes the supervisor from the environment, where children do not see it.
func openSupervisor() (*supervisor, error) {
	m := new(supervisor)
	name, period, pid := os.Getenv("NOTIFY_SOCKET"), os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID")
	for _, variable := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		os.Unsetenv(variable)
	}
	if name == "" {
		return m, nil
	}
	var err error
	if m.conn, err = net.Dial("unixgram", name); err != nil {
		return nil, environmentError("cannot reach the service manager: %w; unset NOTIFY_SOCKET where there is none", err)
	}
	micros, err := strconv.ParseInt(period, 10, 64)
	if err == nil && micros > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		m.every = time.Duration(micros) * time.Microsecond
	}
	return m, nil
}

func (m *supervisor) close() {
	if m.conn != nil {
		m.conn.Close()
	}
}

// say sends lines such as READY=1. A supervisor that does not read is not waited for:
// it will find out by itself.
func (m *supervisor) say(lines ...string) {
	if m.conn == nil {
		return
	}
	m.conn.SetWriteDeadline(time.Now().Add(time.Second))
	m.conn.Write([]byte(strings.Join(lines, "\n")))
}

// sayReady tells that voices are heard.
func (m *supervisor) sayReady(status string) {
	m.ready.Store(true)
	m.say("READY=1", "STATUS="+status)
}

// reloading tells that the configuration is read again while read does so.
func (m *supervisor) reloading(read func()) {
	if !m.ready.Load() {
		read()
		return
	}
	m.say("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", monotonic()/time.Microsecond))
	read()
	m.say("READY=1")
}

// attend tells that the daemon stops when ctx ends, and gives signs of life as long
// as alive finds some, until done is closed.
func (m *supervisor) attend(ctx context.Context, done <-chan struct{}, alive func(limit time.Duration) error, report func(error)) {
	var look <-chan time.Time
	limit := m.every / 4 // so that one late answer is no end
	if limit > 0 {
		ticker := time.NewTicker(limit)
		defer ticker.Stop()
		look = ticker.C
	}
	stopping := ctx.Done()
	for {
		select {
		case <-done:
			return
		case <-stopping:
			m.say("STOPPING=1")
			stopping = nil
		case <-look:
			err := alive(limit)
			if err == nil {
				m.say("WATCHDOG=1")
			}
			report(err)
		}
	}
}

// attend has the supervisor know of the daemon's life until the function that it
// returns is called.
func (d *daemon) attend(ctx context.Context) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	var before error
	go func() {
		defer close(ended)
		d.supervisor.attend(ctx, done, d.alive, func(err error) {
			if err != nil && before == nil {
				d.log.Error("no sign of life for the service manager", "error", err.Error())
			}
			before = err
		})
	}()
	return func() {
		close(done)
		<-ended
	}
}

// alive reports what does not go on: the engine's pass, or the server, which is
// asked as a client would. Any answer will do, and so will being sent away.
func (d *daemon) alive(limit time.Duration) error {
	if d.server.Stuck() {
		return errors.New("a pass of the engine does not end")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_, _, err := askSelf(ctx, d.server.URL()+"/healthz")
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err
}

// tellReady tells everyone who waits for it that voices are heard.
func (d *daemon) tellReady(engine *sotto.Engine) {
	d.sayReady(engine)
	d.supervisor.sayReady(engine.Model().Name + " hears at " + d.server.URL())
}
