package rtp

import (
	"encoding/binary"
	"testing"
	"time"
)

// FuzzBuffer plays operations: 10 bytes are a packet and the time before it. No
// sequence of them makes pieces that do not join, holds more than its bound, or
// makes more silence and loss than time has passed.
func FuzzBuffer(f *testing.F) {
	for _, seed := range hostile() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		j := newJudge(t)
		var now time.Duration
		s := sender{}
		for ; len(data) >= 10; data = data[10:] {
			now += time.Duration(data[0]) * time.Duration(data[0]) * time.Millisecond / 4
			p := s.talk(2)
			p.Sequence += uint16(int8(data[1])) * uint16(data[2])
			p.Time += uint32(int8(data[3])) * uint32(data[4]) * uint32(data[5])
			p.Source = uint32(data[6] / 250)
			p.Payload = data[7 : 7+data[9]%3]
			if data[8] > 250 {
				s.sequence, s.time = p.Sequence, p.Time
			}
			j.put(p, now)
		}
		j.drain(now + time.Minute)
		passed := ticks(now) + slack + ticks(now)/steering + stillBy + backward
		if made := j.ticks[Silence] + j.ticks[Lost] + j.ticks[Break]; made > passed {
			t.Fatalf("%d ticks of silence and loss in %v", made, now)
		}
	})
}

func hostile() (seeds [][]byte) {
	random := newRandom(8)
	for range 40 {
		data := make([]byte, 10*(1+random.below(100)))
		for i := range data {
			data[i] = byte(random.below(256) * random.below(2))
		}
		seeds = append(seeds, data)
	}
	return seeds
}

// FuzzParse holds that a payload is part of its packet.
func FuzzParse(f *testing.F) {
	for _, c := range malformed {
		f.Add([]byte(c))
	}
	f.Add([]byte(whole))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err == nil && (len(p.Payload) > len(data)-headerLen || p.Sequence != binary.BigEndian.Uint16(data[2:])) {
			t.Fatalf("%+v of %d bytes", p, len(data))
		}
	})
}

// whole has two contributing sources, an extension of one word, and three bytes of
// padding.
const whole = "\xb2\xef\x12\x34\x00\x00\x03\xc0\xde\xad\xbe\xef" + "\x00\x00\x00\x01\x00\x00\x00\x02" +
	"\xbe\xde\x00\x01\x10\xff\x00\x00" + "sound" + "\x00\x00\x03"

func TestParse(t *testing.T) {
	p, err := Parse([]byte(whole))
	if err != nil || p.Sequence != 0x1234 || p.Time != 960 || p.Source != 0xdeadbeef || p.Type != 111 || string(p.Payload) != "sound" {
		t.Errorf("%+v, %v", p, err)
	}
}

var malformed = map[string]string{
	"nothing":                      "",
	"a header cut short":           whole[:11],
	"version 1":                    "\x72" + whole[1:],
	"contributing sources missing": "\xbf" + whole[1:12],
	"no extension":                 "\x90" + whole[1:12],
	"half an extension":            "\x90" + whole[1:12] + "\xbe\xde",
	"an extension past the end":    "\x90" + whole[1:12] + "\xbe\xde\xff\xff\x00\x00\x00\x00",
	"padding without a byte":       "\xa0" + whole[1:12],
	"padding of 0":                 "\xa0" + whole[1:12] + "sound\x00",
	"padding past the beginning":   "\xa0" + whole[1:12] + "sound\x07",
}

func TestMalformedPackets(t *testing.T) {
	for name, data := range malformed {
		if p, err := Parse([]byte(data)); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestJumps(t *testing.T) {
	cases := map[string]struct {
		leap         func(s *sender)
		pause        time.Duration // in which nothing arrives
		gap          int64
		kind         Kind
		strange      int // packets
		restarts     int
		lostWithIt   int64
		silenceAhead int64
	}{
		"the sequence begins anew":       {leap: func(s *sender) { s.sequence += 40000 }, kind: Break, strange: 1, restarts: 1},
		"the time begins anew":           {leap: func(s *sender) { s.time += 1 << 31 }, kind: Break, strange: 1, restarts: 1},
		"the time goes back":             {leap: func(s *sender) { s.time -= 10 * RateHz }, kind: Break, strange: 1, restarts: 1},
		"the time leaps ahead":           {leap: func(s *sender) { s.time += 10 * RateHz }, kind: Break, strange: 1, restarts: 1},
		"both, after a cut of 5 s":       {leap: func(s *sender) { s.sequence, s.time = s.sequence-9000, s.time+1<<30 }, pause: 5 * time.Second, kind: Break, gap: 5 * RateHz, strange: 1, restarts: 1},
		"another source, after 30 s":     {leap: func(s *sender) { s.source, s.sequence, s.time = 9, 1, 2 }, pause: 30 * time.Second, kind: Break, gap: 30 * RateHz, restarts: 1},
		"half a second of time overlaps": {leap: func(s *sender) { s.time -= RateHz / 2 }, kind: Break},
		"a cut of 30 s that went on":     {leap: func(s *sender) { s.sequence, s.time = s.sequence+1500, s.time+30*RateHz }, pause: 30 * time.Second, kind: Lost, gap: 30 * RateHz},
		"a pause of an hour":             {leap: func(s *sender) { s.time += 3600 * RateHz }, pause: time.Hour, kind: Silence, gap: 3600 * RateHz},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			j, s := newJudge(t), sender{sequence: 20000, time: 1 << 20}
			var now time.Duration
			send := func() {
				for range 50 {
					j.put(s.talk(2), now)
					now += frame
				}
			}
			send()
			c.leap(&s)
			for range c.pause / frame {
				j.take(now)
				now += frame
			}
			send()
			j.drain(now)
			stats := j.b.Stats()
			if len(j.sounds) != 100 || stats.Strange != c.strange || stats.Restarts != c.restarts {
				t.Errorf("%d of 100 sounds, %+v", len(j.sounds), stats)
			}
			made := j.ticks[Silence] + j.ticks[Lost] + j.ticks[Break]
			told := map[Kind]int64{Silence: stats.Silent, Lost: stats.Lost, Break: stats.Lost}[c.kind]
			if made != c.gap || told != c.gap {
				t.Errorf("a gap of %d ticks, told as %d, want %d", made, told, c.gap)
			}
		})
	}
}

// Packets far from the stream, of which none follows the other, are dropped; so
// are those of a second source while the first is alive.
func TestWhatDoesNotBelongIsDropped(t *testing.T) {
	random := newRandom(3)
	j, s := newJudge(t), sender{}
	var now time.Duration
	for range 500 {
		j.put(s.talk(2), now)
		j.put(Packet{Sequence: s.sequence + 20000 + uint16(random.below(20000)), Time: uint32(random.below(1 << 32))}, now)
		j.put(Packet{Source: 7, Sequence: s.sequence, Time: s.time}, now)
		now += frame
	}
	j.want(500*step, 0, 0)
	if stats := j.b.Stats(); stats.Foreign != 500 || stats.Strange != 500 || stats.Restarts != 0 {
		t.Errorf("%+v", stats)
	}
}
