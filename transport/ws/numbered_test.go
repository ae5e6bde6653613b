package ws

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"pgregory.net/rapid"

	"sotto/audio"
	"sotto/transport/doortest"
	"sotto/transport/wire"
)

// piece is sound with its number, as s16le at 16 kHz.
type piece struct {
	seq   uint32
	at    uint64
	sound []byte
}

func (p piece) bytes() []byte {
	return append(wire.Number{Seq: p.seq, Position: p.at}.Append(nil), p.sound...)
}

// pieces cuts sound into messages of so many samples.
func pieces(sound []byte, samples int) (all []piece) {
	for at := 0; at < len(sound); at += 2 * samples {
		all = append(all, piece{uint32(len(all)), uint64(at / 2), sound[at:min(at+2*samples, len(sound))]})
	}
	return all
}

// hearPieces has a numbered voice say pieces on a fake clock and returns all that
// is answered behind started.
func hearPieces(t *testing.T, fields string, all []piece) (said []message) {
	t.Helper()
	engine := doortest.Pocket(t, 1)
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		c := d.dial(t)
		starts(fields + `,"numbered":true`)(c)
		go func() {
			for _, p := range all {
				time.Sleep(time.Duration(len(p.sound)/2) * time.Second / audio.RateHz)
				c.send(websocket.BinaryMessage, p.bytes())
			}
			c.say(wire.Stop{Type: "stop"})
		}()
		said, _ = c.rest()
		c.socket.Close()
		d.close()
	})
	return said[1:]
}

// staying leaves the drafts out, of which a slow reader skips some.
func staying(captions []wire.Commit) []wire.Commit {
	return slices.DeleteFunc(captions, func(c wire.Commit) bool { return c.Type == "draft" })
}

func captionsOf(all []message) (captions []wire.Commit) {
	for _, m := range all {
		if m.Language != "" {
			m.Head = wire.Head{Type: m.Type}
			captions = append(captions, m.Commit)
		}
	}
	return captions
}

func ofType(all []message, kind string) []message {
	return slices.DeleteFunc(slices.Clone(all), func(m message) bool { return m.Type != kind })
}

func TestNumbersChangeNothingWhenAllComes(t *testing.T) {
	sound := clip(t, 6)
	var want []wire.Commit
	engine := doortest.Pocket(t, 1)
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		c := d.dial(t).begin("en")
		go func() {
			c.pace(sound)
			c.say(wire.Stop{Type: "stop"})
		}()
		all, _ := c.rest()
		want = staying(captionsOf(all))
		c.socket.Close()
		d.close()
	})
	frames := pieces(sound, audio.FrameLen)
	var twice []piece // each message again, after the next one
	for i, p := range frames {
		if twice = append(twice, p); i > 0 {
			twice = append(twice, frames[i-1])
		}
	}
	for name, all := range map[string][]piece{"once": frames, "twice": twice} {
		said := hearPieces(t, "", all)
		if got := staying(captionsOf(said)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\nwant %+v", name, got, want)
		}
		if gaps := ofType(said, "gap"); len(gaps) > 0 {
			t.Errorf("%s: gaps %+v", name, gaps)
		}
	}
}

func TestNumbersAreSlicedAsOneLikes(t *testing.T) {
	sound := clip(t, 6)
	want := textsOf(t, captionsOf(hearPieces(t, "", pieces(sound, audio.FrameLen))))
	for _, samples := range []int{160, 777, 8000, 32000} {
		said := hearPieces(t, "", pieces(sound, samples))
		if got := textsOf(t, captionsOf(said)); !reflect.DeepEqual(got, want) {
			t.Errorf("pieces of %d samples: %q, want %q", samples, got, want)
		}
		if last := said[len(said)-1]; last.Type != "ended" || last.HeardMs != 6000 {
			t.Errorf("pieces of %d samples: %+v", samples, last)
		}
	}
}

// What is missing or comes late is silence of its length, and is told.
func TestWhatDoesNotComeIsMarked(t *testing.T) {
	all := pieces(clip(t, 6), audio.FrameLen)
	for name, tt := range map[string]struct {
		change func([]piece) []piece
		lost   int64
	}{
		"a second is missing":        {func(p []piece) []piece { return slices.Delete(p, 5, 30) }, 1000},
		"the first is missing":       {func(p []piece) []piece { return p[1:] }, 40},
		"two are in the wrong order": {func(p []piece) []piece { p[10], p[11] = p[11], p[10]; return p }, 40},
		"less than frames is missing": {func(p []piece) []piece {
			for i := range p[20:] {
				p[20+i].at += uint64(320 * min(i, 4)) // 20 ms, five times: 20 40 60 80 80 ms in all
			}
			return p
		}, 80},
		"numbers begin anywhere": {func(p []piece) []piece {
			for i := range p {
				p[i].seq += 1<<31 - 100
			}
			return p
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			said := hearPieces(t, "", tt.change(slices.Clone(all)))
			lost := int64(0)
			for _, m := range ofType(said, "gap") {
				if lost += m.LostMs; m.Cause != "not sent" {
					t.Errorf("%+v", m)
				}
			}
			last := said[len(said)-1]
			if lost != tt.lost || last.Type != "ended" {
				t.Errorf("%d ms lost, want %d; then %+v", lost, tt.lost, last)
			}
			textsOf(t, captionsOf(said))
		})
	}
}

// Whatever comes in whatever order, time never runs backwards, and all of it is
// sound, loss, a remainder below a frame, or was there before.
func TestOrderKeepsTheTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int64{8000, 8001, 16000, 44100, 48000}).Draw(t, "rate")
		o := order{rate: rate}
		var sound, frames int64
		for range rapid.IntRange(1, 30).Draw(t, "messages") {
			n := wire.Number{
				Seq:      o.next + uint32(rapid.IntRange(-2, 3).Draw(t, "number")),
				Position: o.position + uint64(rapid.Int64Range(-rate, rate).Draw(t, "position")),
			}
			length := rapid.Int64Range(0, rate).Draw(t, "length")
			before := o.position
			missing, again, err := o.take(n, length)
			if err != nil && int64(n.Position) >= 0 {
				continue // near the beginning positions below 0 are far away
			}
			if again {
				continue
			}
			if err != nil || missing < 0 || o.position < before {
				t.Fatalf("%+v at %d: %d missing, %v", n, before, missing, err)
			}
			sound += length
			frames += int64(missing)
		}
		if left := int64(o.position) - sound - frames*rate/framesASec; left < 0 || left > rate/framesASec+1 {
			t.Fatalf("position %d, %d samples of sound, %d frames lost: %d left", o.position, sound, frames, left)
		}
	})
}

func FuzzOrder(f *testing.F) {
	f.Add(numbered(0, 0, 10), numbered(1, 10, 10))
	f.Add(numbered(1<<32-1, 1<<63, 0), numbered(0, 1<<64-1, 0))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		o := order{rate: 16000}
		for _, message := range [][]byte{a, b} {
			n, sound, err := wire.ParseNumber(message)
			if err != nil {
				continue
			}
			missing, _, err := o.take(n, int64(len(sound)/2))
			if missing < 0 || missing > mostForward*framesASec || err != nil && missing > 0 {
				t.Fatalf("%d frames missing before %+v, %v", missing, n, err)
			}
		}
	})
}

func TestSoundIsAcknowledged(t *testing.T) {
	said := hearPieces(t, "", pieces(clip(t, 6), audio.FrameLen))
	heard := ofType(said, "heard")
	if len(heard) < 5 || len(heard) > 6 {
		t.Fatalf("%d acknowledgements of 6 s", len(heard))
	}
	for i, m := range heard {
		if m.SoundSeq == nil || int64(*m.SoundSeq+1)*audio.FrameMilli != m.HeardMs || m.HeardMs < int64(i+1)*1000 {
			t.Errorf("acknowledgement %d: %+v, %v", i, m, m.SoundSeq)
		}
	}
}

func TestMarkersComeInTheirPlace(t *testing.T) {
	engine, sound := doortest.Pocket(t, 1), clip(t, 6)
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		c := d.dial(t).begin("en")
		go func() {
			for i := range 6 {
				c.pace(sound[2*i*second : 2*(i+1)*second])
				c.say(wire.Mark{Type: "marker", ID: fmt.Sprint(i, "a")})
				c.say(wire.Mark{Type: "marker", ID: fmt.Sprint(i, "b")})
			}
			c.say(wire.Stop{Type: "stop"})
		}()
		all, _ := c.rest()
		for i, m := range ofType(all, "marker") {
			if m.ID != fmt.Sprint(i/2, string("ab"[i%2])) || m.HeardMs != int64(1000*(i/2+1)) {
				t.Errorf("marker %d: %+v", i, m)
			}
		}
		for i, m := range all { // what is behind a marker was heard behind it, and an acknowledgement before it
			if m.Type == "marker" && (all[i-1].Type != "heard" || all[i-1].HeardMs != m.HeardMs) {
				t.Errorf("%+v before %+v", all[i-1], m)
			}
			if i > 0 && m.HeardMs < all[i-1].HeardMs && all[i-1].Type != "started" && m.Type != "lag" && all[i-1].Type != "lag" {
				t.Errorf("%+v after %+v", m, all[i-1])
			}
		}
		if n := len(ofType(all, "marker")); n != 12 {
			t.Errorf("%d markers", n)
		}
		c.socket.Close()
		d.close()
	})
}

func TestOneMarkerTooMany(t *testing.T) {
	m := &marks{}
	for i := range wire.MaxMarkers {
		if i == 7 {
			m.ack(time.Now()) // does not count
		}
		if _, ok := m.marker("x"); !ok {
			t.Fatalf("marker %d is refused", i)
		}
	}
	if _, ok := m.marker("y"); ok {
		t.Error("one marker too many is taken")
	}
	m.met(0)
	if mark, ok := m.marker("z"); !ok || mark != wire.MaxMarkers+2 {
		t.Errorf("with room again: %d %v", mark, ok)
	}
}

func TestUnheardMessagesAreBounded(t *testing.T) {
	m := &marks{waiting: []string{"", ""}}
	for i := range 10 * mostUnheard {
		m.sound(uint32(i), int64(i/2))
	}
	if len(m.unheard) != mostUnheard {
		t.Errorf("%d are remembered", len(m.unheard))
	}
	if _, last := m.met(0); last != nil {
		t.Errorf("nothing was heard, but %d", *last)
	}
	if _, last := m.met((5*mostUnheard-1)*audio.FrameLen - 1); last == nil || *last != 10*mostUnheard-3 {
		t.Errorf("heard %v", last)
	}
}

func TestAFlushIsAPause(t *testing.T) {
	engine, sound := doortest.Pocket(t, 1), clip(t, 4.6)
	synctest.Test(t, func(t *testing.T) {
		d := openPiped(t, engine)
		c := d.dial(t).begin("en")
		go func() {
			c.pace(sound[:2*int(3.6*second)]) // into the second sentence
			c.say(wire.Flush{Type: "flush"})
			c.say(wire.Mark{Type: "marker", ID: "flushed"})
			c.pace(sound[2*int(3.6*second):])
			c.say(wire.Stop{Type: "stop"})
		}()
		all, _ := c.rest()
		at := slices.IndexFunc(all, func(m message) bool { return m.Type == "marker" })
		before := textsOf(t, captionsOf(all[:at])) // fails unless all is ended
		if len(before["en"]) != 2 || !strings.HasPrefix(before["en"][1], "The plane") {
			t.Errorf("before the flush %q", before)
		}
		c.socket.Close()
		d.close()
	})
}
