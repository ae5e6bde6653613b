package ws

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"sotto/audio/ogg"
	"sotto/models/pocket"
	"sotto/transport/doortest"
	"sotto/transport/wire"
)

// A live voice is never held up: what the server cannot take is silence, and told.
func TestLiveSoundIsLostAndMarked(t *testing.T) {
	c := openDoorOf(t, doortest.Pocket(t, 1)).dial(t)
	starts(`,"live":true`)(c)
	sound := clip(t, 8)
	for at := 0; at < len(sound); at += wire.MaxBinary / 2 {
		c.send(websocket.BinaryMessage, sound[at:min(at+wire.MaxBinary/2, len(sound))])
	}
	c.say(wire.Mark{Type: "marker", ID: "all"})
	for c.next().ID != "all" {
	}
	c.speak(make([]byte, 2*second)) // there is room again
	c.say(wire.Stop{Type: "stop"})
	all, code := c.rest()
	lost := int64(0)
	for _, m := range ofType(all, "gap") {
		if lost += m.LostMs; m.Cause != "the server is behind" {
			t.Errorf("%+v", m)
		}
	}
	if last := all[len(all)-1]; code != 1000 || lost < 1000 || last.HeardMs != 9000 {
		t.Errorf("%d ms lost, then %+v and %d", lost, last, code)
	}
}

func TestLagIsTold(t *testing.T) {
	v := &visit{announcer: newAnnouncer()}
	var told []int64
	for _, behind := range []int64{0, 480, 520, 900, 1040, 500, 0} {
		lag := wire.Lag{BehindMs: behind}
		if v.lagged(&lag) {
			told = append(told, behind)
		}
	}
	if want := []int64{520, 1040, 500}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
	if !v.lagged(&wire.Lag{Level: 2, BehindMs: 500}) || v.lagged(&wire.Lag{Level: 2, BehindMs: 600}) {
		t.Error("a level is told once")
	}
}

// packetsOf returns the Opus packets of a recording.
func packetsOf(t *testing.T, recording []byte) (all [][]byte) {
	t.Helper()
	r := ogg.NewReader(bytes.NewReader(recording))
	for n := 0; ; n++ {
		p, err := r.Next()
		if err != nil {
			return all
		}
		if n >= 2 { // behind the headers
			all = append(all, bytes.Clone(p.Data))
		}
	}
}

func TestOpusIsHeard(t *testing.T) {
	packets := packetsOf(t, pocket.Demo)
	for name, numbered := range map[string]bool{"plain": false, "numbered": true} {
		c := openDoorOf(t, doortest.Pocket(t, 1)).dial(t)
		c.say(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Format: "opus", Numbered: numbered})
		for i, p := range packets {
			if numbered {
				p = append(wire.Number{Seq: uint32(i), Position: uint64(i) * 960}.Append(nil), p...)
			}
			c.send(websocket.BinaryMessage, p)
		}
		c.say(wire.Stop{Type: "stop"})
		all, _ := c.rest()
		texts := textsOf(t, captionsOf(all))["en"]
		if want := "Good morning, Elena. The plane to Paris leaves tomorrow at 12:20."; !strings.HasPrefix(strings.Join(texts, " "), want) {
			t.Errorf("%s: %q", name, texts)
		}
		if last := all[len(all)-1]; last.HeardMs != int64(len(packets))*20 || len(ofType(all, "gap")) > 0 {
			t.Errorf("%s: %d packets, then %+v", name, len(packets), last)
		}
	}
}

func TestPacketsThatCannotBeDecodedAreGaps(t *testing.T) {
	c := openDoor(t, 1).dial(t)
	c.say(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Format: "opus"})
	good := packetsOf(t, pocket.Demo)[0]
	for range 60 {
		c.send(websocket.BinaryMessage, append([]byte{good[0] | 3, 0xff}, bytes.Repeat([]byte{0xa5}, 40)...))
	}
	for _, silence := range [][]byte{good[:1], good[:1], {}} { // discontinuous transmission
		c.send(websocket.BinaryMessage, silence)
	}
	c.say(wire.Stop{Type: "stop"})
	all, code := c.rest()
	for _, m := range ofType(all, "gap") {
		if m.Cause != "cannot be decoded" || m.LostMs <= 0 {
			t.Errorf("%+v", m)
		}
	}
	if gaps, warnings := len(ofType(all, "gap")), ofType(all, "warning"); gaps != 60 || len(warnings) != 1 || warnings[0].Code != "undecodable" || code != 1000 {
		t.Errorf("%d gaps, %+v and %d", gaps, warnings, code)
	}
}

func TestTheClientIsAskedWhetherItIsThere(t *testing.T) {
	engine := doortest.Toy(t, "../..", 1)
	for name, tt := range map[string]struct {
		answers bool
		after   time.Duration
		code    string
		pings   int
	}{"there": {true, 60 * time.Second, "idle", 2}, "gone": {false, 35 * time.Second, "no_pong", 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := openPiped(t, engine)
				c := d.dial(t).begin("en")
				pings, answer := 0, c.socket.PingHandler()
				c.socket.SetPingHandler(func(data string) error {
					if pings++; tt.answers {
						return answer(data)
					}
					return nil
				})
				began := time.Now()
				_, last, code := c.end()
				if waited := time.Since(began); waited != tt.after || last.Code != tt.code || code != wire.Endings[tt.code].Close || pings != tt.pings {
					t.Errorf("after %v and %d pings %+v and %d", waited, pings, last, code)
				}
				c.socket.Close()
				d.close()
			})
		})
	}
}

func TestWordsAreNoSound(t *testing.T) {
	engine := doortest.Toy(t, "../..", 1)
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		c := d.dial(t).begin("en")
		began := time.Now()
		go func() {
			for range 5 {
				time.Sleep(11 * time.Second)
				c.say(wire.Mark{Type: "marker", ID: "still here"})
			}
		}()
		if _, last, _ := c.end(); last.Code != "idle" || time.Since(began) != 60*time.Second {
			t.Errorf("after %v %+v", time.Since(began), last)
		}
		c.socket.Close()
		d.close()
	})
}

func TestAVoiceLastsSoLong(t *testing.T) {
	engine := doortest.Pocket(t, 1)
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		d.Handler.Limits = func() Limits { return Limits{Session: 5 * time.Second} }
		c := d.dial(t).begin("en")
		sound := clip(t, 4.9)
		go c.pace(sound)
		captions, last, code := c.end()
		if texts := textsOf(t, captions); last.Code != "session" || code != 4405 || last.RetryMs < 500 || len(texts["en"]) != 2 {
			t.Errorf("%q, then %+v and %d", texts, last, code)
		}
		c.socket.Close()
		d.close()
	})
}

func TestLatencyChangesInMidVoice(t *testing.T) {
	engine, sound := doortest.Pocket(t, 1), clip(t, 6)
	firstWords := func(set bool) (at []int64) {
		synctest.Test(t, func(t *testing.T) {
			d := openPiped(t, engine)
			c := d.dial(t)
			c.say(wire.Start{Type: "start", Source: "es", Targets: []string{"en"}, Latency: "quality"})
			go func() {
				c.pace(sound[:2*2*second])
				if set {
					c.say(wire.Set{Type: "set", Latency: "fast"})
				}
				c.pace(sound[2*2*second:])
				c.say(wire.Stop{Type: "stop"})
			}()
			captions, _, _ := c.end()
			for _, m := range captions {
				if m.Type == "commit" && m.Segment == len(at) {
					at = append(at, m.HeardMs)
				}
			}
			c.socket.Close()
			d.close()
		})
		return at
	}
	slow, fast := firstWords(false), firstWords(true)
	if len(slow) != 2 || len(fast) != 2 || slow[0] != fast[0] || slow[1] <= fast[1] {
		t.Errorf("first words at %v ms, and when the second sentence is fast %v", slow, fast)
	}
}
