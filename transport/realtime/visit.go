package realtime

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/transport/voice"
)

// talk is what a kind of session says and understands. created, obey and hear are
// of the reading half, caption is of the writing half, and closed comes when both
// have ended.
type talk interface {
	created() event
	obey(kind string, message node) ([]event, *fault)
	hear([]audio.Frame) error
	caption(*sotto.Caption) []event
	closed() []event
}

// visit is one connection. Its reading half runs in serve; its writing half in
// speak, once there is sound, with the voice between them in a goroutine of its
// own. serve waits for both.
type visit struct {
	handler *Handler
	limits  Limits
	socket  *websocket.Conn
	log     *slog.Logger
	label   label
	room    string // where others read along; "": nowhere

	talk   talk
	config config  // the reading half owns it
	end    *ending // set by the reading half when the session is over
	voice  *voice.Voice
	sound  *voice.Sound
	source string // language of the voice
	odd    []byte // half a sample that waits for the other
	came   time.Time
	buffer []byte // one message, reused

	run    context.Context // of the voice
	abort  context.CancelCauseFunc
	halves sync.WaitGroup

	gone    atomic.Bool // nobody reads
	events  atomic.Int64
	writing sync.Mutex // both halves write
}

var (
	errLate   = errors.New("realtime: the drain timeout has passed")
	errBroken = errors.New("realtime: the voice failed")
	errGone   = errors.New("realtime: the client is gone")
)

// serve runs the whole life of the connection and says how it ended.
func (v *visit) serve(ctx context.Context) *ending {
	defer v.socket.Close()
	unblock := context.AfterFunc(ctx, v.wake)
	defer unblock()
	v.run, v.abort = context.WithCancelCause(context.WithoutCancel(ctx))
	defer v.abort(nil)
	watch, unwatch := context.WithCancel(v.run)
	var watcher sync.WaitGroup
	watcher.Go(func() { v.ping(watch) })
	v.write(v.talk.created())
	if v.failed(sotto.Contain(func() error { v.listen(ctx); return nil })) {
		v.end = &endBroken
	}
	late := time.AfterFunc(v.handler.opt.Drain, func() { v.abort(errLate) })
	v.finish()
	late.Stop()
	unwatch()
	watcher.Wait()
	v.part()
	return v.end
}

// finish has the voice say what it has heard, to its room when the client is
// gone.
func (v *visit) finish() {
	if v.voice == nil {
		return
	}
	if v.end.close == 0 {
		v.leave()
	}
	last, tail := v.sound.Rest()
	v.talk.hear(last) // what ends the voice is seen below
	v.voice.Finish(tail)
	v.halves.Wait()
	v.voice.Leave()
	switch context.Cause(v.run) {
	case errLate:
		v.end = &endLate
	case errBroken:
		v.end = &endBroken
	}
}

// listen hears the client until something ends the session.
func (v *visit) listen(ctx context.Context) {
	v.came = time.Now()
	v.socket.SetPongHandler(func(string) error { v.wait(ctx); return nil })
	for v.end == nil {
		kind, data, end := v.read(ctx)
		v.came = time.Now()
		switch {
		case end != nil:
			v.end = end
		case v.came.After(v.label.expires):
			v.end = &endExpired
		case kind == websocket.BinaryMessage:
			v.write(newError(invalid("", "invalid_message", "events are text; sound is in those that append it, in base64"), ""))
		default:
			v.obey(data)
		}
	}
}

// obey does what one message asks for.
func (v *visit) obey(data []byte) {
	var kind, id string
	message, f := parse(data)
	if f == nil {
		message.at("event_id").text(&id)
		message.at("type").text(&kind)
		f = message.fault()
	}
	var replies []event
	if f == nil {
		replies, f = v.talk.obey(kind, message)
	}
	if f != nil {
		if v.end == nil {
			v.write(newError(f, id))
		}
		return
	}
	for _, e := range replies {
		v.write(e)
	}
}

// update takes over a configuration; one that cannot be changes nothing.
func (v *visit) update(session node) *fault {
	c := v.config
	if !session.given() {
		return invalid("session", missing, "missing 'session', the members to change")
	}
	if f := c.read(session); f != nil {
		return f
	}
	if f := v.handler.check(&c); f != nil {
		return f
	}
	if v.voice != nil {
		if f := v.change(&c); f != nil {
			return f
		}
	}
	v.config = c
	return nil
}

// change tells a voice that is heard already.
func (v *visit) change(c *config) *fault {
	switch wanted := c.languages(); {
	case c.source != v.source, c.rate != v.config.rate:
		return invalid("session.audio.input", "invalid_value", "the language that is spoken and the sound's format cannot change once there was sound; open another session")
	case !slices.Equal(wanted, v.config.languages()):
		if err := v.voice.Set(v.run, voice.Change{Targets: wanted, Transcribe: new(bool)}); err != nil {
			return refused(err)
		}
	}
	return nil
}

// append hears the sound of a message.
func (v *visit) append(n node) *fault {
	var text string
	n.text(&text)
	if !n.there {
		return invalid("audio", missing, "missing 'audio', the sound in base64")
	}
	if f := n.fault(); f != nil {
		return f
	}
	pcm, err := base64.StdEncoding.AppendDecode(v.odd, []byte(text))
	if err != nil {
		return invalid("audio", "invalid_value", "invalid value for 'audio': it is not base64: %v", err)
	}
	whole := len(pcm) &^ 1
	v.odd = slices.Clone(pcm[whole:])
	if whole == 0 {
		return nil
	}
	return v.hear(pcm[:whole])
}

// hear takes whole samples. The first open the voice.
func (v *visit) hear(pcm []byte) *fault {
	if v.voice == nil {
		if f := v.open(); f != nil {
			v.end = endRefused(f)
			return f
		}
	}
	frames, err := v.sound.Frames(pcm)
	if err != nil {
		return invalid("audio", "invalid_value", "invalid value for 'audio': %v", err)
	}
	v.talk.hear(frames) // what ends the voice ends listening too
	return nil
}

// open takes a seat and begins the writing half.
func (v *visit) open() *fault {
	if f := v.handler.check(&v.config); f != nil {
		return f
	}
	sound, err := voice.NewSound("s16le", v.config.rate, 1)
	if err != nil {
		return invalid("session.audio.input.format.rate", "invalid_value", "%v", err)
	}
	wanted := v.config.languages()
	opened, err := v.handler.opt.Hall.Open(voice.Options{Source: v.config.source, Targets: wanted, Room: v.room})
	if err != nil {
		return refused(err)
	}
	v.sound, v.source, v.voice = sound, v.config.source, opened
	v.halves.Go(func() { opened.Run(v.run) }) // its error comes out of Next
	v.halves.Go(func() {
		if v.failed(sotto.Contain(func() error { v.speak(); return nil })) {
			v.abort(errBroken)
			v.wake()
		}
	})
	return nil
}

// failed reports whether there was a fault of ours, and logs it.
func (v *visit) failed(fault error) bool {
	if fault != nil {
		v.log.Error("voice failed", "error", fault)
	}
	return fault != nil
}

// speak says captions as they come.
func (v *visit) speak() {
	for {
		c, err := v.voice.Next(v.run)
		if err != nil {
			if err != io.EOF && v.run.Err() == nil {
				v.log.Error("voice failed", "error", err)
				v.abort(errBroken)
				v.wake()
			}
			v.voice.Rest()
			return
		}
		for _, e := range v.talk.caption(&c) {
			v.write(e)
		}
	}
}

// leave says that nobody reads any more. A voice that nobody reads elsewhere
// either is given up.
func (v *visit) leave() {
	v.gone.Store(true)
	if v.room == "" {
		v.abort(errGone)
	}
	v.wake()
}

// write sends an event, unless nobody reads. A client that does not take it in
// time is gone.
func (v *visit) write(e event) {
	if v.gone.Load() {
		return
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	e.stamp(fmt.Sprintf("event_%s_%d", v.label.id[len("sess_"):], v.events.Add(1)))
	v.socket.SetWriteDeadline(time.Now().Add(v.limits.Write))
	if v.socket.WriteJSON(e) != nil {
		v.leave()
	}
}

// stats returns the voice's counts for the log.
func (v *visit) stats() sotto.Stats {
	if v.voice == nil {
		return sotto.Stats{}
	}
	return v.voice.Stats()
}
