package ws

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

// visit is one connection. Its reading half runs in serve, its writing half in
// speak, and the session between them in a goroutine of its own; serve starts
// both and waits for them.
type visit struct {
	hall   *voice.Hall
	socket *websocket.Conn
	log    *slog.Logger

	maySpeak func(room string) bool

	limits Limits
	drain  time.Duration // to say what is left when the server stops

	voice *voice.Voice // nil before start
	marks marks
	tail  int // samples that filled no frame when the voice ended

	listener  // what the reading half owns
	announcer // what the writing half owns

	writing sync.Mutex // both halves write; guards numbers
	numbers *wire.Numbering
}

var (
	// errLate ends a voice that had too much left to say when the server stops.
	errLate = errors.New("ws: the drain timeout has passed")
	// errSlow ends a voice whose client does not read.
	errSlow = errors.New("ws: the client does not read")
)

// serve runs the whole life of the connection and says how it ended.
func (v *visit) serve(ctx context.Context) goodbye {
	defer v.socket.Close()
	unblock := context.AfterFunc(ctx, func() { v.socket.SetReadDeadline(time.Now()) })
	defer unblock()
	v.socket.SetPingHandler(v.pinged)
	if end, ok := v.begin(ctx); !ok {
		v.part(end)
		v.linger()
		return end
	}
	defer v.voice.Leave()
	run, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	late := context.AfterFunc(ctx, func() { time.AfterFunc(v.drain, func() { abort(errLate) }) })
	defer late()

	var halves sync.WaitGroup
	ends := make(chan goodbye, 1)
	halves.Go(func() {
		if err := v.voice.Run(run); err != nil && run.Err() == nil {
			v.log.Error("voice failed", "error", err)
		}
	})
	halves.Go(func() {
		err := sotto.Contain(func() error { return v.speak(run, ends) })
		if v.failed(err) {
			v.part(byeInternal)
		}
		abort(err) // a client that does not read is not heard either
		v.socket.SetReadDeadline(time.Now())
	})
	var end goodbye
	if v.failed(sotto.Contain(func() error { end = v.listen(ctx, run); return nil })) {
		end = byeInternal
	}
	if end.gone() {
		abort(nil)
	}
	ends <- end
	v.finish(run)
	halves.Wait()
	v.linger()
	if errors.Is(context.Cause(run), errSlow) {
		return byeSlow
	}
	return end
}

// failed reports whether an error is a fault of ours, and logs it.
func (v *visit) failed(err error) bool {
	var fault *sotto.Fault
	if errors.As(err, &fault) {
		v.log.Error("voice failed", "error", fault)
	}
	return fault != nil
}

// finish hands over the last sound and ends the session's voice.
func (v *visit) finish(run context.Context) {
	last, tail := v.sound.Rest()
	for i := range last {
		if v.voice.Push(run, &last[i]) != nil {
			break
		}
	}
	v.tail = len(tail)
	v.voice.Finish(tail)
}

// begin greets the client and opens the session it asks for.
func (v *visit) begin(ctx context.Context) (end goodbye, ok bool) {
	v.write(v.hello())
	if !v.await(ctx, ctx, time.Now().Add(v.limits.Start)) {
		return byeRestart, false
	}
	kind, data, end, ok := v.read(ctx)
	if end.Code == errTimeout {
		end = byeNoStart(v.limits.Start)
	}
	if !ok {
		return end, false
	}
	if kind != websocket.TextMessage {
		return byeEarly, false
	}
	message, err := wire.ParseClient(data)
	if err != nil {
		return byeMessage(err), false
	}
	start, isStart := message.(*wire.Start)
	if !isStart {
		return byeEarly, false
	}
	return v.open(start)
}

// hello says what can be had here.
func (v *visit) hello() *wire.Hello {
	model := v.hall.Engine.Model()
	profile := model.Config.Profile
	return &wire.Hello{
		Protocol: wire.Version, Server: "sotto", Model: model.Name, Description: profile.Description,
		Sources: profile.Sources, Targets: profile.Targets, Formats: voice.Formats, MaxTargets: voice.MaxTargets,
		Context: v.hall.Engine.TakesContext(), IdleMs: v.limits.Idle.Milliseconds(), DurableRooms: v.hall.Rooms != nil && v.hall.Rooms.Durable(),
	}
}

// open takes a seat for the voice that start describes.
func (v *visit) open(start *wire.Start) (end goodbye, ok bool) {
	if !v.maySpeak(start.Room) {
		return byeRole, false
	}
	sound, err := voice.NewSound(start.Format, start.Rate, start.Channels)
	if err != nil {
		return byeSound(err), false
	}
	v.voice, err = v.hall.Open(voice.Options{
		Source: start.Source, Targets: start.Targets, Transcribe: start.Transcribe, Latency: start.Latency, Context: start.Context, Room: start.Room, Name: start.Name,
	})
	if err != nil {
		return byeRefused(err), false
	}
	v.listener = newListener(start, sound)
	v.announcer = newAnnouncer()
	v.marks.asked = v.began
	v.write(&wire.Started{Room: v.voice.Room()})
	return goodbye{}, true
}

// part sends the last message and the close frame.
func (v *visit) part(end goodbye) {
	switch {
	case end.gone():
		return
	case end.Code != "":
		v.write(&wire.Error{Fault: end.Told()})
	default:
		v.write(&wire.Ended{HeardMs: v.heardMs()})
	}
	v.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(end.Close, end.Reason()), time.Now().Add(v.limits.Write))
}

// linger says that nothing more will come, then reads on until the client
// closes too: closing with unread sound in the socket would cut off our last
// message. It reads the connection itself, because a WebSocket reader whose
// deadline has passed never reads again.
func (v *visit) linger() {
	conn := v.socket.NetConn()
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(time.Now().Add(v.limits.Linger))
	io.Copy(io.Discard, conn)
}

func (v *visit) write(message wire.Message) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	data, err := v.numbers.Encode(message)
	if err != nil {
		return err
	}
	v.socket.SetWriteDeadline(time.Now().Add(v.limits.Write))
	return v.socket.WriteMessage(websocket.TextMessage, data)
}

// stats returns the session's counts for the log.
func (v *visit) stats() sotto.Stats {
	if v.voice == nil {
		return sotto.Stats{}
	}
	return v.voice.Stats()
}

// repeated returns how many numbered messages were dropped.
func (v *visit) repeated() int {
	if v.order == nil {
		return 0
	}
	return v.order.repeated
}
