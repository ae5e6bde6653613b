package whip

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"sotto"
	"sotto/audio"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

const (
	maxTracks = 8               // streams that a client may begin in a session
	maxFailed = 10000           // packets in a row that the library does not understand
	farewell  = 2 * time.Second // after an RTCP BYE without more sound
)

// The ways for a session to end.
var (
	errStopped  = errors.New("ended by the client")
	errGone     = errors.New("the client has gone")
	errBye      = errors.New("the stream has ended")
	errCut      = errors.New("the connection was cut")
	errIdle     = errors.New("no sound came")
	errTracks   = errors.New("too many streams")
	errStopping = errors.New("the server stops")
	errVoice    = errors.New("the voice failed")
	errConnect  = errors.New("no connection; check the firewall for the UDP port")
)

// session is one voice that was published. Its goroutines are those of run, which
// waits for them, and those of the library, which end when run closes it.
type session struct {
	door     *Door
	id, room string
	tag      string // ETag
	peer     *webrtc.PeerConnection
	voice    *voice.Voice
	captions *channel // nil: the offer has none
	log      *slog.Logger

	arrivals  chan arrival  // packets; who reads them waits
	byes      chan struct{} // holds one token after a BYE
	connected chan struct{} // closed
	connect   sync.Once
	tracks    atomic.Int32
	channels  atomic.Int32

	over context.Context // ends with the session's cause
	end  context.CancelCauseFunc
}

// arrival is a packet of sound.
type arrival struct {
	data   []byte
	format uint8
	at     time.Time
}

func (d *Door) newSession(room string, v *voice.Voice) *session {
	s := &session{
		door: d, id: rand.Text(), tag: `"` + rand.Text() + `"`, room: room, voice: v,
		arrivals: make(chan arrival, 64), byes: make(chan struct{}, 1), connected: make(chan struct{}),
	}
	s.log = d.opt.Log.With("session", s.id[:8], "room", room)
	s.over, s.end = context.WithCancelCause(context.Background())
	return s
}

// follow has the library tell the session what happens.
func (s *session) follow() {
	s.peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		s.log.Debug("connection", "state", state.String())
		switch state {
		case webrtc.PeerConnectionStateConnected:
			s.connect.Do(func() { close(s.connected) })
		case webrtc.PeerConnectionStateFailed:
			s.end(errCut)
		case webrtc.PeerConnectionStateClosed:
			s.end(errGone)
		}
	})
	s.peer.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		if s.tracks.Add(1) > maxTracks {
			s.end(errTracks)
			return
		}
		var reports sync.WaitGroup
		reports.Go(func() { s.contain(func() { s.control(receiver) }) })
		s.contain(func() { s.read(track) })
		reports.Wait()
	})
	s.peer.OnDataChannel(func(data *webrtc.DataChannel) {
		if data.Label() != channelName || s.captions == nil || s.channels.Add(1) > 1 { // obey has one caller
			data.Close()
			return
		}
		data.OnOpen(func() { s.captions.open(data) })
		data.OnMessage(func(m webrtc.DataChannelMessage) { s.contain(func() { s.obey(m.Data) }) })
	})
}

// contain runs what the library calls. A fault in it ends this session alone.
func (s *session) contain(do func()) {
	if err := sotto.Contain(func() error { do(); return nil }); err != nil {
		s.log.Error("voice failed", "error", err)
		s.end(errVoice)
	}
}

// read hands on a track's packets until the connection is closed. One that the
// library does not understand does not end the track.
func (s *session) read(track *webrtc.TrackRemote) {
	buf := make([]byte, mtu)
	for failed := 0; failed < maxFailed; {
		n, _, err := track.Read(buf)
		if s.closed(err) {
			return
		}
		if err != nil {
			failed++
			continue
		}
		failed = 0
		a := arrival{append([]byte(nil), buf[:n]...), uint8(track.PayloadType()), time.Now()}
		select {
		case s.arrivals <- a:
		case <-s.over.Done():
			return
		}
	}
}

// closed reports whether an error of reading means that nothing more will come.
func (s *session) closed(err error) bool {
	return s.over.Err() != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed)
}

// control reads a track's reports, which the library needs to be read.
func (s *session) control(receiver *webrtc.RTPReceiver) {
	for failed := 0; failed < maxFailed; failed++ {
		packets, _, err := receiver.ReadRTCP()
		if s.closed(err) {
			return
		}
		if err == nil {
			failed = 0
		}
		for _, p := range packets {
			if _, bye := p.(*rtcp.Goodbye); bye {
				select {
				case s.byes <- struct{}{}:
				default:
				}
			}
		}
	}
}

// run is the session's life.
func (s *session) run(life context.Context) {
	defer s.door.leave(s)
	stop := context.AfterFunc(life, func() { s.end(errStopping) })
	defer stop()
	s.log.Info("voice published")
	began := time.Now()

	run, abort := context.WithCancel(context.Background())
	defer abort()
	late := context.AfterFunc(s.over, func() { time.AfterFunc(s.door.opt.Drain, abort) })
	defer late()
	var halves sync.WaitGroup
	fail := func(err error) {
		if err != nil {
			s.log.Error("voice failed", "error", err)
			s.end(errVoice)
			abort()
		}
	}
	halves.Go(func() {
		if err := s.voice.Run(run); run.Err() == nil {
			fail(err)
		}
	})
	halves.Go(func() { fail(sotto.Contain(func() error { s.speak(run); return nil })) })
	var heard stats
	fail(sotto.Contain(func() error { heard = s.hear(run); return nil }))
	s.door.count(heard)
	halves.Wait()
	if s.captions != nil {
		s.captions.close()
	}
	s.peer.GracefulClose()
	s.voice.Leave()
	s.log.Info("voice ended", "why", context.Cause(s.over), "seconds", int(time.Since(began).Seconds()), "packets", heard, "stats", s.voice.Stats())
}

// speak says captions as they come, and that the voice has ended.
func (s *session) speak(run context.Context) {
	for {
		c, err := s.voice.Next(run)
		if err != nil {
			s.voice.Rest()
			s.say(s.parting(err))
			return
		}
		if s.captions != nil {
			s.captions.tell(&c)
		}
	}
}

// parting is the last message.
func (s *session) parting(err error) wire.Message {
	switch {
	case !errors.Is(err, io.EOF):
		return &wire.Error{Fault: broken.Fault}
	case context.Cause(s.over) == errStopping:
		return &wire.Error{Fault: wire.Fault{Code: "stopping", Message: "the server is stopping", Hint: "publish again in a few seconds"}}
	}
	return &wire.Ended{HeardMs: s.voice.Stats().Frames * audio.FrameMilli}
}

func (s *session) say(m wire.Message) {
	if s.captions != nil {
		s.captions.say(m)
	}
}

// obey does what a message on the data channel asks for. Marks and flushes would need
// an order among packets and messages, which there is not.
func (s *session) obey(data []byte) {
	message, err := wire.ParseClient(data)
	fault := wire.Fault{Code: "order", Message: "only set and stop are taken here", Hint: "see PROTOCOL.md for what a client sends"}
	var why *voice.Refusal
	switch m := message.(type) {
	case *wire.Stop:
		s.end(errStopped)
		return
	case *wire.Set:
		err := s.voice.Set(s.over, voice.Change{Targets: m.Targets, Transcribe: m.Transcribe, Latency: m.Latency})
		if !errors.As(err, &why) {
			return
		}
		fault = wire.Fault{Code: string(why.Code), Message: why.Message, Hint: why.Hint, Ref: m.Ref}
	case nil:
		fault.Code, fault.Message = "message", err.Error()
	}
	s.say(&wire.Refused{Fault: fault})
}
