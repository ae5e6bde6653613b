package ws

import (
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

	limits Limits
	drain  time.Duration // to say what is left when the server stops

	voice  *voice.Voice // nil before start
	sound  *voice.Sound
	buffer []byte // one message, reused

	shown map[string]bool // languages with a tentative tail; speak owns it

	writing sync.Mutex // both halves write
}

// errLate ends a voice that had too much left to say when the server stops.
var errLate = errors.New("ws: the drain timeout has passed")

// serve runs the whole life of the connection and says how it ended.
func (v *visit) serve(ctx context.Context) goodbye {
	defer v.socket.Close()
	unblock := context.AfterFunc(ctx, func() { v.socket.SetReadDeadline(time.Now()) })
	defer unblock()
	if end, ok := v.begin(ctx); !ok {
		v.part(end)
		v.linger()
		return end
	}
	defer v.voice.Leave()
	run, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	cancel := func() { abort(nil) }
	defer cancel()
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
func (v *visit) finish(run context.Context) {
	last, tail := v.sound.Rest()
	for i := range last {
		if v.voice.Push(run, &last[i]) != nil {
			break
		}
	}
	v.voice.Finish(tail)
}

// begin greets the client and opens the session it asks for.
func (v *visit) begin(ctx context.Context) (end goodbye, ok bool) {
	model := v.hall.Engine.Model()
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
	if v.sound, err = voice.NewSound(start.Format, start.Rate, start.Channels); err != nil {
		return byeSound(err), false
	}
	v.voice, err = v.hall.Open(voice.Options{
		Source: start.Source, Targets: start.Targets, Transcribe: start.Transcribe, Latency: start.Latency, Room: start.Room,
	})
	if err != nil {
		return byeRefused(err), false
	}
	v.write(wire.Started{Type: "started", Room: v.voice.Room()})
	return goodbye{}, true
}

// listen hears the client until something ends the voice.
func (v *visit) listen(ctx, run context.Context) goodbye {
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
		frames, err := v.sound.Frames(data)
		if err != nil {
			return byeSound(err)
		}
		for i := range frames {
			if v.voice.Push(run, &frames[i]) != nil {
				return goodbye{} // the writing half has given up, or the engine failed
			}
		}
	}
}

// obey does what a text message asks for. over says that the voice ends.
func (v *visit) obey(run context.Context, data []byte) (end goodbye, over bool) {
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
func (v *visit) set(run context.Context, m *wire.Set) error {
	err := v.voice.Set(run, m.Targets, m.Transcribe)
	var why *voice.Refusal
	if !errors.As(err, &why) {
		return err
	}
	return v.write(wire.Refused{Type: "refused", Code: string(why.Code), Message: why.Message, Hint: why.Hint})
}

// read returns the next message; late is the goodbye for one that never comes.
func (v *visit) read(ctx context.Context, late goodbye) (kind int, data []byte, end goodbye, ok bool) {
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
func (v *visit) speak(ctx context.Context, ends <-chan goodbye) {
	for {
		c, err := v.voice.Next(ctx)
		if err != nil {
			v.farewell(ctx, err, ends)
			return
		}
		for _, m := range v.messages(&c) {
			if v.write(m) != nil {
				v.voice.Rest()
				return
			}
		}
	}
}

// messages says a caption in the protocol's words. A commit is followed by the
// new tail, also by an empty one in the place of one that was shown.
func (v *visit) messages(c *sotto.Caption) (all []any) {
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
func (v *visit) farewell(ctx context.Context, err error, ends <-chan goodbye) {
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
func (v *visit) part(end goodbye) {
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
func (v *visit) linger() {
	conn := v.socket.NetConn()
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(time.Now().Add(v.limits.Linger))
	io.Copy(io.Discard, conn)
}

func (v *visit) write(message any) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	v.socket.SetWriteDeadline(time.Now().Add(v.limits.Write))
	return v.socket.WriteJSON(message)
}

// stats returns the session's counts for the log.
func (v *visit) stats() sotto.Stats {
	if v.voice == nil {
		return sotto.Stats{}
	}
	return v.voice.Stats()
}
