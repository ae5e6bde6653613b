package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"sotto/audio"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

// maxPings may come within a second.
const maxPings = 20

// errTimeout is the code of a goodbye whose reason the caller of read knows.
const errTimeout = "timeout"

var errFlood = errors.New("ws: too many pings")

// listener is what the reading half knows of a voice.
type listener struct {
	sound  *voice.Sound
	live   bool
	order  *order // nil: messages are not numbered
	watch  *watch
	given  int64          // frames handed over, and those that were missing
	faulty audio.Position // sound that could not be decoded, as far as it is marked

	began  time.Time
	newest time.Time // when sound came last

	buffer  []byte // one message, reused
	partial bool   // a message is being read

	pings    int // since second
	pingsNow time.Time
}

func newListener(start *wire.Start, sound *voice.Sound) listener {
	l := listener{sound: sound, live: start.Live, watch: newWatch(sound.Rate(), start.Live)}
	if start.Numbered {
		l.order = &order{rate: int64(sound.Rate())}
	}
	l.began = time.Now()
	l.newest = l.began
	return l
}

// listen hears the client until something ends the voice.
func (v *visit) listen(ctx, run context.Context) goodbye {
	v.socket.SetPongHandler(func(string) error {
		if !v.partial {
			v.await(ctx, run, v.patience())
		}
		return nil
	})
	for {
		switch goesOn := v.await(ctx, run, v.patience()); {
		case ctx.Err() != nil:
			return byeRestart
		case !goesOn:
			return goodbye{}
		}
		kind, data, end, ok := v.read(ctx)
		if end.Code == errTimeout {
			end = v.impatience()
		}
		if !ok {
			return end
		}
		if kind == websocket.TextMessage {
			end, ok = v.obey(run, data)
		} else {
			end, ok = v.hear(run, data)
		}
		if !ok {
			return end
		}
	}
}

// await sets how long the next read waits. Who ends one of the contexts later
// shortens it.
func (v *visit) await(ctx, run context.Context, until time.Time) (goesOn bool) {
	v.socket.SetReadDeadline(until)
	goesOn = ctx.Err() == nil && run.Err() == nil
	if !goesOn {
		v.socket.SetReadDeadline(time.Now())
	}
	return goesOn
}

// patience is when a client that goes on saying nothing is given up.
func (v *visit) patience() time.Time {
	until := time.Now().Add(v.limits.Ping + v.limits.Pong)
	for _, end := range []time.Time{v.newest.Add(v.limits.Idle), v.began.Add(v.limits.Session)} {
		if end.Before(until) {
			until = end
		}
	}
	return until
}

// impatience says which of the limits has passed.
func (v *visit) impatience() goodbye {
	now := time.Now()
	switch {
	case !now.Before(v.began.Add(v.limits.Session)):
		return byeSession(v.limits.Session)
	case !now.Before(v.newest.Add(v.limits.Idle)):
		return byeIdle(v.limits.Idle)
	}
	return byeNoPong(v.limits.Pong)
}

// pinged answers a ping.
func (v *visit) pinged(data string) error {
	now := time.Now()
	if now.Sub(v.pingsNow) >= time.Second {
		v.pings, v.pingsNow = 0, now
	}
	if v.pings++; v.pings > maxPings {
		return errFlood
	}
	v.socket.WriteControl(websocket.PongMessage, []byte(data), now.Add(v.limits.Write))
	return nil // a connection that is broken is noticed elsewhere
}

// obey does what a text message asks for. ok is false when the voice ends.
func (v *visit) obey(run context.Context, data []byte) (end goodbye, ok bool) {
	message, err := wire.ParseClient(data)
	switch m := message.(type) {
	case *wire.Set:
		err = v.answer(m.Ref, v.voice.Set(run, voice.Change{Targets: m.Targets, Transcribe: m.Transcribe, Latency: m.Latency}))
	case *wire.Flush:
		err = v.voice.Flush(run)
	case *wire.Mark:
		err = v.answer(m.Ref, v.mark(run, m.ID))
	case *wire.Stop:
		return byeEnded, false
	case *wire.Start:
		return byeTwice, false
	default:
		return byeMessage(err), false
	}
	return goodbye{}, err == nil
}

// answer tells the client of a refusal. It fails when the voice is over.
func (v *visit) answer(ref string, err error) error {
	var why *voice.Refusal
	if !errors.As(err, &why) {
		return err
	}
	return v.write(&wire.Refused{Fault: wire.Fault{
		Code: string(why.Code), Message: why.Message, Hint: why.Hint, RetryMs: why.Retry.Milliseconds(), Ref: ref,
	}})
}

// mark sets a marker of the client's behind what came so far.
func (v *visit) mark(run context.Context, id string) error {
	if len(id) < 1 || len(id) > 64 {
		return &voice.Refusal{Code: "marker", Message: fmt.Sprintf("a marker's id has 1 to 64 bytes, not %d", len(id)), Hint: "give it a short id"}
	}
	mark, ok := v.marks.marker(id)
	if !ok {
		return &voice.Refusal{Code: "too_many", Message: fmt.Sprintf("%d markers wait already", wire.MaxMarkers), Hint: "send another when one has come back"}
	}
	return v.voice.Mark(run, mark)
}

// hear takes a message of sound. ok is false when the voice ends.
func (v *visit) hear(run context.Context, data []byte) (end goodbye, ok bool) {
	now := time.Now()
	defer func() { v.newest = time.Now() }() // waiting for room is not the client's fault
	var number wire.Number
	if v.order != nil {
		var again bool
		var err error
		if number, data, again, err = v.place(run, data); err != nil {
			return byeSequence(err), false
		} else if again {
			return goodbye{}, true
		}
	}
	if sound, passed, is := v.watch.tooFast(v.sound.Length(data), now); is {
		return byeTooFast(sound, passed), false
	}
	frames, err := v.sound.Frames(data)
	if err != nil {
		return byeSound(err), false
	}
	if v.give(run, frames) != nil {
		return goodbye{}, false // the writing half has given up, or the engine failed
	}
	if v.order != nil {
		v.remember(number.Seq)
	}
	return goodbye{}, v.remark(run, frames, now) == nil
}

// place finds where a numbered message belongs, and says what is missing before
// it.
func (v *visit) place(run context.Context, message []byte) (n wire.Number, sound []byte, again bool, err error) {
	n, sound, err = wire.ParseNumber(message)
	if err != nil {
		return n, nil, false, err
	}
	missing, again, err := v.order.take(n, v.sound.Length(sound))
	if missing > 0 {
		v.given += int64(missing)
		v.voice.Lose(run, missing, "not sent") // when that fails, what follows does
	}
	return n, sound, again, err
}

// give hands frames over.
func (v *visit) give(run context.Context, frames []audio.Frame) error {
	for i := range frames {
		if v.live {
			v.voice.Offer(&frames[i])
		} else if err := v.voice.Push(run, &frames[i]); err != nil {
			return err
		}
	}
	v.given += int64(len(frames))
	return nil
}

// remember notes how far the voice must be heard for a message to be.
func (v *visit) remember(seq uint32) {
	frames := v.given
	if v.sound.Pending() {
		frames++
	}
	v.marks.sound(seq, frames)
}

// remark says what there is to say of sound that was handed over.
func (v *visit) remark(run context.Context, frames []audio.Frame, now time.Time) error {
	faults := v.sound.Faults()
	if n := faults.Length - v.faulty; n > 0 {
		v.faulty = faults.Length
		if err := v.voice.Gap(run, n, "cannot be decoded"); err != nil {
			return err
		}
	}
	for _, w := range v.watch.warnings(frames, faults, now) {
		if err := v.write(w); err != nil {
			return err
		}
	}
	if mark, due := v.marks.ack(now); due {
		return v.voice.Mark(run, mark)
	}
	return nil
}

// read returns the next message.
func (v *visit) read(ctx context.Context) (kind int, data []byte, end goodbye, ok bool) {
	kind, r, err := v.socket.NextReader()
	limit := v.limits.Binary
	if kind == websocket.TextMessage {
		limit = v.limits.Text
	}
	if err == nil {
		data, err = v.rest(ctx, r, limit+1)
		if isTimeout(err) && ctx.Err() == nil {
			return 0, nil, byeUnfinished(v.limits.Message), false
		}
	}
	switch {
	case err == nil && len(data) > limit, errors.Is(err, websocket.ErrReadLimit):
		return 0, nil, byeTooBig(limit), false
	case err == nil && kind == websocket.TextMessage && !utf8.Valid(data):
		return 0, nil, byeUTF8, false
	case err == nil:
		return kind, data, goodbye{}, true
	case ctx.Err() != nil:
		return 0, nil, byeRestart, false
	}
	return 0, nil, broken(err), false
}

// rest reads at most limit bytes of a message that has begun.
func (v *visit) rest(ctx context.Context, r io.Reader, limit int) ([]byte, error) {
	v.partial = true
	defer func() { v.partial = false }()
	v.await(ctx, ctx, time.Now().Add(v.limits.Message))
	if cap(v.buffer) < limit {
		v.buffer = make([]byte, limit)
	}
	n, err := io.ReadFull(r, v.buffer[:limit])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return v.buffer[:n], err
}

// broken says what the error of a connection means.
func broken(err error) goodbye {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, errFlood):
		return byeFlood
	case isTimeout(err):
		return goodbye{wire.Goodbye{Fault: wire.Fault{Code: errTimeout}}}
	case !errors.As(err, &closed) && strings.HasPrefix(err.Error(), "websocket: "):
		return byeBreach(err)
	}
	return goodbye{}
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.As(err, &slow) && slow.Timeout()
}
