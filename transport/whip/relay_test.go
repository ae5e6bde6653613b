package whip

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// relay stands between a publisher and the door, and does to packets of sound what
// a network does. It is seeded: the packet with a number always has the same fate.
type relay struct {
	outside, inside net.PacketConn // towards the publisher and the door
	all             sync.WaitGroup

	mu     sync.Mutex
	client net.Addr
	fate   func(random *rand.Rand) trip
	random *rand.Rand
	cut    bool
	lost   int // packets of sound
	again  int
}

// trip is what happens to a packet.
type trip struct {
	lost  bool
	again bool
	delay time.Duration
}

// newRelay returns a relay; its port method goes into connect.
func newRelay(t *testing.T, fate func(random *rand.Rand) trip) *relay {
	r := &relay{fate: fate, random: rand.New(rand.NewPCG(14, 32))}
	local := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	var err error
	if r.outside, err = net.ListenUDP("udp", local); err == nil {
		r.inside, err = net.ListenUDP("udp", local)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.outside.Close()
		r.mu.Lock()
		r.inside.Close()
		r.mu.Unlock()
		r.all.Wait()
	})
	return r
}

// port begins to relay to a port and returns the one that stands for it.
func (r *relay) port(door int) int {
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: door}
	r.all.Go(func() {
		buf := make([]byte, 2000)
		for {
			n, from, err := r.outside.ReadFrom(buf)
			if err != nil {
				return
			}
			r.pass(buf[:n], from, to)
		}
	})
	r.all.Go(func() { r.back(r.inside) })
	return r.outside.LocalAddr().(*net.UDPAddr).Port
}

// back sends on what the door answers to one of our addresses.
func (r *relay) back(inside net.PacketConn) {
	buf := make([]byte, 2000)
	for {
		n, _, err := inside.ReadFrom(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		client, cut := r.client, r.cut
		r.mu.Unlock()
		if client != nil && !cut {
			r.outside.WriteTo(buf[:n], client)
		}
	}
}

// move gives the publisher another address, as a NAT does that has forgotten it.
func (r *relay) move(t *testing.T) {
	inside, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside.Close()
	r.inside = inside
	r.all.Go(func() { r.back(inside) })
}

// pass sends a packet on. Only sound has a fate: the second byte of RTP tells it from RTCP.
func (r *relay) pass(data []byte, from, to net.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.client = from
	sound := len(data) > 12 && data[0]>>6 == 2 && (data[1]&0x7f < 64 || data[1]&0x7f > 95)
	var t trip
	if sound && r.fate != nil {
		t = r.fate(r.random)
	}
	if r.cut || t.lost {
		if sound {
			r.lost++
		}
		return
	}
	r.deliver(data, to, t.delay)
	if t.again {
		r.again++
		r.deliver(data, to, t.delay+time.Millisecond)
	}
}

func (r *relay) deliver(data []byte, to net.Addr, delay time.Duration) {
	if delay == 0 {
		r.inside.WriteTo(data, to)
		return
	}
	data = append([]byte(nil), data...)
	r.all.Add(1)
	time.AfterFunc(delay, func() {
		defer r.all.Done()
		r.inside.WriteTo(data, to)
	})
}

// setCut interrupts the network, or mends it.
func (r *relay) setCut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
}

func (r *relay) counts() (lost, again int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lost, r.again
}
