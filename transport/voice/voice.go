// Package voice is what all doors share: a hall where voices are opened, and a
// voice, which has a session of the engine and, where it wants, a place in a
// room. Doors read messages and write messages; everything between is here.
package voice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sotto"
	"sotto/decoder/policy"
	"sotto/decoder/prompt"
	"sotto/transport/room"
	"sotto/transport/wire"
)

// Hall opens voices. Its fields are set before the first.
type Hall struct {
	Engine  *sotto.Engine
	Latency string      // of a voice that does not say; "": balanced
	Rooms   *room.Store // where voices may be read by others; nil: nowhere
	Log     *slog.Logger
}

// MaxTargets is how many languages one voice may have.
const MaxTargets = 8

// Options say what a voice wants.
type Options struct {
	Source     string   // language that is spoken
	Targets    []string // languages wanted
	Transcribe bool     // also the source's own text
	Latency    string   // "fast", "balanced" or "quality"; "": the hall's
	Context    string   // what the speech is about, with names and terms
	Room       string   // where others read along; "": nowhere
	Name       string   // of the voice in its room
}

// Code names the kind of a refusal; PROTOCOL.md lists them.
type Code string

// The kinds of refusals.
const (
	Full     Code = "full"     // come again later
	Stopping Code = "stopping" // come again in a few seconds
	Language Code = "language"
	Latency  Code = "latency"
	Context  Code = "context"
	Room     Code = "room"
	Format   Code = "format"
	Internal Code = "internal" // the log has more
)

// Refusal is why a voice cannot be opened or changed, in words for its client.
type Refusal struct {
	Code    Code
	Message string
	Hint    string        // what to do
	Retry   time.Duration // when to come again; 0: not known
}

func (r *Refusal) Error() string { return r.Message }

// targets lists the languages of a session, the transcript first.
func targets(source string, wanted []string, transcribe bool) []string {
	if transcribe {
		return append([]string{source}, wanted...)
	}
	return wanted
}

// Open takes a seat, and a place in the room that is named. Its error is a
// *Refusal.
func (h *Hall) Open(opt Options) (*Voice, error) {
	dial, err := policy.ParseDial(cmp.Or(opt.Latency, h.Latency))
	if err != nil {
		return nil, badLatency(opt.Latency)
	}
	if len(opt.Targets) > MaxTargets {
		return nil, tooMany(len(opt.Targets))
	}
	session, err := h.Engine.Open(sotto.SessionOptions{
		Source: opt.Source, Targets: targets(opt.Source, opt.Targets, opt.Transcribe), Latency: dial, Context: opt.Context,
	})
	if err != nil {
		return nil, refusal(err)
	}
	v := &Voice{Session: session, source: opt.Source, targets: opt.Targets, transcribe: opt.Transcribe, log: h.Log}
	if opt.Room != "" {
		if v.place, err = h.join(opt.Room, opt.Name); err != nil {
			session.Close()
			return nil, err
		}
	}
	return v, nil
}

// refusal explains an error of the engine.
func refusal(err error) *Refusal {
	var busy *sotto.BusyError
	if errors.As(err, &busy) {
		return &Refusal{Code: Full, Message: busy.Why, Hint: "try again later, or when another voice has ended", Retry: busy.Retry}
	}
	var context *prompt.ContextError
	if errors.As(err, &context) {
		return &Refusal{Code: Context, Message: err.Error(), Hint: "leave context out, or make it short and plain"}
	}
	return &Refusal{Code: Language, Message: err.Error(), Hint: "hello lists this model's languages"}
}

func tooMany(n int) *Refusal {
	return &Refusal{Code: Language, Message: fmt.Sprintf("%d target languages are wanted, at most %d are written for one voice", n, MaxTargets), Hint: "open another voice for more"}
}

func badLatency(latency string) *Refusal {
	return &Refusal{Code: Latency, Message: fmt.Sprintf("latency %.32q is none of fast, balanced and quality", latency), Hint: "leave latency out to have it balanced"}
}

// place is a voice's place in a room.
type place struct {
	id      string
	durable bool // when it began
	voice   *room.Voice
}

func (h *Hall) join(id, name string) (*place, error) {
	switch {
	case h.Rooms == nil:
		return nil, &Refusal{Code: Room, Message: "this server has no rooms", Hint: "leave room out"}
	case !room.ValidID(id):
		return nil, &Refusal{Code: Room, Message: "no room can have that name", Hint: "name a room with 1 to 64 of the characters a-z, 0-9 and '-', or leave room out"}
	case len(name) > room.MaxName:
		return nil, &Refusal{Code: Room, Message: fmt.Sprintf("a voice's name of %d bytes, at most %d are kept", len(name), room.MaxName), Hint: "give it a short name, or none"}
	}
	r, err := h.Rooms.Room(id)
	var voice *room.Voice
	if err == nil {
		voice, err = r.Join(name)
	}
	switch {
	case errors.Is(err, room.ErrVoices):
		return nil, &Refusal{Code: Full, Message: "as many voices speak in this room as it takes", Hint: "use another room, or try again when a voice has ended"}
	case errors.Is(err, room.ErrFull):
		return nil, &Refusal{Code: Full, Message: "too many rooms of this server are open", Hint: "use a room that is open, or leave room out"}
	case errors.Is(err, room.ErrClosed):
		return nil, &Refusal{Code: Stopping, Message: "the server is stopping", Hint: "connect again in a few seconds"}
	case err != nil:
		h.Log.Error("room cannot be opened", "room", id, "error", err)
		return nil, &Refusal{Code: Internal, Message: "the room cannot be opened", Hint: "connect again; the server's log has more"}
	}
	return &place{id, r.Durable(), voice}, nil
}

// Voice is one voice between a door and the engine. The door pushes frames into
// its Session, which it runs, and reads captions with Next, which also says them
// in the room.
type Voice struct {
	*sotto.Session
	source     string
	targets    []string // as they are now; the caller of Set owns them
	transcribe bool
	place      *place // nil: in no room
	log        *slog.Logger
}

// Room returns where others read along, nil when nowhere.
func (v *Voice) Room() *wire.Room {
	if v.place == nil {
		return nil
	}
	return &wire.Room{ID: v.place.id, Durable: v.place.durable}
}

// Change is what a voice wants otherwise from now on.
type Change struct {
	Targets    []string // nil: as they are
	Transcribe *bool    // nil: as it is
	Latency    string   // "": as it is
}

// Set changes what a voice wants, all of it or nothing. Its error is a *Refusal,
// or that of ctx. It has one caller at a time.
func (v *Voice) Set(ctx context.Context, c Change) error {
	wanted, transcribe := v.targets, v.transcribe
	if c.Targets != nil {
		wanted = c.Targets
	}
	if c.Transcribe != nil {
		transcribe = *c.Transcribe
	}
	dial, err := policy.ParseDial(c.Latency)
	switch {
	case err != nil:
		return badLatency(c.Latency)
	case len(wanted) > MaxTargets:
		return tooMany(len(wanted))
	}
	if err := v.SetTargets(ctx, targets(v.source, wanted, transcribe)); err != nil {
		return cmp.Or[error](ctx.Err(), refusal(err))
	}
	v.targets, v.transcribe = wanted, transcribe
	if c.Latency == "" {
		return nil
	}
	return v.SetLatency(ctx, dial)
}

// Next waits for the next caption, and says it in the room.
func (v *Voice) Next(ctx context.Context) (sotto.Caption, error) {
	c, err := v.Session.Next(ctx)
	if err == nil {
		v.tell(c)
	}
	return c, err
}

// Rest says in the room what waits for a client that reads no more.
func (v *Voice) Rest() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		if _, err := v.Next(now); err != nil {
			return
		}
	}
}

// tell says a caption in the voice's room.
func (v *Voice) tell(c sotto.Caption) {
	if v.place == nil || c.Mark != 0 {
		return
	}
	var err error
	if c.Lost > 0 {
		err = v.place.voice.Gap(c.Heard, c.Lost, c.Cause)
	} else {
		err = v.place.voice.Caption(c)
	}
	if err != nil {
		v.log.Warn("room does not take a caption", "room", v.place.id, "error", err)
	}
}

// Leave ends the voice in its room, once its session has ended.
func (v *Voice) Leave() {
	if v.place != nil {
		v.place.voice.Leave()
	}
}
