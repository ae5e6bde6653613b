package reliability

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// follower reads a room, comes again whenever it is cut off, and remembers what it
// was told is durable.
type follower struct {
	t       testing.TB
	address string
	sse     bool

	mu      sync.Mutex // guards the following
	at      string     // "epoch-seq" of the last event
	seq     uint64
	durable map[uint64]uint64 // seq: digest
	resets  int
	faults  []string
	newest  time.Time // when the last event came
	longest time.Duration
}

// follow runs until ctx ends.
func (f *follower) follow(ctx context.Context) {
	for ctx.Err() == nil {
		if f.sse {
			f.overEvents(ctx)
		} else {
			f.overSocket(ctx)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (f *follower) overSocket(ctx context.Context) {
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, stream(f.address, "hall")+"?after="+f.place(), nil)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		f.take(data)
	}
}

func (f *follower) overEvents(ctx context.Context) {
	request, _ := http.NewRequestWithContext(ctx, "GET", "http://"+f.address+"/rooms/hall/events", nil)
	if at := f.place(); at != "" {
		request.Header.Set("Last-Event-ID", at)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	var event []byte
	for in := bufio.NewReader(response.Body); response.StatusCode == http.StatusOK; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return // an event that is cut off does not count
		}
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			event = bytes.TrimSpace(data)
		} else if len(line) == 1 && event != nil {
			f.take(event)
			event = nil
		}
	}
}

func (f *follower) place() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// take looks at a message.
func (f *follower) take(data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if bytes.HasPrefix(data, []byte(`{"type":"reset"`)) {
		f.resets++
		f.at = ""
		return
	}
	epoch, ok := number(data, `"epoch":`)
	seq, _ := number(data, `"seq":`)
	if !ok {
		return
	}
	screen := bytes.HasPrefix(data, []byte(`{"type":"screen"`))
	if !screen && seq != f.seq+1 {
		f.faults = append(f.faults, fmt.Sprintf("%d follows %d", seq, f.seq))
	}
	f.at, f.seq = fmt.Sprintf("%d-%d", epoch, seq), seq
	if screen || !bytes.Contains(data, []byte(`"durable":true`)) {
		return
	}
	if f.durable == nil {
		f.durable = make(map[uint64]uint64)
	}
	f.durable[seq] = digest(string(data))
	if now := time.Now(); !f.newest.IsZero() {
		f.longest = max(f.longest, now.Sub(f.newest))
	}
	f.newest = time.Now()
}

// reached waits until it has an event behind seq.
func (f *follower) reached(t testing.TB, seq uint64) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		at := f.seq
		f.mu.Unlock()
		if at > seq {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("no event came behind %d in 20 s", seq)
		}
	}
}

func (f *follower) where() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seq
}

// silence returns the longest time without an event since it was last asked.
func (f *follower) silence() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	longest := f.longest
	f.longest = 0
	return longest
}

// digest is of what does not change with the epoch that a client was in.
func digest(data string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strings.TrimSpace(data)))
	return h.Sum64()
}

// audience is followers of one room, over WebSockets and as server-sent events.
func audience(t testing.TB, address string, sockets, events int) (all []*follower, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for i := range sockets + events {
		f := &follower{t: t, address: address, sse: i >= sockets}
		all = append(all, f)
		running.Go(func() { f.follow(ctx) })
	}
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return all, stop
}
