package reliability

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// memory is a process's memory in MiB, of a field of its status: VmRSS for now, VmHWM
// for the most it ever was.
func memory(process int, field string) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	_, rest, _ := strings.Cut(string(data), field+":")
	kib, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	return kib / 1024
}

// A daemon whose every place is taken, and at which a hundred clients throw what they
// can, stays small, answers, and says no to who comes (F11).
func TestMemoryIsBounded(t *testing.T) {
	waits(t)
	d := start(t, daemonPlan{Publish: 4, Hear: 0.02})
	address, process := d.Address, d.cmd.Process.Pid
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	sound := asBytes(demoFrames(t))
	for i := range 8 {
		s := mustSpeak(t, address, fmt.Sprintf("room-%d", i%2), "en")
		all.Go(func() {
			for ctx.Err() == nil && s.open() {
				s.say(ctx, sound)
			}
		})
	}
	n := sized(200, 2000)
	g := gather(t, crowdPlan{URL: stream(address, "room-0"), Readers: n, Over: sized(time.Second, 5*time.Second)})
	other := gather(t, crowdPlan{URL: stream(address, "room-1"), Readers: sized(50, 1500), Over: sized(time.Second, 5*time.Second)})
	for i := range 100 {
		all.Go(func() { hostile(ctx, address, i) })
	}
	for until := time.Now().Add(sized(4*time.Second, 40*time.Second)); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		if got := status(address, "/healthz"); got != 200 && got != 503 { // 503: as many are connected as may
			t.Errorf("/healthz is %d", got)
		}
	}
	_, err := speak(t, address, "", "en")
	var no *refused
	if !errors.As(err, &no) || no.Code != "full" {
		t.Errorf("one more voice is answered with %v", err)
	}
	if full {
		_, response, err := websocket.DefaultDialer.Dial(stream(address, "room-0"), nil)
		if err == nil || response == nil || response.StatusCode != 503 {
			t.Errorf("one more reader is answered with %v, %v", response, err)
		}
	}
	whole(t, g.told("report"))
	whole(t, other.told("report"))
	most, limit := memory(process, "VmHWM"), sized(128.0, 384.0)
	t.Logf("F11: at most %.0f MiB, limit %.0f MiB", most, limit)
	if most > limit {
		t.Errorf("the daemon took %.0f MiB, at most %.0f are promised", most, limit)
	}
}

// hostile throws something at a daemon again and again until ctx ends.
func hostile(ctx context.Context, address string, kind int) {
	for ; ctx.Err() == nil; wait(ctx, 20*time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		throw(conn, address, kind)
		stop()
		conn.Close()
	}
}

// throw sends what a kind of client sends until the daemon closes.
func throw(conn net.Conn, address string, kind int) {
	again := func(piece string) {
		for {
			if _, err := io.WriteString(conn, piece); err != nil {
				return
			}
		}
	}
	voice, reader := asks(address, "/v1/stream", true), asks(address, "/rooms/hall/stream", true)
	switch kind % 10 {
	case 0: // a header that never ends
		io.WriteString(conn, "GET / HTTP/1.1\r\n")
		again("X-Long: " + strings.Repeat("a", 8000) + "\r\n")
	case 1: // a header that never comes
		io.WriteString(conn, "GET / HTTP/1.1\r\nX: ")
		io.Copy(io.Discard, conn)
	case 2: // a frame of 2^62 bytes
		io.WriteString(conn, voice+"\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
		again(strings.Repeat("a", 60_000))
	case 3: // a message of endless fragments
		io.WriteString(conn, voice+"\x01\x80\x00\x00\x00\x00")
		again(strings.Repeat("\x00\x80\x00\x00\x00\x00", 1000))
	case 4: // pings
		io.WriteString(conn, reader)
		again(masked(9, strings.Repeat("p", 125)))
	case 5: // a recording that never ends
		io.WriteString(conn, "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: "+address+"\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n")
		again("2710\r\n" + strings.Repeat("a", 10_000) + "\r\n")
	case 6: // a reader that does not read
		io.WriteString(conn, reader)
		time.Sleep(2 * time.Second)
	case 7: // deep JSON
		io.WriteString(conn, voice+masked(1, strings.Repeat(`{"a":[`, 1300)))
		io.Copy(io.Discard, conn)
	case 8: // requests and no look at the answers
		again(asks(address, "/rooms/hall/captions.jsonl", false))
	case 9: // OpenAI's session with endless sound
		io.WriteString(conn, asks(address, "/v1/realtime?model=x", true))
		again(masked(1, `{"type":"input_audio_buffer.append","audio":"`+strings.Repeat("AAAA", 10_000)+`"}`))
	}
}
