package ws

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/decoder/policy"
	"sotto/transport/room"
	"sotto/transport/wire"
)

// voice is one connection. Its reading half runs in serve, its writing half in
// speak, and the session between them in a goroutine of its own; serve starts
// both and waits for them.
type voice struct {
	engine *sotto.Engine
	socket *websocket.Conn
	log    *slog.Logger

	limits  Limits
	latency string        // when start does not say
	drain   time.Duration // to say what is left when the server stops

	session *sotto.Session
	source  string // language that is spoken
	sound   *sound
	buffer  []byte // one message, reused

	rooms *room.Store
	said  *place // the room that start names; nil: none

	shown map[string]bool // languages with a tentative tail; speak owns it

	writing sync.Mutex // both halves write
}

// errLate ends a voice that had too much left to say when the server stops.
var errLate = errors.New("ws: the drain timeout has passed")

// serve runs the whole life of the connection and says how it ended.
func (v *voice) serve(ctx context.Context) goodbye {
	defer v.socket.Close()
	unblock := context.AfterFunc(ctx, func() { v.socket.SetReadDeadline(time.Now()) })
	defer unblock()
	if end, ok := v.begin(ctx); !ok {
		v.part(end)
		v.linger()
		return end
	}
	defer v.leave()
	run, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	cancel := func() { abort(nil) }
	defer cancel()
	late := context.AfterFunc(ctx, func() { time.AfterFunc(v.drain, func() { abort(errLate) }) })
	defer late()

	var halves sync.WaitGroup
	ends := make(chan goodbye, 1)
	halves.Go(func() {
		if err := v.session.Run(run); err != nil && run.Err() == nil {
			v.log.Error("voice failed", "error", err)
		}
	})
	halves.Go(func() {
		v.speak(run, ends)
		cancel() // a client that does not read is not heard either
		v.socket.SetReadDeadline(time.Now())
	})
	end := v.listen(ctx, run)
	if end == (goodbye{}) {
		cancel() // nobody is left to read
	}
	ends <- end
	v.finish(run)
	halves.Wait()
	v.linger()
	return end
}

// finish hands over the last sound and ends the session's voice.
func (v *voice) finish(run context.Context) {
	last, tail := v.sound.rest()
	for i := range last {
		if v.session.Push(run, &last[i]) != nil {
			break
		}
	}
	v.session.Finish(tail)
}

// begin greets the client and opens the session it asks for.
func (v *voice) begin(ctx context.Context) (end goodbye, ok bool) {
	model := v.engine.Model()
	profile := model.Config.Profile
	v.write(wire.Ready{Type: "ready", Model: model.Name, Description: profile.Description, Sources: profile.Sources, Targets: profile.Targets})
	v.socket.SetReadDeadline(time.Now().Add(v.limits.Start))
	if ctx.Err() != nil { // after the deadline is set, so that the one who cancels can shorten it
		return byeRestart, false
	}
	kind, data, end, ok := v.read(ctx, byeNoStart(v.limits.Start))
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
	if v.sound, err = newSound(start); err != nil {
		return byeSound(err), false
	}
	dial, err := policy.ParseDial(cmp.Or(start.Latency, v.latency))
	if err != nil {
		return byeLatency(start.Latency), false
	}
	v.source = start.Source
	v.session, err = v.engine.Open(sotto.SessionOptions{
		Source: v.source, Targets: v.targets(start.Targets, start.Transcribe), Latency: dial,
	})
	switch {
	case errors.Is(err, sotto.ErrFull):
		return byeFull, false
	case err != nil:
		return byeLanguage(err), false
	}
	if end, ok := v.join(start.Room); !ok {
		v.session.Close()
		return end, false
	}
	v.write(wire.Started{Type: "started", Room: v.said.room()})
	return goodbye{}, true
}

// targets lists the languages wanted, the transcript first.
func (v *voice) targets(wanted []string, transcribe bool) []string {
	if transcribe {
		return append([]string{v.source}, wanted...)
	}
	return wanted
}

// listen hears the client until something ends the voice.
func (v *voice) listen(ctx, run context.Context) goodbye {
	for {
		v.socket.SetReadDeadline(time.Now().Add(v.limits.Idle))
		switch { // after the deadline is set, so that whoever cancels can shorten it
		case ctx.Err() != nil:
			return byeRestart
		case run.Err() != nil:
			return goodbye{}
		}
		kind, data, end, ok := v.read(ctx, byeIdle(v.limits.Idle))
		if !ok {
			return end
		}
		if kind == websocket.TextMessage {
			if end, over := v.obey(run, data); over {
				return end
			}
			continue
		}
		frames, err := v.sound.frames(data)
		if err != nil {
			return byeSound(err)
		}
		for i := range frames {
			if v.session.Push(run, &frames[i]) != nil {
				return goodbye{} // the writing half has given up, or the engine failed
			}
		}
	}
}

// obey does what a text message asks for. over says that the voice ends.
func (v *voice) obey(run context.Context, data []byte) (end goodbye, over bool) {
	message, err := wire.ParseClient(data)
	switch m := message.(type) {
	case *wire.Set:
		return goodbye{}, v.set(run, m) != nil
	case *wire.Stop:
		return byeEnded, true
	case *wire.Start:
		return byeTwice, true
	}
	return byeMessage(err), true
}

// set changes the languages, or says why it does not. It fails when the voice is
// over.
func (v *voice) set(run context.Context, m *wire.Set) error {
	err := v.session.SetTargets(run, v.targets(m.Targets, m.Transcribe))
	if err == nil || run.Err() != nil {
		return run.Err()
	}
	why := byeLanguage(err).Error
	return v.write(wire.Refused{Type: "refused", Code: why.Code, Message: why.Message, Hint: why.Hint})
}

// read returns the next message; late is the goodbye for one that never comes.
func (v *voice) read(ctx context.Context, late goodbye) (kind int, data []byte, end goodbye, ok bool) {
	kind, r, err := v.socket.NextReader()
	limit := v.limits.Binary
	if kind == websocket.TextMessage {
		limit = v.limits.Text
	}
	if err == nil {
		data, err = readUpTo(v.buffer[:0], r, limit+1)
		v.buffer = data
	}
	var slow net.Error
	switch {
	case err == nil && len(data) > limit:
		return 0, nil, byeTooBig(limit), false
	case err == nil && kind == websocket.TextMessage && !utf8.Valid(data):
		return 0, nil, byeMessage(errors.New("text message is not UTF-8")), false
	case err == nil:
		return kind, data, goodbye{}, true
	case ctx.Err() != nil:
		return 0, nil, byeRestart, false
	case errors.As(err, &slow) && slow.Timeout():
		return 0, nil, late, false
	}
	return 0, nil, goodbye{}, false
}

// readUpTo appends at most limit bytes of r to buf.
func readUpTo(buf []byte, r io.Reader, limit int) ([]byte, error) {
	if cap(buf) < limit {
		buf = make([]byte, 0, limit)
	}
	n, err := io.ReadFull(r, buf[:limit])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return buf[:n], err
}

// speak sends captions as they come, then the goodbye.
func (v *voice) speak(ctx context.Context, ends <-chan goodbye) {
	for {
		c, err := v.session.Next(ctx)
		if err != nil {
			v.farewell(ctx, err, ends)
			return
		}
		v.tell(c)
		for _, m := range v.messages(&c) {
			if v.write(m) != nil {
				v.tellRest()
				return
			}
		}
	}
}

// messages says a caption in the protocol's words. A commit is followed by the
// new tail, also by an empty one in the place of one that was shown.
func (v *voice) messages(c *sotto.Caption) (all []any) {
	heard := c.Heard.Millis()
	if len(c.Words) > 0 {
		all = append(all, wire.Commit{
			Type: "commit", Segment: c.Segment, Language: c.Language, Text: c.Text(), Words: words(c.Words), HeardMs: heard,
		})
	}
	if c.End {
		v.shown[c.Language] = false
		return append(all, wire.End{Type: "end", Segment: c.Segment, Language: c.Language, HeardMs: heard})
	}
	if c.Tail != "" || v.shown[c.Language] {
		all = append(all, wire.Draft{Type: "draft", Segment: c.Segment, Language: c.Language, Text: c.Tail, HeardMs: heard})
	}
	v.shown[c.Language] = c.Tail != ""
	return all
}

func words(committed []sotto.Word) []wire.Word {
	all := make([]wire.Word, len(committed))
	for i, w := range committed {
		all[i] = wire.NewWord(w.Text, w.Start.Millis(), w.End.Millis(), w.Evidence)
	}
	return all
}

// farewell says goodbye once the session has said everything, or failed.
func (v *voice) farewell(ctx context.Context, err error, ends <-chan goodbye) {
	if !errors.Is(err, io.EOF) {
		switch {
		case context.Cause(ctx) == errLate:
			v.part(byeLate)
		case ctx.Err() == nil:
			v.part(byeInternal)
		}
		return
	}
	v.part(<-ends)
}

// part sends the last message and the close frame.
func (v *voice) part(end goodbye) {
	switch {
	case end == (goodbye{}):
		return
	case end.Code != "":
		v.write(end.Error)
	default:
		v.write(wire.Ended{Type: "ended"})
	}
	v.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(end.close, end.Code), time.Now().Add(v.limits.Write))
}

// linger says that nothing more will come, then reads on until the client
// closes too: closing with unread sound in the socket would cut off our last
// message. It reads the connection itself, because a WebSocket reader whose
// deadline has passed never reads again.
func (v *voice) linger() {
	conn := v.socket.NetConn()
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(time.Now().Add(v.limits.Linger))
	io.Copy(io.Discard, conn)
}

func (v *voice) write(message any) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	v.socket.SetWriteDeadline(time.Now().Add(v.limits.Write))
	return v.socket.WriteJSON(message)
}

// stats returns the session's counts for the log.
func (v *voice) stats() sotto.Stats {
	if v.session == nil {
		return sotto.Stats{}
	}
	return v.session.Stats()
}
