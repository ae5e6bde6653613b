package reliability

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// crowdPlan is what a process of readers does: all but the last Stalled and Slow of them
// read what comes. On stdin it is told, a line each, to "stall": those stop reading;
// to "report": it prints a heard and begins anew; at the end of stdin it ends.
type crowdPlan struct {
	URL     string
	Readers int
	Stalled int           // of them, that read nothing once told so
	Slow    int           // of them, that read a byte a second from then on
	Over    time.Duration // in which they join
}

// heard is what a crowd reports, times in ms.
type heard struct {
	Joined         int
	JoinP99        float64
	Events         int // in all
	Missing, Twice int
	Closed         map[int]int // by code
	Broken         int
	RetryMs        []int64 // as they were told
	P50, P99, Most float64
}

// reader is one of a crowd.
type reader struct {
	conn   *websocket.Conn
	stall  <-chan struct{} // nil: it never stalls
	slow   bool
	joined time.Duration

	mu     sync.Mutex // guards the following
	last   uint64
	delays []time.Duration
	heard  heard
}

// crowd is the main function of the process.
func crowd(plan string) {
	var p crowdPlan
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		panic(err)
	}
	all, stall := make([]*reader, p.Readers), make(chan struct{})
	var joining, reading sync.WaitGroup
	for i := range all {
		r := &reader{}
		if all[i] = r; i >= p.Readers-p.Stalled-p.Slow {
			r.stall, r.slow = stall, i >= p.Readers-p.Slow
		}
		joining.Add(1)
		reading.Go(func() { r.read(p.URL, joining.Done) })
		time.Sleep(p.Over / time.Duration(p.Readers))
	}
	joining.Wait()
	fmt.Println("joined")
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "stall":
			close(stall)
			fmt.Println("stalled")
		case "report":
			out.Encode(report(all))
		case "wait":
			reading.Wait()
			out.Encode(report(all))
		}
	}
}

// report adds up what all have heard since the last one.
func report(all []*reader) *heard {
	sum := &heard{Closed: map[int]int{}}
	var joins, delays []time.Duration
	for _, r := range all {
		r.mu.Lock()
		h := &r.heard
		sum.Events, sum.Missing, sum.Twice = sum.Events+h.Events, sum.Missing+h.Missing, sum.Twice+h.Twice
		sum.Joined, sum.Broken, sum.RetryMs = sum.Joined+h.Joined, sum.Broken+h.Broken, append(sum.RetryMs, h.RetryMs...)
		for code, n := range h.Closed {
			sum.Closed[code] += n
		}
		joins = append(joins, r.joined)
		delays = append(delays, r.delays...)
		r.delays = nil
		r.mu.Unlock()
	}
	sum.JoinP99 = percentile(joins, 99)
	sum.P50, sum.P99, sum.Most = percentile(delays, 50), percentile(delays, 99), percentile(delays, 100)
	return sum
}

// percentile returns so much of the durations in ms, and sorts them.
func percentile(all []time.Duration, p int) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(all[min(len(all)-1, len(all)*p/100)].Microseconds()) / 1000
}

// read joins and reads until the end.
func (r *reader) read(url string, joined func()) {
	done := sync.OnceFunc(joined)
	defer done()
	began := time.Now()
	dialer := websocket.Dialer{ReadBufferSize: 1 << 10, WriteBufferPool: &sync.Pool{}, HandshakeTimeout: 30 * time.Second}
	if r.stall != nil {
		dialer.NetDial = narrow
	}
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		r.count(func(h *heard) { h.Broken++ })
		return
	}
	defer conn.Close()
	var buf bytes.Buffer
	for first := true; ; first = false {
		select {
		case <-r.stall:
			r.stop(conn.NetConn())
			return
		default:
		}
		buf.Reset()
		_, in, err := conn.NextReader()
		if err == nil {
			_, err = buf.ReadFrom(in)
		}
		if err != nil {
			r.left(err)
			return
		}
		if first {
			r.joined = time.Since(began)
			r.count(func(h *heard) { h.Joined++ })
			done()
		}
		r.take(buf.Bytes(), first)
	}
}

// narrow connects with a receive buffer that is soon full.
func narrow(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	if err == nil {
		err = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}
	return conn, err
}

// stop reads nothing any more, or a byte a second.
func (r *reader) stop(conn net.Conn) {
	for {
		time.Sleep(time.Second)
		if !r.slow {
			continue
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			return
		}
	}
}

func (r *reader) count(do func(h *heard)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do(&r.heard)
}

func (r *reader) left(err error) {
	closed, ok := err.(*websocket.CloseError)
	r.count(func(h *heard) {
		if !ok || closed.Code == websocket.CloseAbnormalClosure {
			h.Broken++
			return
		}
		if h.Closed == nil {
			h.Closed = map[int]int{}
		}
		h.Closed[closed.Code]++
	})
}

// take looks at a message, whose parts it finds without parsing all of it: the crowd
// must cost less than the server.
func (r *reader) take(message []byte, first bool) {
	now := time.Now()
	if retry, ok := number(message, `"retry_ms":`); ok {
		r.count(func(h *heard) { h.RetryMs = append(h.RetryMs, int64(retry)) })
		return
	}
	seq, ok := number(message, `"seq":`)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case first:
	case seq <= r.last:
		r.heard.Twice++
	default:
		r.heard.Missing += int(seq - r.last - 1)
	}
	r.last = seq
	r.heard.Events++
	if at, ok := number(message, `"text":" `); ok && !first {
		r.delays = append(r.delays, now.Sub(time.Unix(0, int64(at))))
	}
}

// number returns the digits behind a key.
func number(message []byte, key string) (uint64, bool) {
	i := bytes.Index(message, []byte(key))
	if i < 0 {
		return 0, false
	}
	digits := message[i+len(key):]
	n := 0
	for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
		n++
	}
	v, err := strconv.ParseUint(string(digits[:n]), 10, 64)
	return v, err == nil
}

// gathered is a running crowd.
type gathered struct {
	t   testing.TB
	cmd *exec.Cmd
	in  *os.File
	out *bufio.Reader
}

// gather starts a crowd and returns it when all have joined.
func gather(t testing.TB, p crowdPlan) *gathered {
	t.Helper()
	g := summon(t, p)
	g.expect("joined")
	return g
}

// summon starts a crowd.
func summon(t testing.TB, p crowdPlan) *gathered {
	t.Helper()
	plan, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := self(t, asCrowd, string(plan))
	in, inside, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = in
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	g := &gathered{t, cmd, inside, bufio.NewReader(out)}
	t.Cleanup(func() { g.in.Close(); cmd.Process.Kill(); cmd.Wait() })
	return g
}

// self is the test binary in one of its other parts.
func self(t testing.TB, part, how string) *exec.Cmd {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name)
	cmd.Env = append(os.Environ(), part+"="+how)
	cmd.Stderr = os.Stderr
	return cmd
}

func (g *gathered) expect(line string) {
	g.t.Helper()
	if got, err := g.out.ReadString('\n'); got != line+"\n" {
		g.t.Fatalf("the crowd says %q, %v, want %s", got, err, line)
	}
}

// told has the crowd do something and report it.
func (g *gathered) told(what string) (h heard) {
	g.t.Helper()
	fmt.Fprintln(g.in, what)
	line, err := g.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &h)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}
