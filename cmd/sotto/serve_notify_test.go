package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// listeningSupervisor is a service manager's socket; next returns the next datagram
// that is no sign of life.
func listeningSupervisor(t *testing.T) (name string, next func() string, signs *int) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Skipf("this system has no datagrams between processes: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	signs = new(int)
	return name, func() string {
		t.Helper()
		buf := make([]byte, 4096)
		for {
			conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if text := string(buf[:n]); text != "WATCHDOG=1" {
				return text
			}
			*signs++
		}
	}, signs
}

func TestTheServiceManagerIsToldHowTheDaemonStands(t *testing.T) {
	name, next, signs := listeningSupervisor(t)
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", "400000")
	cmd, address, told := listening(t)
	if ready := next(); ready != "READY=1\nSTATUS=sotto pocket hears at http://"+address {
		t.Errorf("it says %q when it is ready", ready)
	}
	before := monotonic()
	cmd.Process.Signal(syscall.SIGHUP)
	at, found := strings.CutPrefix(next(), "RELOADING=1\nMONOTONIC_USEC=")
	micros, err := strconv.Atoi(at)
	if when := time.Duration(micros) * time.Microsecond; !found || err != nil || when < before.Truncate(time.Microsecond) || when > before+20*time.Second {
		t.Errorf("reloading begins at %q, asked for at %v", at, before)
	}
	if ready := next(); ready != "READY=1" {
		t.Errorf("it says %q after it", ready)
	}
	*signs = 0
	time.AfterFunc(2*time.Second, func() { cmd.Process.Signal(syscall.SIGTERM) })
	if stopping := next(); stopping != "STOPPING=1" || *signs < 5 {
		t.Errorf("it says %q when it stops, after %d signs of life in two seconds", stopping, *signs)
	}
	io.ReadAll(told)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestAManagerThatIsNotThereIsNamed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "nobody")
	t.Setenv("NOTIFY_SOCKET", name)
	checkRefusal(t, call(t, "serve", "--listen", "127.0.0.1:0"), exitEnvironment, name, "NOTIFY_SOCKET")
}

func TestOnlyWhoIsMeantGivesSignsOfLife(t *testing.T) {
	name, _, _ := listeningSupervisor(t)
	for _, tt := range []struct {
		period, pid string
		every       time.Duration
	}{
		{"20000000", "", 20 * time.Second},
		{"20000000", strconv.Itoa(os.Getpid()), 20 * time.Second},
		{"20000000", strconv.Itoa(os.Getpid() + 1), 0},
		{"", "", 0}, {"soon", "", 0}, {"-5", "", 0},
	} {
		t.Setenv("NOTIFY_SOCKET", name)
		t.Setenv("WATCHDOG_USEC", tt.period)
		t.Setenv("WATCHDOG_PID", tt.pid)
		m, err := openSupervisor()
		if err != nil {
			t.Fatal(err)
		}
		m.close()
		if m.every != tt.every {
			t.Errorf("%+v: a sign every %v", tt, m.every)
		}
		if left, found := os.LookupEnv("NOTIFY_SOCKET"); found {
			t.Errorf("children see %q", left)
		}
	}
}

// The watchdog starves while nothing goes on, and is fed again when it does.
func TestTheWatchdogIsFedByProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		m := &supervisor{conn: ours, every: 20 * time.Second}
		var stuck atomic.Bool
		var signs, reports atomic.Int32
		go func() {
			buf := make([]byte, 100)
			for n, err := theirs.Read(buf); err == nil; n, err = theirs.Read(buf) {
				if string(buf[:n]) == "WATCHDOG=1" {
					signs.Add(1)
				}
			}
		}()
		alive := func(time.Duration) error {
			if stuck.Load() {
				return errors.New("stuck")
			}
			return nil
		}
		done := make(chan struct{})
		go m.attend(context.Background(), done, alive, func(err error) {
			if (err != nil) == stuck.Load() {
				reports.Add(1)
			}
		})
		for _, phase := range []struct {
			stuck bool
			signs int32
		}{{false, 12}, {true, 0}, {false, 12}} {
			stuck.Store(phase.stuck)
			signs.Store(0)
			reports.Store(0)
			time.Sleep(time.Minute)
			synctest.Wait()
			if signs.Load() != phase.signs || reports.Load() != 12 {
				t.Errorf("stuck %v: %d signs of life in a minute, want %d; %d reports", phase.stuck, signs.Load(), phase.signs, reports.Load())
			}
		}
		close(done)
		ours.Close()
	})
}
