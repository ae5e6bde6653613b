package realtime

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/transport/line"
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

// visit is one connection. Its reading half runs in serve; its writing half says
// captions, once there is sound.
type visit struct {
	handler *Handler
	limits  line.Limits
	socket  *line.Socket
	log     *slog.Logger
	label   label
	room    string          // where others read along; "": nowhere
	ctx     context.Context // of the request
	events  atomic.Int64

	talk    talk
	config  config        // the reading half owns it
	end     *ending       // set by the reading half when the session is over
	hearing *line.Hearing // nil before there is sound
	source  string        // language of the voice
}

// serve runs the whole life of the connection and says how it ended.
func (v *visit) serve() *ending {
	v.write(v.talk.created())
	if err := sotto.Contain(func() error { v.listen(); return nil }); err != nil {
		v.log.Error("voice failed", "error", err)
		v.end = &endBroken
	}
	v.finish()
	v.part()
	return v.end
}

// finish has the voice say what it has heard, to its room when the client is
// gone.
func (v *visit) finish() {
	if v.hearing == nil {
		return
	}
	if v.end == &endGone {
		v.hearing.Forsake()
	}
	err := v.hearing.End(v.handler.opt.Drain)
	if err != nil {
		v.end = endingFor(err, &v.limits)
	}
	if errors.Is(err, line.ErrFailed) {
		v.log.Error("voice failed", "error", err)
	}
}

// part says what is left to say, and goodbye.
func (v *visit) part() {
	if v.end.close != 0 {
		if v.end.fault != nil {
			v.write(newError(v.end.fault, ""))
		}
		for _, e := range v.talk.closed() {
			v.write(e)
		}
	}
	v.socket.Close(v.end.close, v.end.reason())
}

// listen hears the client until something ends the session.
func (v *visit) listen() {
	for v.end == nil {
		kind, data, err := v.socket.Read(v.limits.Idle)
		switch {
		case err != nil:
			v.end = endingFor(err, &v.limits)
		case time.Now().After(v.label.expires):
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
	if v.hearing != nil {
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
		if err := v.hearing.Change(voice.Change{Targets: wanted, Transcribe: new(bool)}); err != nil {
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
	pcm, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return invalid("audio", "invalid_value", "invalid value for 'audio': it is not base64: %v", err)
	}
	if len(pcm) == 0 {
		return nil
	}
	return v.hear(pcm)
}

// hear takes sound. The first opens the voice.
func (v *visit) hear(pcm []byte) *fault {
	if v.hearing == nil {
		if f := v.open(); f != nil {
			v.end = endRefused(f)
			return f
		}
	}
	frames, err := v.hearing.Frames(pcm)
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
	hearing, err := line.Open(v.handler.opt.Hall, voice.Options{Source: v.config.source, Targets: v.config.languages(), Room: v.room}, sound, 2)
	if err != nil {
		return refused(err)
	}
	v.source, v.hearing = v.config.source, hearing
	hearing.Start(v.ctx, v.caption, v.socket.Stop)
	return nil
}

// caption says what is news in a caption.
func (v *visit) caption(c *sotto.Caption) error {
	for _, e := range v.talk.caption(c) {
		if err := v.write(e); err != nil {
			return err
		}
	}
	return nil
}

// write sends an event.
func (v *visit) write(e event) error {
	e.stamp(fmt.Sprintf("event_%s_%d", v.label.id[len("sess_"):], v.events.Add(1)))
	return v.socket.Write(e)
}

// stats returns the voice's counts for the log.
func (v *visit) stats() sotto.Stats {
	if v.hearing == nil {
		return sotto.Stats{}
	}
	return v.hearing.Stats()
}
