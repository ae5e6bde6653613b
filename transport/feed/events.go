package feed

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sotto/transport/room"
)

// outlet is how a reader gets events: as server-sent ones, or over a WebSocket.
type outlet interface {
	// put gives an event; at is its place in the room, zero where it has none.
	put(name string, at room.Cursor, data []byte)
	// pass says how far the reader has come when the last events are left out.
	pass(at room.Cursor)
	// idle is called when nothing came for a while.
	idle()
	// send sends what was given. Its error ends the reader.
	send() error
}

// play gives a reader everything behind the event that it had last, or, when that
// is "", the screen and what follows, until the room is closed, the client goes or
// does not read. It returns why it ended.
func (v *visit) play(ctx context.Context, out outlet, last string) error {
	reader := v.enter(out, last)
	for {
		if err := out.send(); err != nil {
			return err
		}
		u, err := v.next(ctx, reader)
		var lost *room.ResetError
		switch {
		case errors.As(err, &lost):
			reader = v.restart(out, lost.Why)
		case err == nil:
			v.tell(out, &u, reader.Cursor())
		case errors.Is(err, context.DeadlineExceeded):
			out.idle()
		default:
			return err
		}
	}
}

// next waits for news as long as the reader may be left idle.
func (v *visit) next(ctx context.Context, reader *room.Reader) (room.Update, error) {
	ctx, cancel := context.WithTimeout(ctx, v.pause)
	defer cancel()
	return reader.Next(ctx)
}

// enter resumes where the client was, or shows it the screen.
func (v *visit) enter(out outlet, last string) *room.Reader {
	if last == "" {
		return v.show(out)
	}
	at, ok := parseID(last)
	if !ok {
		return v.restart(out, "the id of the last event is none of this server's")
	}
	reader, err := v.room.Resume(at)
	var lost *room.ResetError
	if errors.As(err, &lost) {
		return v.restart(out, lost.Why)
	}
	return reader
}

func (v *visit) restart(out outlet, why string) *room.Reader {
	out.put("reset", room.Cursor{}, encode(reset{"reset", why}))
	return v.show(out)
}

func (v *visit) show(out outlet) *room.Reader {
	s, reader := v.room.Screen()
	at := reader.Cursor()
	out.put("screen", at, encode(v.screenOf(&s, at)))
	return reader
}

// tell gives what the reader wants of an update.
func (v *visit) tell(out outlet, u *room.Update, at room.Cursor) {
	told := true
	for i := range u.Events {
		e := &u.Events[i]
		if told = v.wants(e.Language); told {
			out.put(kinds[e.Kind], room.Cursor{Epoch: e.Epoch, Seq: e.Seq}, encoded(e, u.Durable))
		}
	}
	if !told {
		out.pass(at)
	}
	for i := range u.Tails {
		if t := &u.Tails[i]; v.wants(t.Language) {
			out.put("draft", room.Cursor{}, encode(draftOf(t)))
		}
	}
}

// events streams server-sent events (WHATWG HTML, section 9.2).
func events(ctx context.Context, v *visit) {
	v.play(ctx, serverSent{v.sender}, v.request.Header.Get("Last-Event-ID"))
}

// serverSent writes events as text. JSON has no line ends in it.
type serverSent struct{ *sender }

func (s serverSent) put(name string, at room.Cursor, data []byte) {
	if at != (room.Cursor{}) {
		fmt.Fprintf(s, "id: %s\n", idOf(at))
	}
	fmt.Fprintf(s, "event: %s\ndata: %s\n\n", name, data)
}

func (s serverSent) pass(at room.Cursor) { fmt.Fprintf(s, "id: %s\n\n", idOf(at)) }
func (s serverSent) idle()               { fmt.Fprint(s, ":\n\n") }

func idOf(c room.Cursor) string { return fmt.Sprintf("%d-%d", c.Epoch, c.Seq) }

func parseID(id string) (c room.Cursor, ok bool) {
	epoch, seq, found := strings.Cut(id, "-")
	var first, second error
	c.Epoch, first = strconv.ParseUint(epoch, 10, 64)
	c.Seq, second = strconv.ParseUint(seq, 10, 64)
	return c, found && first == nil && second == nil
}
