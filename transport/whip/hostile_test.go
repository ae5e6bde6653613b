package whip

import (
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"sotto/audio/opus"
)

// junk is what anyone may send to the door's port.
func junk(random *rand.Rand) (all [][]byte) {
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	cookie := "\x21\x12\xa4\x42"
	for _, text := range []string{
		"", "\x00", "\x80", // short
		"\x00\x01\x00\x00" + cookie + "abcdefghijkl",                                                 // a binding request without anything
		"\x00\x01\x00\x03" + cookie + "abcdefghijklxyz",                                              // a length that is no multiple of 4
		"\x00\x01\xff\xfc" + cookie + "abcdefghijkl",                                                 // a length past the end
		"\x00\x01\x00\x00\x00\x00\x00\x00abcdefghijkl",                                               // another cookie
		"\x00\x01\x00\x08" + cookie + "abcdefghijkl\x00\x20\x00\x00\x80\x22\x00\x00",                 // an address of no length
		"\x00\x01\x00\x0c" + cookie + "abcdefghijkl\x00\x06\x00\x05nobod\x00\x00\x00",                // a user who is nobody
		"\x00\x01\x00\x08" + cookie + "abcdefghijkl\x00\x06\xff\xff\x00\x00\x00\x00",                 // an attribute past the end
		"\x01\x01\x00\x0c" + cookie + "abcdefghijkl\x00\x20\x00\x08\x00\x01\x00\x01\x00\x00\x00\x00", // an answer nobody asked for
		"\x00\x01\x0f\xa0" + cookie + "abcdefghijkl" + strings.Repeat("\x80\x28\x00\x00", 1000),      // a thousand attributes
		"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x01\x00\x00\x00\x00",                   // DTLS: a hello cut short
		"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff" + strings.Repeat("\x01", 100),         // a record past the end
		"\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x02\x00",                               // an alert
		"\x17\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x02\x00\x04data",                                   // data in the clear
		"\x80\x6f\x00\x01\x00\x00\x00\x01\xde\xad\xbe\xefsound",                                      // RTP that is not encrypted
		"\xbf\x6f\x00\x01\x00\x00\x00\x01\xde\xad\xbe\xef",                                           // contributing sources that are missing
		"\x80\xc8\xff\xff\xde\xad\xbe\xef",                                                           // RTCP past its end
		"\x9f\xc9\x00\x01\xde\xad\xbe\xef", "\x81\xcb\x00\x01\xde\xad\xbe\xef",                       // 31 reports, BYE
		"\x13\x88\x13\x88\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x14", // SCTP in the clear
	} {
		all = append(all, []byte(text))
	}
	for range 200 {
		all = append(all, noise(random.IntN(1500)))
	}
	return append(all, noise(65507), noise(9000))
}

// While anyone sends rubbish to the port, a voice is heard as if nothing were.
func TestRubbishAtThePort(t *testing.T) {
	inRealTime(t)
	h := build(t)
	p := h.connect("?source=es&targets=en", nil)
	conn, err := net.Dial("udp", h.udp.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	all := junk(rand.New(rand.NewPCG(1, 2)))
	for i, packet := range clip(t)[:oneSentence] {
		p.send(packet)
		for k := range 5 {
			conn.Write(all[(5*i+k)%len(all)])
		}
		time.Sleep(4 * time.Millisecond)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if n, err := conn.Read(make([]byte, 2000)); err == nil {
		t.Errorf("rubbish was answered with %d bytes", n)
	}
	p.stop()
	if got, want := p.texts()["en"], byFile(t, oneSentence, "en")["en"]; got != want {
		t.Errorf("%q\nby file: %q", got, want)
	}
}

// hostilePackets are what a speaker may send who has the session's keys.
func hostilePackets(p *publisher) map[string]func() {
	packet := func(change func(h *rtp.Header), payload string) func() {
		return func() {
			h := p.header()
			p.sequence++
			change(&h)
			p.write(h, []byte(payload))
		}
	}
	keep := func(*rtp.Header) {}
	return map[string]func(){
		"an empty payload":        packet(keep, ""),
		"a payload of noise":      packet(keep, "\xf8"+strings.Repeat("\xa5\x5a", 300)),
		"no frame":                packet(keep, "\xfb\x00\x00"),
		"63 frames":               packet(keep, "\xfb\x3f"+strings.Repeat("\x55", 63)),
		"sizes past the end":      packet(keep, "\xfb\x82\xff\xff\x01"),
		"padding past the end":    packet(keep, "\xfb\x41\xfe"),
		"a huge frame":            packet(keep, "\x08"+strings.Repeat("\xff", 1276)),
		"another type":            packet(func(h *rtp.Header) { h.PayloadType = 8 }, "\x08\x01\x02"),
		"a source nobody knows":   packet(func(h *rtp.Header) { h.SSRC++ }, "\xf8\x01\x02"),
		"15 contributing sources": packet(func(h *rtp.Header) { h.CSRC = make([]uint32, 15) }, "\xf8"),
		"padding alone":           packet(func(h *rtp.Header) { h.Padding, h.PaddingSize = true, 200 }, ""),
		"a time far away":         packet(func(h *rtp.Header) { h.Timestamp += 1 << 31 }, "\xf8\x01\x02"),
		"the packet before":       packet(func(h *rtp.Header) { h.SequenceNumber-- }, "\xf8\x01\x02"),
		"a report of nothing":     func() { p.peer.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: p.track.source}}) },
		"31 reports": func() {
			p.peer.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{Reports: make([]rtcp.ReceptionReport, 31)}})
		},
		"a report about the future": func() {
			p.peer.WriteRTCP([]rtcp.Packet{&rtcp.SenderReport{SSRC: p.track.source, NTPTime: 1<<64 - 1, RTPTime: 1<<32 - 1}})
		},
		"a demand for pictures": func() { p.peer.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: p.track.source}}) },
		"a demand for everything": func() {
			p.peer.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: 1, Nacks: make([]rtcp.NackPair, 200)}})
		},
		"an application's report": func() {
			raw := rtcp.RawPacket("\x80\xcc\x00\x03\x00\x00\x00\x01none\x00\x00\x00\x00")
			p.peer.WriteRTCP([]rtcp.Packet{&raw})
		},
		"a goodbye, and yet more":    func() { p.peer.WriteRTCP([]rtcp.Packet{&rtcp.Goodbye{Sources: []uint32{p.track.source}}}) },
		"a message that is no JSON":  func() { p.channel.SendText("\x00{") },
		"a second start":             func() { p.channel.SendText(`{"type":"start"}`) },
		"a language that is none":    func() { p.channel.SendText(`{"type":"set","targets":["xx"]}`) },
		"bytes in the place of text": func() { p.channel.Send(make([]byte, 5000)) },
	}
}

// Whatever a speaker sends, the sound behind it is heard.
func TestHostileSpeaker(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.connect("?source=es&targets=en", nil)
	all := hostilePackets(p)
	packets := clip(t)[:oneSentence]
	p.speak(packets[:1], 1) // the library drops a source whose first packet is of a type it does not know
	var order []string      // as chance has it
	for name, send := range all {
		order = append(order, name)
		send()
		p.speak(packets[:2], 1) // silence
	}
	p.speak(packets, 1)
	p.stop()
	if text := p.texts()["en"]; !strings.HasSuffix(text, "Good morning, Elena.") {
		t.Errorf("the captions are %q behind %q; the log is\n%s", text, order, h.log)
	}
	if refused := p.said("refused"); len(refused) != 4 {
		t.Errorf("%d of 4 messages were refused: %q", len(refused), refused)
	}
}

func TestGoodbyeEndsTheVoice(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.connect("?source=es&targets=en", nil)
	for _, packet := range clip(t)[:10] {
		p.send(packet)
	}
	h.until("the voice ends", func() bool {
		p.peer.WriteRTCP([]rtcp.Packet{&rtcp.Goodbye{Sources: []uint32{p.track.source}}}) // read once sound has come
		return strings.Contains(h.log.String(), errBye.Error())
	})
}

// withoutSource takes the names of streams out of an offer: then any may come.
func withoutSource(offer string) string {
	var kept strings.Builder
	for line := range strings.Lines(offer) {
		if !strings.HasPrefix(line, "a=ssrc") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// A source that falls silent may be followed by another, in the same voice.
func TestAnotherSourceTakesOver(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.connectWith("?source=es&targets=en", nil, withoutSource)
	packets := clip(t)
	p.speak(packets[:60], 1)
	time.Sleep(1200 * time.Millisecond)
	p.track.source++
	p.sequence, p.time = 7, 8
	p.speak(packets[60:120], 1)
	p.stop()
	if gaps := h.gaps(); len(gaps) != 1 || gaps[0].Lost.Millis() < 1000 || gaps[0].Lost.Millis() > 1600 {
		t.Errorf("gaps %+v, want one of about 1200 ms; the log is\n%s", gaps, h.log)
	}
}

func TestAFloodOfSourcesEndsTheVoice(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.connectWith("?source=es&targets=en", nil, withoutSource)
	h.until("the voice ends", func() bool {
		p.track.source++
		p.track.out.WriteRTP(ptr(p.header()), clip(t)[0])
		return strings.Contains(h.log.String(), errTracks.Error())
	})
}

func ptr[T any](v T) *T { return &v }

// A client that just goes is missed, and what it said is kept.
func TestTheClientGoes(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.connect("?source=es&targets=en", nil)
	p.speak(clip(t)[:100], 4)
	p.peer.Close()
	h.until("the voice ends", func() bool { return strings.Contains(h.log.String(), errGone.Error()) })
}

// Packets that cannot be decoded are lost sound, and said in the log.
func TestNothingCanBeDecoded(t *testing.T) {
	t.Parallel()
	h := build(t)
	p := h.connect("?source=es&targets=en", nil)
	bad := []byte("\xfb\x82\xff\xff\x01")
	for range 2 * deafAfter {
		p.send(bad)
		time.Sleep(time.Millisecond)
	}
	h.until("the log tells", func() bool { return strings.Contains(h.log.String(), "cannot be decoded") })
	time.Sleep(maxHole) // for the rest
	p.stop()
	if told, want := int(h.lost()), 2*deafAfter*opus.Duration(bad); told != want {
		t.Errorf("%d samples are told to be lost, want %d", told, want)
	}
}

// What a client says on one channel comes in order; two would change a voice at once.
func TestOneChannelIsObeyed(t *testing.T) {
	t.Parallel()
	p := build(t).connect("?source=es&targets=en", nil)
	second, err := p.peer.CreateDataChannel(channelName, nil)
	if err != nil {
		t.Fatal(err)
	}
	var closed atomic.Bool
	second.OnOpen(func() { second.SendText(`{"type":"stop"}`) })
	second.OnClose(func() { closed.Store(true) })
	p.until("the second channel is closed", closed.Load)
	if all := p.said("ended"); len(all) > 0 {
		t.Errorf("the second channel ended the voice: %s", all)
	}
	p.stop()
}
