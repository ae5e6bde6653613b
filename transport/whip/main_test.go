package whip

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"sotto"
	"sotto/audio/ogg"
	"sotto/audio/opus"
	"sotto/models/gemma4"
	"sotto/models/pocket"
	"sotto/transport/room"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

// TestMain has more tests wait at once than there are cores.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "5")
	goleak.VerifyTestMain(m)
}

const patience = 10 * time.Second // for anything to happen

// model is the embedded one, opened once.
var model = sync.OnceValue(func() *gemma4.Model {
	m, err := pocket.Open()
	if err != nil {
		panic(err)
	}
	return m
})

// newEngine has no other voices than those of its test: it lets none in that would be
// too many for the machine.
func newEngine(t *testing.T) *sotto.Engine {
	engine, err := sotto.NewEngine(model(), sotto.EngineOptions{Seats: 3})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// inRealTime skips a test whose voice has to be heard as fast as it speaks: with
// the race detector the model is too slow for that.
func inRealTime(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("the race detector makes the model slower than speech; run without -race")
	}
}

// house is a door with its rooms and an HTTP server.
type house struct {
	*Door
	t       *testing.T
	udp     *net.UDPAddr
	url     string
	mux     *http.ServeMux
	stop    context.CancelFunc
	reader  *room.Reader       // of the room hall
	network webrtc.NetworkType // of publishers
	log     *record
}

// record keeps what is logged.
type record struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines.Write(b)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines.String()
}

// build opens a house, which is torn down with the test.
func build(t *testing.T, changes ...func(*Options)) *house {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, network: webrtc.NetworkTypeUDP4, udp: conn.LocalAddr().(*net.UDPAddr), log: new(record)}
	rooms, _ := room.OpenStore("", 10, room.Options{})
	hall, err := rooms.Room("hall")
	if err != nil {
		t.Fatal(err)
	}
	h.reader = hall.Follow()
	log := slog.New(slog.NewTextHandler(h.log, nil))
	opt := Options{Hall: &voice.Hall{Engine: newEngine(t), Rooms: rooms, Log: log}, Log: log}
	for _, change := range changes {
		change(&opt)
	}
	h.Door = New(conn, opt)
	mux := http.NewServeMux()
	h.mux = mux
	h.Mount(mux)
	server := httptest.NewServer(mux)
	h.url = server.URL
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	var all sync.WaitGroup
	all.Go(func() {
		if err := h.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() { rooms.Run(ctx) })
	t.Cleanup(func() {
		stop()
		all.Wait()
		rooms.Close()
		server.Close()
	})
	h.until("the door is open", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.api != nil
	})
	return h
}

// until waits for something that happens soon.
func (h *house) until(what string, happened func() bool) {
	h.t.Helper()
	h.within(patience, what, happened)
}

func (h *house) within(limit time.Duration, what string, happened func() bool) {
	h.t.Helper()
	for end := time.Now().Add(limit); !happened(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("it does not happen that %s; the log is\n%s", what, h.log)
		}
	}
}

// ask sends a request and returns the answer and its body.
func (h *house) ask(method, path, kind, body string, header ...string) (*http.Response, string) {
	h.t.Helper()
	url := path
	if !strings.HasPrefix(path, "http") {
		url = h.url + path
	}
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer, string(text)
}

// publisher is a client of the library.
type publisher struct {
	*house
	peer     *webrtc.PeerConnection
	track    *track
	channel  *webrtc.DataChannel
	location string
	tag      string
	answer   string
	sequence uint16
	time     uint32

	mu       sync.Mutex
	messages []string
}

// connect publishes a voice and waits until it is connected. through, if there is
// one, stands between: it is told our port and returns its own.
func (h *house) connect(query string, through func(port int) int) *publisher {
	h.t.Helper()
	return h.connectWith(query, through, func(offer string) string { return offer })
}

// connectWith is connect with an offer that is changed.
func (h *house) connectWith(query string, through func(port int) int, change func(offer string) string) *publisher {
	h.t.Helper()
	p := &publisher{house: h}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{h.network})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	settings.SetICETimeouts(5*time.Second, time.Minute, 2*time.Second) // it hopes for longer than the door
	var media webrtc.MediaEngine
	if err := media.RegisterDefaultCodecs(); err != nil {
		h.t.Fatal(err)
	}
	var err error
	if p.peer, err = webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(&media)).NewPeerConnection(webrtc.Configuration{}); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { p.peer.GracefulClose() })
	p.open()
	connected := make(chan struct{})
	var once sync.Once
	p.peer.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	offer, err := p.peer.CreateOffer(nil)
	if err == nil {
		err = p.peer.SetLocalDescription(offer)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	response, answer := h.ask("POST", "/whip/hall"+query, offerType, change(p.peer.LocalDescription().SDP))
	if response.StatusCode != http.StatusCreated {
		h.t.Fatalf("%s: %s", response.Status, answer)
	}
	p.location, p.tag, p.answer = response.Header.Get("Location"), response.Header.Get("ETag"), answer
	if through != nil {
		answer = withPort(answer, h.udp.Port, through(h.udp.Port))
	}
	if err := p.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		h.t.Fatal(err)
	}
	select {
	case <-connected:
	case <-time.After(patience):
		h.t.Fatalf("no connection; the log is\n%s\nthe answer\n%s", h.log, answer)
	}
	h.until("the channel opens", func() bool { return len(p.said("started")) > 0 })
	return p
}

// open adds a track and the data channel.
func (p *publisher) open() {
	p.track = new(track)
	_, err := p.peer.AddTransceiverFromTrack(p.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err == nil {
		p.channel, err = p.peer.CreateDataChannel(channelName, nil)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.channel.OnMessage(func(m webrtc.DataChannelMessage) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.messages = append(p.messages, string(m.Data))
	})
}

// track sends whatever packets it is told to.
type track struct {
	out    webrtc.TrackLocalWriter
	source uint32
	format uint8
}

func (k *track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codec := c.CodecParameters()[0]
	k.out, k.source, k.format = c.WriteStream(), uint32(c.SSRC()), uint8(codec.PayloadType)
	return codec, nil
}

func (*track) Unbind(webrtc.TrackLocalContext) error { return nil }
func (*track) ID() string                            { return "voice" }
func (*track) RID() string                           { return "" }
func (*track) StreamID() string                      { return "stream" }
func (*track) Kind() webrtc.RTPCodecType             { return webrtc.RTPCodecTypeAudio }

// header returns that of the next packet.
func (p *publisher) header() rtp.Header {
	return rtp.Header{Version: 2, SSRC: p.track.source, PayloadType: p.track.format, SequenceNumber: p.sequence, Timestamp: p.time}
}

// send sends the next packet.
func (p *publisher) send(payload []byte) {
	p.t.Helper()
	h := p.header()
	p.sequence++
	p.time += uint32(opus.Duration(payload)) * ticksPerSample
	p.write(h, payload)
}

func (p *publisher) write(h rtp.Header, payload []byte) {
	p.t.Helper()
	if _, err := p.track.out.WriteRTP(&h, payload); err != nil {
		p.t.Fatalf("%v; the log is\n%s", err, p.log)
	}
}

// said returns the messages of a type so far.
func (p *publisher) said(kind string) (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.messages {
		if strings.Contains(m, `"type":"`+kind+`"`) {
			all = append(all, m)
		}
	}
	return all
}

// texts joins what was committed, by language.
func (p *publisher) texts() map[string]string {
	texts := make(map[string]string)
	for _, m := range p.said("commit") {
		var c wire.Commit
		if err := json.Unmarshal([]byte(m), &c); err != nil {
			p.t.Fatal(err)
		}
		texts[c.Language] += c.Text
	}
	return texts
}

// stop ends the voice by its channel and waits for its last message.
func (p *publisher) stop() {
	p.t.Helper()
	p.channel.SendText(`{"type":"stop"}`)
	p.until("the voice ends", func() bool { return len(p.said("ended"))+len(p.said("error")) > 0 })
}

func withPort(sdp string, from, to int) string {
	return strings.ReplaceAll(sdp, " "+itoa(from)+" typ host", " "+itoa(to)+" typ host")
}

// clip returns the packets of the bundled Spanish clip, as libopus made them.
func clip(t testing.TB) (packets [][]byte) {
	r := ogg.NewReader(bytes.NewReader(pocket.Demo))
	for n := 0; ; n++ {
		p, err := r.Next()
		if err != nil {
			return packets
		}
		if n >= 2 {
			packets = append(packets, p.Data)
		}
	}
}
