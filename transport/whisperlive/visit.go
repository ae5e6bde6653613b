package whisperlive

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/transport/line"
	"sotto/transport/voice"
)

// endOfAudio is what a client sends behind its sound.
const endOfAudio = "END_OF_AUDIO"

// visit is one connection. Its reading half runs in serve, its writing half says
// captions.
type visit struct {
	handler *Handler
	request *http.Request
	limits  line.Limits
	socket  *line.Socket
	log     *slog.Logger
	options options
	hearing *line.Hearing // nil before the first message

	// The writing half owns the following.
	transcript  *list
	translation *list // nil: none is wanted
}

// errEnded is the end that a client asks for.
var errEnded = errors.New("whisperlive: the client has no more sound")

// serve runs the whole life of the connection and says how it ended.
func (v *visit) serve(ctx context.Context) (why string) {
	if err := v.begin(); err != nil {
		return v.refuse(err)
	}
	v.greet()
	v.hearing.Start(ctx, v.caption, v.socket.Stop)
	end := line.Contain(v.listen)
	if end == line.ErrGone {
		v.hearing.Forsake()
	}
	if err := v.hearing.End(v.handler.opt.Drain); err != nil {
		end = err
	}
	return v.part(end)
}

// begin reads the first message and takes a seat.
func (v *visit) begin() error {
	kind, data, err := v.socket.Read(v.handler.opt.Start)
	switch {
	case err != nil:
		return err
	case kind != websocket.TextMessage:
		return &line.BadMessage{Close: websocket.ClosePolicyViolation, Text: "the first message is not the JSON object with what is wanted"}
	}
	if err := json.Unmarshal(data, &v.options); err != nil {
		return &line.BadMessage{Close: websocket.ClosePolicyViolation, Text: "the first message is not understood: " + err.Error()}
	}
	return v.open()
}

func (v *visit) open() error {
	opt, hall := &v.options, v.handler.opt.Hall
	source := voice.Spoken(hall.Engine, opt.Language, v.handler.opt.Source)
	format, known := formats[opt.Format]
	switch {
	case source == "":
		return &voice.Refusal{Code: voice.Language, Message: "language is missing; this model hears several, say which is spoken"}
	case !known:
		return &voice.Refusal{Code: voice.Format, Message: "audio_format is none of float32 and int16"}
	case v.handler.opt.MayEnter != nil && !v.handler.opt.MayEnter(v.request, opt.Room):
		return &voice.Refusal{Code: voice.Room, Message: "the token is for another room; name that one"}
	}
	sound, err := voice.NewSound(format.name, 0, 0)
	if err != nil {
		return err
	}
	targets := v.lists(source)
	v.hearing, err = line.Open(hall, voice.Options{Source: source, Targets: targets, Room: opt.Room}, sound, format.width)
	return err
}

// lists makes the lists of segments that are wanted and returns their languages.
func (v *visit) lists(source string) (targets []string) {
	main := source
	if v.options.Task == "translate" {
		main = "en" // as Whisper does
	}
	v.transcript, targets = newList(main, &v.options), []string{main}
	if to := v.options.Target; v.options.Translate && to != "" {
		v.translation = newList(to, &v.options)
		if to != main {
			targets = append(targets, to)
		}
	}
	return targets
}

// greet says that sound is heard, and as which language where the client did not
// say it.
func (v *visit) greet() {
	v.socket.Write(&ready{v.options.UID, "SERVER_READY", backend})
	if v.options.Language == "" {
		v.socket.Write(&language{v.options.UID, voice.Spoken(v.handler.opt.Hall.Engine, "", v.handler.opt.Source), 1})
	}
}

// refuse says why there is no voice.
func (v *visit) refuse(err error) (why string) {
	var no *voice.Refusal
	var bad *line.BadMessage
	switch {
	case errors.As(err, &no) && no.Code == voice.Full:
		v.socket.Write(&status{v.options.UID, "WAIT", max(no.Retry, time.Minute).Minutes()})
		v.socket.Close(websocket.CloseNormalClosure, "")
		return string(no.Code)
	case errors.As(err, &no):
		v.socket.Write(&status{v.options.UID, "ERROR", no.Message})
		v.socket.Close(websocket.ClosePolicyViolation, "")
		return string(no.Code)
	case errors.As(err, &bad):
		v.socket.Write(&status{v.options.UID, "ERROR", bad.Text})
	}
	return v.part(err)
}

// listen hears the client until something ends the voice.
func (v *visit) listen() error {
	for {
		kind, data, err := v.socket.Read(v.limits.Idle)
		switch {
		case err != nil:
			return err
		case string(data) == endOfAudio:
			return errEnded
		case kind == websocket.TextMessage:
			err = v.socket.Write(&status{v.options.UID, "WARNING", "a text message behind the first has no effect; sound is binary"})
		default:
			err = v.hearing.Hear(data)
		}
		if err != nil {
			return err
		}
	}
}

// caption shows what is news in a caption.
func (v *visit) caption(c *sotto.Caption) error {
	if c.Language == "" {
		return nil
	}
	if v.transcript.language == c.Language && v.transcript.add(c) {
		if err := v.socket.Write(&segments{UID: v.options.UID, Segments: v.transcript.shown(c.Heard)}); err != nil {
			return err
		}
	}
	if v.translation != nil && v.translation.language == c.Language && v.translation.add(c) {
		return v.socket.Write(&segments{UID: v.options.UID, Translated: v.translation.shown(c.Heard)})
	}
	return nil
}

// part says goodbye. A client takes 1000 behind DISCONNECT for the end, and may come
// back after anything else.
func (v *visit) part(end error) (why string) {
	var bad *line.BadMessage
	switch {
	case end == errEnded:
		v.socket.Close(websocket.CloseNormalClosure, "")
		return "ended"
	case end == line.ErrGone:
		v.socket.Close(0, "")
		return "gone"
	case end == line.ErrIdle:
		v.socket.Write(&ready{UID: v.options.UID, Message: "DISCONNECT"})
		v.socket.Close(websocket.CloseNormalClosure, "no sound came in time")
		return "idle"
	case end == line.ErrStopping, end == line.ErrLate:
		v.socket.Write(&ready{UID: v.options.UID, Message: "DISCONNECT"})
		v.socket.Close(websocket.CloseServiceRestart, "the server stops; connect again in a few seconds")
		return "stopping"
	case errors.As(end, &bad):
		v.socket.Close(bad.Close, bad.Text)
		return "message"
	}
	v.log.Error("client failed", "error", end)
	v.socket.Close(websocket.CloseInternalServerErr, "the server failed on this voice")
	return "failed"
}

// stats returns the voice's counts for the log.
func (v *visit) stats() sotto.Stats {
	if v.hearing == nil {
		return sotto.Stats{}
	}
	return v.hearing.Stats()
}
