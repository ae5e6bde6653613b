package wyoming

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"sotto"
	"sotto/decoder/words"
	"sotto/transport/line"
	"sotto/transport/voice"
)

// format is how sound comes.
type format struct{ rate, width, channels int }

// visit is one connection: any number of voices, one behind the other. Its reading
// half runs in serve, its writing half says captions.
type visit struct {
	door   *Door
	conn   net.Conn
	in     *reader
	limits line.Limits
	log    *slog.Logger
	ctx    context.Context // ends with the voice, or the server
	stop   context.CancelCauseFunc

	// The reading half owns the following.
	source, target string // of the next voice; "": not said
	format         format
	hearing        *line.Hearing // nil: between two voices
	heard          int           // voices

	// The writing half owns the following while a voice is heard.
	language string
	text     strings.Builder
	segment  int

	writing sync.Mutex
	gone    bool // nobody reads; writing guards it
}

func newVisit(ctx context.Context, d *Door, conn net.Conn, limits line.Limits, log *slog.Logger) *visit {
	v := &visit{door: d, conn: conn, in: newReader(conn), limits: limits, log: log}
	v.ctx, v.stop = context.WithCancelCause(ctx)
	return v
}

// serve runs the whole life of the connection and says how it ended.
func (v *visit) serve() (why string) {
	defer v.stop(nil)
	unblock := context.AfterFunc(v.ctx, v.wake)
	defer unblock()
	end := line.Contain(v.listen)
	if v.hearing != nil {
		if end == line.ErrGone {
			v.hearing.Forsake()
		}
		if err := v.finish(); err != nil {
			end = err
		}
	}
	return v.part(end)
}

func (v *visit) wake() { v.conn.SetReadDeadline(time.Unix(1, 0)) }

// listen obeys the client until something ends the connection.
func (v *visit) listen() error {
	for {
		v.conn.SetReadDeadline(time.Now().Add(v.limits.Idle))
		if v.ctx.Err() != nil { // behind the deadline, so that whoever cancels can shorten it
			v.wake()
		}
		e, err := v.in.next()
		if err == nil {
			err = v.obey(&e)
		} else {
			err = v.explain(err)
		}
		if err != nil {
			return err
		}
	}
}

// explain says why no event came.
func (v *visit) explain(err error) error {
	var slow net.Error
	var bad *wrong
	switch why := context.Cause(v.ctx); {
	case errors.As(err, &bad):
		return err
	case why == context.Canceled:
		return line.ErrStopping
	case why != nil:
		return why
	case errors.As(err, &slow) && slow.Timeout():
		return line.ErrIdle
	}
	return line.ErrGone
}

// obey does what an event asks for. Events that others understand are passed over,
// as the protocol wants it.
func (v *visit) obey(e *event) error {
	switch e.kind {
	case "ping":
		return v.write("pong", map[string]json.RawMessage{"text": e.data["text"]})
	case "describe", "transcribe", "audio-start", "audio-chunk", "audio-stop":
		if v.door.opt.Ready != nil && !v.door.opt.Ready() {
			return line.ErrStopping
		}
	}
	switch e.kind {
	case "describe":
		return v.write("info", newInfo(v.door.opt.Hall.Engine))
	case "transcribe":
		return v.ask(e)
	case "audio-start":
		return v.begin(e)
	case "audio-chunk":
		return v.hear(e)
	case "audio-stop":
		return v.finish()
	}
	return nil
}

// ask takes what the next voice is to become.
func (v *visit) ask(e *event) error {
	var name, language string
	if err := errors.Join(field(e, "name", &name), field(e, "language", &language)); err != nil {
		return err
	}
	target, known := targetOf(name)
	if !known {
		return &voice.Refusal{Code: "model", Message: "there is no such model; describe lists those that there are"}
	}
	v.source, _, _ = strings.Cut(language, "-")
	v.target = target
	return nil
}

// begin opens a voice.
func (v *visit) begin(e *event) error {
	if v.hearing != nil {
		return wrongly("audio-start comes before the audio-stop of the voice in work")
	}
	f, err := formatOf(e, format{16000, 2, 1})
	if err != nil {
		return err
	}
	if f.width != 2 {
		return &voice.Refusal{Code: voice.Format, Message: "samples of another width than 2 bytes are not heard here"}
	}
	sound, err := voice.NewSound("s16le", f.rate, f.channels)
	if err != nil {
		return &voice.Refusal{Code: voice.Format, Message: err.Error()}
	}
	source := v.spoken()
	if source == "" {
		return &voice.Refusal{Code: voice.Language, Message: "transcribe did not say which language is spoken, and this model hears several"}
	}
	v.language = cmp.Or(v.target, source)
	hearing, err := line.Open(v.door.opt.Hall, voice.Options{Source: source, Targets: []string{v.language}}, sound, f.width*f.channels)
	if err != nil {
		return err
	}
	v.text.Reset()
	v.segment, v.format, v.hearing = 0, f, hearing
	v.heard++
	v.write("transcript-start", &started{v.language})
	hearing.Start(v.ctx, v.caption, v.stop)
	return nil
}

func (v *visit) spoken() string {
	return voice.Spoken(v.door.opt.Hall.Engine, v.source, v.door.opt.Source)
}

// formatOf reads how sound comes; what an event does not say is as usual.
func formatOf(e *event, usual format) (format, error) {
	f := usual
	return f, errors.Join(field(e, "rate", &f.rate), field(e, "width", &f.width), field(e, "channels", &f.channels))
}

// hear hands sound over. The first opens the voice where nothing has.
func (v *visit) hear(e *event) error {
	if v.hearing == nil {
		if err := v.begin(e); err != nil {
			return err
		}
	}
	switch f, err := formatOf(e, v.format); {
	case err != nil:
		return err
	case f != v.format:
		return wrongly("the format of an audio-chunk is not that of its audio-start")
	}
	return v.hearing.Hear(e.payload)
}

// caption says what was committed.
func (v *visit) caption(c *sotto.Caption) error {
	text := c.Text()
	if c.Language == "" || text == "" {
		return nil
	}
	if c.Segment != v.segment && v.text.Len() > 0 && words.Spaced(text) {
		text = " " + text
	}
	v.segment = c.Segment
	v.text.WriteString(text)
	return v.write("transcript-chunk", &chunk{text})
}

// finish ends the voice and says all of it.
func (v *visit) finish() error {
	if v.hearing == nil { // a client that sent no sound waits for a transcript all the same
		v.text.Reset()
		v.language = cmp.Or(v.target, v.spoken())
	} else {
		hearing := v.hearing
		v.hearing = nil
		if err := hearing.End(v.door.opt.Drain); err != nil {
			return err
		}
	}
	v.source, v.target = "", ""
	if err := v.write("transcript", &whole{v.text.String(), v.language}); err != nil {
		return err
	}
	return v.write("transcript-stop", nil)
}

// write sends an event. A client that does not take it in time is gone.
func (v *visit) write(kind string, data any) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	if v.gone {
		return line.ErrGone
	}
	v.conn.SetWriteDeadline(time.Now().Add(v.limits.Write))
	if write(v.conn, kind, data) == nil {
		return nil
	}
	v.gone = true
	v.stop(line.ErrGone)
	return line.ErrGone
}

// part says why the connection ends, where the client did not end it.
func (v *visit) part(end error) (why string) {
	f := failureFor(end)
	if end == line.ErrGone {
		return f.Code
	}
	if errors.Is(end, line.ErrFailed) {
		v.log.Error("client failed", "error", end)
	}
	v.write("error", f)
	line.Linger(v.conn, v.limits.Linger)
	return f.Code
}
