package reliability

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sotto/transport"
	"sotto/transport/room"
)

// Ten thousand clients come, use something and vanish in every way there is; what they
// took is given back (F28).
func TestNothingIsLeftOfWhoHasGone(t *testing.T) {
	engine, _ := faulty(t)
	rooms, err := room.OpenStore("", transport.MaxRooms, room.Options{Events: 500}) // what is kept of a talk is no leak
	if err != nil {
		t.Fatal(err)
	}
	h := hostOf(t, rooms, transport.Options{Engine: engine})
	stop := publish(t, h.room(t, "hall"), 2*time.Millisecond)
	cycles(t, h, 10*len(ways))
	before := rest(t, nil)
	n := sized(450, 10_000)
	cycles(t, h, n)
	after := rest(t, &before)
	stop()
	t.Logf("F28: %d clients came and went: %v before, %v after", n, before, after)
}

// held is what a process holds.
type held struct {
	goroutines, files int
	heap              float64 // MiB
}

func (h held) near(base held) bool {
	return h.goroutines <= base.goroutines+5 && h.files <= base.files+2 && h.heap <= base.heap+2
}

// rest waits until nobody is served any more, or until what is held is near a base.
func rest(t testing.TB, base *held) (now held) {
	t.Helper()
	for until := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		last := now
		now = holds()
		if base == nil && now.goroutines == last.goroutines && now.files == last.files || base != nil && now.near(*base) {
			return now
		}
		if time.Now().After(until) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%+v is held, %+v was before\n%s", now, base, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func holds() (h held) {
	http.DefaultClient.CloseIdleConnections()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd")
	return held{runtime.NumGoroutine(), len(files), float64(m.HeapAlloc) / (1 << 20)}
}

func cycles(t testing.TB, h *host, n int) {
	var all sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		all.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				vanish(t, h.Addr().String(), ways[i%len(ways)])
			}
		})
	}
	all.Wait()
}

// ways are what clients send before they go, and how they go.
var ways = []struct {
	name, path string
	says       string // after the handshake
	answers    int    // lines or frames that it waits for, about, in bytes
	reset      bool   // the connection, instead of closing it
}{
	{name: "a reader", path: "/rooms/hall/stream", says: masked(8, "\x03\xe8"), answers: 200},
	{name: "a reader that is gone", path: "/rooms/hall/stream", answers: 400},
	{name: "a reader that resets", path: "/rooms/hall/stream", answers: 200, reset: true},
	{name: "half a frame", path: "/rooms/hall/stream", says: masked(1, "hello")[:5]},
	{name: "a breach", path: "/rooms/hall/stream", says: "\xff\xff\xff\xff", answers: 100},
	{name: "an event stream", path: "/rooms/hall/events", answers: 400},
	{name: "an event stream that resets", path: "/rooms/hall/events", answers: 400, reset: true},
	{name: "lines that are followed", path: "/rooms/hall/captions.jsonl?follow=1", answers: 300},
	{name: "a page", path: "/healthz", answers: 3},
	{name: "half a header", path: ""},
	{name: "a voice", path: "/v1/stream", says: masked(1, startVoice) + masked(2, strings.Repeat("\x00\x10", 6400)) + masked(1, `{"type":"stop"}`), answers: 300},
	{name: "a voice that is gone", path: "/v1/stream", says: masked(1, startVoice) + masked(2, strings.Repeat("\x00\x10", 640)), answers: 50},
	{name: "a voice that resets", path: "/v1/stream", says: masked(1, startVoice) + masked(2, strings.Repeat("\x00\x10", 6400)), reset: true},
	{name: "a voice that says nothing", path: "/v1/stream", answers: 20},
	{name: "OpenAI's session", path: "/v1/realtime?model=x", answers: 50},
}

const startVoice = `{"type":"start","source":"es","targets":["en"],"live":true}`

// masked is a frame of a client, whose mask is zero.
func masked(opcode byte, payload string) string {
	n := len(payload)
	if n < 126 {
		return string([]byte{0x80 | opcode, 0x80 | byte(n), 0, 0, 0, 0}) + payload
	}
	return string([]byte{0x80 | opcode, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0}) + payload
}

// asks is the head of a request.
func asks(address, path string, socket bool) string {
	head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n", path, address)
	if socket {
		head += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
	}
	return head + "\r\n"
}

func vanish(t testing.TB, address string, way struct {
	name, path string
	says       string
	answers    int
	reset      bool
}) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if way.path == "" {
		io.WriteString(conn, "GET / HTTP/1.1\r\nHo")
		return
	}
	socket := strings.Contains(way.path, "stream") || strings.Contains(way.path, "realtime")
	io.WriteString(conn, asks(address, way.path, socket))
	in := bufio.NewReader(conn)
	for line := "."; strings.TrimSpace(line) != ""; {
		if line, err = in.ReadString('\n'); err != nil {
			t.Errorf("%s: %v", way.name, err)
			return
		}
	}
	io.WriteString(conn, way.says)
	io.CopyN(io.Discard, in, int64(way.answers)) // it may be closed before
	if way.reset {
		conn.(*net.TCPConn).SetLinger(0)
	}
}
