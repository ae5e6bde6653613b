package feed

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sotto/transport/room"
)

// events streams server-sent events (WHATWG HTML, section 9.2) until the room is
// closed, the client goes, or does not read.
func events(ctx context.Context, v *visit) {
	reader := v.enter()
	for v.send() == nil {
		u, err := v.next(ctx, reader)
		var lost *room.ResetError
		switch {
		case errors.As(err, &lost):
			reader = v.restart(lost.Why)
		case err == nil:
			v.tell(&u, reader.Cursor())
		case errors.Is(err, context.DeadlineExceeded):
			fmt.Fprint(v, ":\n\n")
		default:
			return
		}
	}
}

// next waits for news as long as a comment is not due.
func (v *visit) next(ctx context.Context, reader *room.Reader) (room.Update, error) {
	ctx, cancel := context.WithTimeout(ctx, v.pause)
	defer cancel()
	return reader.Next(ctx)
}

// enter resumes where the client was, or shows it the screen.
func (v *visit) enter() *room.Reader {
	last := v.request.Header.Get("Last-Event-ID")
	if last == "" {
		return v.show()
	}
	at, ok := parseID(last)
	if !ok {
		return v.restart("the id of the last event is none of this server's")
	}
	reader, err := v.room.Resume(at)
	var lost *room.ResetError
	if errors.As(err, &lost) {
		return v.restart(lost.Why)
	}
	return reader
}

func (v *visit) restart(why string) *room.Reader {
	v.event("reset", "", reset{"reset", why})
	return v.show()
}

func (v *visit) show() *room.Reader {
	s, reader := v.room.Screen()
	v.event("screen", idOf(reader.Cursor()), v.screenOf(&s))
	return reader
}

// tell sends what the reader wants of an update. An id alone says how far it has
// come when the last events are left out.
func (v *visit) tell(u *room.Update, at room.Cursor) {
	told := true
	for i := range u.Events {
		e := &u.Events[i]
		if told = v.wants(e.Language); told {
			v.put(kinds[e.Kind], idOf(room.Cursor{Epoch: e.Epoch, Seq: e.Seq}), encoded(e, u.Durable))
		}
	}
	if !told {
		fmt.Fprintf(v, "id: %s\n\n", idOf(at))
	}
	for i := range u.Tails {
		if t := &u.Tails[i]; v.wants(t.Language) {
			v.event("tail", "", tailOf(t))
		}
	}
}

// event writes one event.
func (v *visit) event(name, id string, message any) {
	v.put(name, id, encode(message))
}

// put writes one event with its data. JSON has no line ends in it.
func (v *visit) put(name, id string, data []byte) {
	if id != "" {
		fmt.Fprintf(v, "id: %s\n", id)
	}
	fmt.Fprintf(v, "event: %s\ndata: %s\n\n", name, data)
}

func idOf(c room.Cursor) string { return fmt.Sprintf("%d-%d", c.Epoch, c.Seq) }

func parseID(id string) (c room.Cursor, ok bool) {
	epoch, seq, found := strings.Cut(id, "-")
	var first, second error
	c.Epoch, first = strconv.ParseUint(epoch, 10, 64)
	c.Seq, second = strconv.ParseUint(seq, 10, 64)
	return c, found && first == nil && second == nil
}
