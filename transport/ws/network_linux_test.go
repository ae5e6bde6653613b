package ws

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sys/unix"

	"sotto"
	"sotto/audio"
	"sotto/decoder/policy"
	"sotto/transport/doortest"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

// wires are two ends of a cable that loses packets: one here, one in a network of
// its own.
type wires struct {
	name       string
	here, away string // addresses
}

// lossy lays a cable that loses so many percent of its packets, both ways.
func lossy(t *testing.T, percent int) wires {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a network of its own is for root to make; run the test as root")
	}
	for _, program := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: apt-get install iproute2 nftables", program)
		}
	}
	w := wires{fmt.Sprintf("sotto%d-%d", os.Getpid()%100000, percent), fmt.Sprintf("10.213.%d.1", percent), fmt.Sprintf("10.213.%d.2", percent)}
	one, other := "v"+w.name[5:]+"a", "v"+w.name[5:]+"b"
	t.Cleanup(func() {
		exec.Command("ip", "link", "del", one).Run()
		exec.Command("ip", "netns", "del", w.name).Run()
	})
	away := "ip netns exec " + w.name + " "
	drop := fmt.Sprintf("numgen random mod 100 < %d drop", percent)
	for _, command := range []string{
		"ip netns add " + w.name,
		"ip link add " + one + " type veth peer name " + other + " netns " + w.name,
		"ip addr add " + w.here + "/30 dev " + one, "ip link set " + one + " up",
		away + "ip addr add " + w.away + "/30 dev " + other, away + "ip link set " + other + " up",
		away + "nft add table inet lossy",
		away + "nft add chain inet lossy in { type filter hook input priority 0 ; }", away + "nft add chain inet lossy out { type filter hook output priority 0 ; }",
		away + "nft add rule inet lossy in " + drop, away + "nft add rule inet lossy out " + drop,
	} {
		words := strings.Fields(command)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Skipf("this machine lets nobody make networks: %s: %v %s", command, err, out)
		}
	}
	return w
}

// listen listens at the far end.
func (w wires) listen(t *testing.T) (listener net.Listener) {
	t.Helper()
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and the thread ends with this, since it is elsewhere
		var there *os.File
		if there, err = os.Open("/run/netns/" + w.name); err != nil {
			return
		}
		defer there.Close()
		if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err == nil {
			listener, err = net.Listen("tcp", w.away+":0")
		}
	}()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// clocked notes when bytes come, or go.
type clocked struct {
	net.Conn
	mu    sync.Mutex
	total int
	when  []moment
}

type moment struct {
	bytes int // so far
	at    time.Time
}

func (c *clocked) note(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total += n
	c.when = append(c.when, moment{c.total, time.Now()})
}

func (c *clocked) moments() []moment {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.when)
}

// clockedRead notes what is read, clockedWrite what is written.
type clockedRead struct{ *clocked }

func (c clockedRead) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.note(n)
	return n, err
}

type clockedWrite struct{ *clocked }

func (c clockedWrite) Write(p []byte) (int, error) {
	c.note(len(p)) // a moment too early is a delay too long
	return c.Conn.Write(p)
}

// clockedListener keeps the one connection that it accepts.
type clockedListener struct {
	net.Listener
	conns chan *clocked
}

func (l clockedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &clocked{Conn: conn}
	l.conns <- c
	return clockedRead{c}, nil
}

// delays returns how long each piece that was sent took to come.
func delays(sent, came []moment) (all []time.Duration) {
	for _, s := range sent {
		for len(came) > 0 && came[0].bytes < s.bytes {
			came = came[1:]
		}
		if len(came) > 0 {
			all = append(all, came[0].at.Sub(s.at))
		}
	}
	slices.Sort(all)
	return all
}

// Over a network that loses packets a voice is heard as it was spoken, only later.
func TestANetworkThatLosesPackets(t *testing.T) {
	if testing.Short() {
		t.Skip("it speaks for 9 s")
	}
	engine, sound := doortest.Pocket(t, 3), clip(t, 9)
	want := sayings(alone(t, engine, sotto.SessionOptions{Targets: []string{"en"}, Latency: policy.Balanced}, sound))["en"]
	for _, percent := range []int{1, 5, 10} {
		t.Run(fmt.Sprint(percent, " percent"), func(t *testing.T) {
			t.Parallel()
			w := lossy(t, percent)
			d := &Handler{Hall: &voice.Hall{Engine: engine}, Log: slog.New(slog.DiscardHandler)}
			listener := clockedListener{w.listen(t), make(chan *clocked, 1)}
			server := &http.Server{Handler: d}
			go server.Serve(listener)
			defer d.Wait(context.Background())
			defer server.Close()

			var mine *clocked
			dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				mine = &clocked{Conn: conn}
				return clockedWrite{mine}, err
			}}
			socket, _, err := dialer.Dial("ws://"+listener.Addr().String()+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			c := &client{t: t, socket: socket}
			c.next()
			c.begin("en")
			go func() {
				c.pace(sound)
				c.say(wire.Stop{Type: "stop"})
			}()
			captions, last, _ := c.end()
			socket.Close()
			if last.Type != "ended" || last.HeardMs < int64(len(sound)/2*1000/audio.RateHz) {
				t.Errorf("it ended with %+v", last)
			}
			if got := textsOf(t, captions)["en"]; !reflect.DeepEqual(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
			all := delays(mine.moments(), (<-listener.conns).moments())
			if len(all) < 9*25 {
				t.Fatalf("%d pieces came", len(all))
			}
			p99, most := all[len(all)*99/100], all[len(all)-1]
			t.Logf("%d %%: half of the pieces take %v, 99 of 100 %v, the last %v", percent, all[len(all)/2], p99, most)
			if p99 > time.Duration(percent)*200*time.Millisecond+time.Second {
				t.Errorf("99 of 100 pieces take %v", p99)
			}
		})
	}
}
