package rtp

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	frame = 20 * time.Millisecond
	step  = int64(RateHz / 50) // ticks of a frame
)

// tens is the length of test payloads: their first byte counts 10 ms.
func tens(payload []byte) int64 {
	if len(payload) == 0 {
		return 0
	}
	return int64(payload[0]%13) * RateHz / 100
}

// sender numbers packets as an encoder does.
type sender struct {
	source   uint32
	sequence uint16
	time     uint32
	count    byte
}

// talk returns the next packet, of so many times 10 ms.
func (s *sender) talk(tens byte) Packet {
	s.count++
	p := Packet{Source: s.source, Sequence: s.sequence, Time: s.time, Payload: []byte{tens, s.count}}
	s.sequence++
	s.time += uint32(tens) * RateHz / 100
	return p
}

// pause lets time pass in which nothing is sent.
func (s *sender) pause(ticks int64) { s.time += uint32(ticks) }

// judge takes pieces and checks what holds for every stream.
type judge struct {
	t      interface{ Fatalf(string, ...any) }
	b      *Buffer
	at     int64
	ticks  map[Kind]int64
	early  int64
	sounds []byte // second bytes of the payloads, in order
	all    []Piece
}

func newJudge(t interface{ Fatalf(string, ...any) }) *judge {
	return &judge{t: t, b: NewBuffer(tens), ticks: make(map[Kind]int64)}
}

func (j *judge) put(p Packet, now time.Duration) {
	j.b.Put(p, now)
	j.take(now)
}

// take takes what is due.
func (j *judge) take(now time.Duration) {
	for {
		p, ok := j.b.Next(now)
		if !ok {
			break
		}
		if p.At != j.at || p.Length < 0 || p.Early < 0 || p.Length+p.Early == 0 {
			j.t.Fatalf("a piece of %d (and %d) ticks at %d, want it at %d", p.Length, p.Early, p.At, j.at)
		}
		j.at += p.Length
		j.ticks[p.Kind] += p.Length
		j.early += p.Early
		if p.Kind == Sound && len(p.Payload) > 1 {
			j.sounds = append(j.sounds, p.Payload[1])
		}
		j.all = append(j.all, p)
	}
	if wake, waiting := j.b.Wake(); waiting && wake <= now {
		j.t.Fatalf("a piece is due at %v, nothing came at %v", wake, now)
	}
	if held := len(j.b.held); held > mostHeld {
		j.t.Fatalf("%d packets are held", held)
	}
}

// drain takes everything that waits.
func (j *judge) drain(now time.Duration) { j.take(now + maxPatience) }

func (j *judge) want(sound, silence, lost int64) {
	if j.ticks[Sound] != sound || j.ticks[Silence] != silence || j.ticks[Lost] != lost {
		j.t.Fatalf("%d ticks of sound, %d of silence, %d lost; want %d, %d, %d",
			j.ticks[Sound], j.ticks[Silence], j.ticks[Lost], sound, silence, lost)
	}
}

// A contiguous sequence with a jump of time is silence; a missing sequence number
// is a loss of a packet's length, whatever silence surrounds it.
func TestLossAndSilenceAreToldApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tens := rapid.SampledFrom([]byte{1, 2, 4, 6}).Draw(t, "tens")
		s := sender{
			sequence: rapid.Uint16().Draw(t, "sequence"), time: rapid.Uint32().Draw(t, "time"),
		}
		j := newJudge(t)
		var now time.Duration
		var sound, silence, lost, open, quiet int64
		length := int64(tens) * RateHz / 100
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if pause := rapid.SampledFrom([]int64{0, 0, 0, 0, 1, 480, 18240}).Draw(t, "pause"); sound > 0 && quiet+pause < RateHz/2 {
				s.pause(pause)
				now += duration(pause)
				quiet += pause
			}
			p := s.talk(tens)
			if sound > 0 && rapid.IntRange(0, 9).Draw(t, "chance") == 0 && open+quiet < RateHz/2 {
				open += length
			} else {
				j.put(p, now)
				sound, silence, lost = sound+length, silence+quiet, lost+open
				open, quiet = 0, 0
			}
			now += duration(length)
		}
		j.drain(now)
		j.want(sound, silence, lost)
		if got := j.b.Stats(); got.Lost != lost || got.Silent != silence || int64(got.Missing)*length != lost {
			t.Fatalf("%+v, want %d lost and %d silent", got, lost, silence)
		}
	})
}

// Whatever the network does to order and number, each packet is heard once, in
// order, or is counted as missing; and the stream is as long as it was sent.
func TestReorderedAndDoubled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		net := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) trip {
			return trip{
				delay: time.Duration(rapid.IntRange(0, 100).Draw(t, "delay")) * time.Millisecond,
				lost:  rapid.IntRange(0, 9).Draw(t, "lost") == 0,
				again: rapid.IntRange(0, 49).Draw(t, "again") == 0,
			}
		}), 1, 200).Draw(t, "net")
		net[0], net[len(net)-1] = trip{}, trip{delay: maxPatience}
		s := sender{sequence: 65500, time: 1<<32 - 100}
		j := newJudge(t)
		end := j.travel(&s, net)
		j.drain(end)
		stats := j.b.Stats()
		if heard := len(j.sounds); heard+stats.Missing != len(net) || int64(stats.Missing)*step != stats.Lost || stats.Restarts+stats.Strange > 0 {
			t.Fatalf("%d heard of %d, %+v", heard, len(net), stats)
		}
		for i := 1; i < len(j.sounds); i++ {
			if j.sounds[i] <= j.sounds[i-1] {
				t.Fatalf("packet %d after %d", j.sounds[i], j.sounds[i-1])
			}
		}
		if want := int64(len(net)) * step; j.at != want {
			t.Fatalf("the stream is %d ticks long, want %d", j.at, want)
		}
	})
}

// Uniform jitter of 100 ms disturbs order nearly always. After half a second, in which
// patience adapts, nothing is given up that comes, and 95 % wait at most 120 ms.
func TestJitter(t *testing.T) {
	random := newRandom(14)
	var net []trip
	for range 200 * 50 {
		delay := time.Duration(random.below(100)) * time.Millisecond
		net = append(net, trip{delay: delay, again: random.below(50) == 0})
	}
	j := newJudge(t)
	s := sender{}
	j.drain(j.travel(&s, net))
	stats := j.b.Stats()
	if stats.Missing > 3 {
		t.Errorf("%d packets of a network that loses none were given up", stats.Missing)
	}
	if stats.Twice < 150 {
		t.Errorf("%d duplicates were counted, about 200 were sent", stats.Twice)
	}
	if p := j.b.Patience(); p < 80*time.Millisecond || p > 150*time.Millisecond {
		t.Errorf("patience is %v", p)
	}
}

// On a calm network holes are not waited for longer than they need be.
func TestPatienceReturns(t *testing.T) {
	j, s := newJudge(t), sender{}
	var now time.Duration
	send := func(n int, spread time.Duration) {
		for i := range n {
			j.put(s.talk(2), now+time.Duration(i%2)*spread)
			now += frame
		}
	}
	send(3, 0)
	if p := j.b.Patience(); p != firstPatience {
		t.Errorf("patience is %v at first", p)
	}
	send(500, 19*time.Millisecond)
	rough := j.b.Patience()
	send(3000, 0)
	if calm := j.b.Patience(); rough < 50*time.Millisecond || calm > 30*time.Millisecond {
		t.Errorf("patience is %v in jitter and %v afterwards", rough, calm)
	}
}

// What comes in order waits for nothing; a hole is waited for just so long.
func TestAHoleIsWaitedForAndNothingElse(t *testing.T) {
	j, s := newJudge(t), sender{}
	j.put(s.talk(2), 0)
	missing := s.talk(2)
	j.put(s.talk(2), 2*frame)
	if len(j.sounds) != 1 {
		t.Fatalf("%d sounds before the hole was filled", len(j.sounds))
	}
	j.put(missing, 2*frame+firstPatience/2)
	j.want(3*step, 0, 0)
	late := s.talk(2)
	j.put(s.talk(2), 4*frame)
	j.take(4*frame + firstPatience - 1)
	j.want(3*step, 0, 0)
	j.take(4*frame + firstPatience)
	j.want(4*step, 0, step)
	j.put(late, 5*frame+firstPatience)
	if stats := j.b.Stats(); stats.Late != 1 || j.b.Patience() < firstPatience+frame {
		t.Errorf("%+v, patience %v", stats, j.b.Patience())
	}
	j.want(4*step, 0, step)
}

// When nothing comes, silence is given once, so that a voice can pause. It is part
// of what turns out to have been lost, or silent.
func TestStillness(t *testing.T) {
	for name, lost := range map[string]bool{"lost": true, "silent": false} {
		j, s := newJudge(t), sender{}
		j.put(s.talk(2), 0)
		for now := time.Duration(0); now < 5*time.Second; now += frame {
			j.take(now)
		}
		if j.ticks[Silence] != stillBy {
			t.Fatalf("%s: %d ticks of silence while nothing came", name, j.ticks[Silence])
		}
		if lost {
			for range 249 {
				s.talk(2)
			}
		} else {
			s.pause(249 * step)
		}
		j.put(s.talk(2), 250*frame)
		j.drain(250 * frame)
		stats := j.b.Stats()
		if want := 249 * step; j.at != 251*step || lost && (stats.Lost != want || stats.Silent != 0) || !lost && (stats.Lost != 0 || stats.Silent != want) {
			t.Errorf("%s: %+v, %d ticks", name, stats, j.at)
		}
	}
}
