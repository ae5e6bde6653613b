package whip

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"sotto"
	"sotto/audio"
	"sotto/audio/opus"
	"sotto/models/pocket"
	"sotto/transport/room"
)

func itoa(n int) string { return strconv.Itoa(n) }

// speak sends packets at their pace, or so many times faster.
func (p *publisher) speak(packets [][]byte, faster int) {
	next := time.Now()
	for _, packet := range packets {
		p.send(packet)
		next = next.Add(time.Duration(opus.Duration(packet)) * time.Second / audio.RateHz / time.Duration(faster))
		time.Sleep(time.Until(next))
	}
}

// byFile is what the engine commits of the clip, or its beginning, when it is read
// as a file.
func byFile(t *testing.T, packets int, targets ...string) map[string]string {
	session, err := newEngine(t).Open(sotto.SessionOptions{Source: "es", Targets: targets, EveryStep: true})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := opus.NewReader(bytes.NewReader(pocket.Demo))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		var framer audio.Framer
		buf := make([]float32, audio.FrameLen)
		left := packets * samplesPerPacket
		for n, err := reader.Read(buf); err == nil && left > 0; n, err = reader.Read(buf) {
			framer.Write(buf[:min(n, left)])
			left -= n
			for f, ok := framer.Next(); ok; f, ok = framer.Next() {
				session.Push(t.Context(), f)
			}
		}
		session.Finish(framer.Rest())
	}()
	go session.Run(t.Context())
	texts := make(map[string]string)
	for {
		c, err := session.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatal(err)
		}
		texts[c.Language] += c.Text()
	}
}

// A Spanish clip that was published gives the captions of the same clip as a file.
func TestPublishedAsByFile(t *testing.T) {
	inRealTime(t)
	h := build(t)
	p := h.connect("?source=es&targets=en,fr", nil)
	p.speak(clip(t)[:threeSentences], 2)
	p.stop()
	want := byFile(t, threeSentences, "en", "fr")
	for language, text := range p.texts() {
		if text != want[language] {
			t.Errorf("%s: %q\nby file: %q", language, text, want[language])
		}
	}
	if len(p.texts()) != 2 || len(p.said("hello")) != 1 || len(p.said("started")) != 1 {
		t.Errorf("%d languages, %q", len(p.texts()), p.messages)
	}
	if lost := h.lost(); lost != 0 {
		t.Errorf("%v were lost", lost)
	}
}

// Where a network drops UDP, TCP carries the same.
func TestOverTCP(t *testing.T) {
	inRealTime(t)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := build(t, func(o *Options) { o.TCP = tcp })
	h.network = webrtc.NetworkTypeTCP4
	p := h.connect("?source=es&targets=en", nil)
	p.speak(clip(t)[:oneSentence], 2)
	p.stop()
	if text := p.texts()["en"]; text != "Good morning, Elena." {
		t.Errorf("%q", text)
	}
}

const samplesPerPacket = audio.RateHz / 50

// With a tenth of the packets lost the voice goes on, and every lost millisecond
// is told.
func TestTenPercentLoss(t *testing.T) {
	inRealTime(t)
	h := build(t)
	r := newRelay(t, func(random *rand.Rand) trip { return trip{lost: random.IntN(10) == 0} })
	p := h.connect("?source=es&targets=en", r.port)
	packets := clip(t)[:twoSentences]
	p.speak(packets, 1)
	time.Sleep(maxHole)
	p.stop()
	dropped, _ := r.counts()
	if dropped < len(packets)/20 {
		t.Fatalf("%d packets of %d were dropped", dropped, len(packets))
	}
	told, want := h.lost(), audio.Position(dropped)*samplesPerPacket
	if diff := told - want; diff < -2*samplesPerPacket || diff > 2*samplesPerPacket { // the first and last packet have no neighbour
		t.Errorf("%d ms are told to be lost, %d ms were", told.Millis(), want.Millis())
	}
	h.until("the loss is counted", func() bool { return h.Counts().Packets > 0 })
	if c := h.Counts(); c.Published != 1 || c.Packets != len(packets)-dropped || c.LostMs != int64(told.Millis()) || c.Late+c.Undecodable != 0 {
		t.Errorf("the door counts %+v, %d of %d packets were dropped", c, dropped, len(packets))
	}
	if text := p.texts()["en"]; len(text) < len(byFile(t, twoSentences, "en")["en"])/2 {
		t.Errorf("what is left of the captions is %q", text)
	}
}

// Sentences of the clip, and the pause behind them, are so many packets.
const (
	oneSentence    = 125
	twoSentences   = 285
	threeSentences = 440
)

// maxHole is more than a hole is waited for.
const maxHole = 250 * time.Millisecond

// What the network disorders, doubles and delays is heard as it was spoken.
func TestJitterReorderAndDuplicates(t *testing.T) {
	inRealTime(t)
	h := build(t)
	r := newRelay(t, func(random *rand.Rand) trip {
		return trip{
			delay: time.Duration(random.IntN(100)) * time.Millisecond,
			again: random.IntN(50) == 0,
		}
	})
	p := h.connect("?source=es&targets=en", r.port)
	p.speak(clip(t)[:oneSentence], 1)
	time.Sleep(maxHole)
	p.stop()
	if lost := h.lost(); lost > 10*samplesPerPacket { // until patience has learned, of a machine that is busy too
		t.Errorf("%d ms are told to be lost", lost.Millis())
	}
	if got, want := p.texts()["en"], byFile(t, oneSentence, "en")["en"]; got != want {
		t.Errorf("%q\nby file: %q", got, want)
	}
	if _, again := r.counts(); again == 0 {
		t.Error("no packet was doubled")
	}
}

// A network that is cut for longer than ICE likes comes back to the same voice,
// with one gap as long as the cut.
func TestCutAndReturn(t *testing.T) {
	t.Parallel()
	cutAndReturn(t, silentFor*time.Second+time.Second/2)
}

func TestALongCutAndReturn(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for half a minute")
	}
	t.Parallel()
	cutAndReturn(t, 30*time.Second)
}

func cutAndReturn(t *testing.T, cut time.Duration) {
	h := build(t)
	r := newRelay(t, nil)
	p := h.connect("?source=es&targets=en", r.port)
	packets := clip(t)
	began := time.Now()
	for i := 0; time.Since(began) < cut+1500*time.Millisecond; i++ {
		r.setCut(time.Since(began) > time.Second/2 && time.Since(began) < time.Second/2+cut)
		p.send(packets[i%len(packets)])
		time.Sleep(time.Until(began.Add(time.Duration(i+1) * 20 * time.Millisecond)))
	}
	p.stop()
	dropped, _ := r.counts()
	want := audio.Position(dropped) * samplesPerPacket
	gaps := h.gaps()
	if len(gaps) != 1 || (gaps[0].Lost-want).Millis() > 40 || (want-gaps[0].Lost).Millis() > 40 {
		t.Errorf("gaps %+v, want one of %d ms; the log is\n%s", gaps, want.Millis(), h.log)
	}
}

// A publisher whose address changes is heard again within 2 s, as the same voice.
func TestTheAddressChanges(t *testing.T) {
	t.Parallel()
	h := build(t)
	r := newRelay(t, nil)
	p := h.connect("?source=es&targets=en", r.port)
	packets := clip(t)
	began, moved := time.Now(), false
	for i := 0; time.Since(began) < 7*time.Second; i++ {
		if !moved && time.Since(began) > time.Second {
			r.move(t)
			moved = true
		}
		p.send(packets[i%len(packets)])
		time.Sleep(time.Until(began.Add(time.Duration(i+1) * 20 * time.Millisecond)))
	}
	h.ask("DELETE", p.location, "", "")
	h.until("the voice ends", func() bool { return strings.Contains(h.log.String(), "voice ended") })
	if gaps := h.gaps(); len(gaps) != 1 || gaps[0].Lost.Millis() > 2500 {
		t.Errorf("gaps %+v; the log is\n%s", gaps, h.log)
	}
}

// gaps returns what the room says the network lost since it was asked last. What a
// busy machine loses is not the network's.
func (h *house) gaps() (all []room.Event) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		u, err := h.reader.Next(now)
		if err != nil {
			return all
		}
		for _, e := range u.Events {
			if e.Kind == room.Gap && e.Note != "the server is behind" {
				all = append(all, e)
			}
		}
	}
}

// lost is the length of all gaps.
func (h *house) lost() (sum audio.Position) {
	for _, e := range h.gaps() {
		sum += e.Lost
	}
	return sum
}
