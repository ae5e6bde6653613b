// Package reliability proves the promises of docs/reliability.md that take a
// whole server: real sockets, processes that are killed, clients that stall. It
// has tests only. SOTTO_RELIABILITY=1 runs them at their full size and judges
// speed too; make check-reliability does that.
package reliability

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"testing/fstest"

	"sotto/transport"
	"sotto/transport/room"
)

// full says that tests have their full size.
var full = os.Getenv("SOTTO_RELIABILITY") != ""

// sized returns the size of a test.
func sized[T any](small, large T) T {
	if full {
		return large
	}
	return small
}

// The test binary is also its own clients and its own daemon.
const (
	asCrowd  = "SOTTO_TEST_CROWD"
	asDaemon = "SOTTO_TEST_DAEMON"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asCrowd) != "":
		crowd(os.Getenv(asCrowd))
	case os.Getenv(asDaemon) != "":
		daemon(os.Getenv(asDaemon))
	default:
		flag.Parse()
		if testing.Short() {
			fmt.Println("left out of short runs")
			return
		}
		code := m.Run()
		os.RemoveAll(built)
		os.Exit(code)
	}
}

// waits says of a test that it mostly waits for others, so that it may do so beside
// others where speed is not judged.
func waits(t *testing.T) {
	if !full {
		t.Parallel()
	}
}

// host is a server inside the test.
type host struct {
	*transport.Server
	rooms *room.Store
	stop  func() error // ends it and returns its error
}

// openHost starts a server whose rooms are in a folder; "": in memory.
func openHost(t testing.TB, folder string, opt transport.Options) *host {
	t.Helper()
	rooms, err := room.OpenStore(folder, transport.MaxRooms, room.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return hostOf(t, rooms, opt)
}

// hostOf starts a server of rooms.
func hostOf(t testing.TB, rooms *room.Store, opt transport.Options) *host {
	t.Helper()
	opt.Rooms, opt.Assets, opt.Log = rooms, fstest.MapFS{}, slog.New(slog.DiscardHandler)
	server, err := transport.Listen("127.0.0.1:0", opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	h := &host{Server: server, rooms: rooms}
	h.stop = func() error {
		cancel()
		err, open := <-ended
		if open {
			close(ended)
		}
		return err
	}
	t.Cleanup(func() {
		if err := h.stop(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// room opens a room of the host.
func (h *host) room(t testing.TB, id string) *room.Room {
	t.Helper()
	r, err := h.rooms.Room(id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stream is the address of a room's WebSocket.
func stream(address, room string) string {
	return fmt.Sprintf("ws://%s/rooms/%s/stream", address, room)
}
