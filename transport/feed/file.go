package feed

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sotto/transport/room"
)

// form writes events as a file.
type form interface {
	event(e *room.Event, durable bool)
	lost(why string) // events are missing between the last and the next
	end()
}

// read writes all events that are in memory, and with follow those that come.
func (v *visit) read(ctx context.Context, f form) {
	reader, to := everything(v.room)
	for v.follow || reader.Cursor().Seq < to.Seq {
		if v.send() != nil {
			return
		}
		u, err := reader.Next(ctx)
		var lost *room.ResetError
		if errors.As(err, &lost) {
			f.lost(lost.Why)
			reader, to = everything(v.room)
			continue
		}
		if err != nil {
			break
		}
		for i := range u.Events {
			if e := &u.Events[i]; v.wants(e.Language) {
				f.event(e, u.Durable)
			}
		}
	}
	f.end()
	v.send()
}

// everything returns a reader of every event in memory, and where they end now.
func everything(r *room.Room) (*room.Reader, room.Cursor) {
	for at := (room.Cursor{}); ; { // a position that no room has
		reader, err := r.Resume(at)
		var lost *room.ResetError
		if !errors.As(err, &lost) {
			return reader, r.Follow().Cursor()
		}
		at = lost.From // dropped meanwhile, where it is lost too
	}
}

// lines writes JSON lines.
func lines(ctx context.Context, v *visit) { v.read(ctx, objects{v}) }

type objects struct{ io.Writer }

func (o objects) event(e *room.Event, durable bool) { fmt.Fprintf(o, "%s\n", encoded(e, durable)) }
func (o objects) lost(why string)                   { fmt.Fprintf(o, "%s\n", encode(reset{"reset", why})) }
func (o objects) end()                              {}
