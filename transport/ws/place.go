package ws

import (
	"context"
	"errors"

	"sotto"
	"sotto/transport/room"
	"sotto/transport/wire"
)

// place is a voice's place in a room.
type place struct {
	id      string
	durable bool // when it began
	voice   *room.Voice
}

// room returns what started says of it.
func (p *place) room() *wire.Room {
	if p == nil {
		return nil
	}
	return &wire.Room{ID: p.id, Durable: p.durable}
}

// join takes a place in the room that start names.
func (v *voice) join(id string) (end goodbye, ok bool) {
	switch {
	case id == "":
		return goodbye{}, true
	case v.rooms == nil:
		return byeRoom(errors.New("this server has no rooms")), false
	case !wire.ValidRoom(id):
		return byeRoom(errors.New("no room can have that name")), false
	}
	r, err := v.rooms.Room(id)
	var voice *room.Voice
	if err == nil {
		voice, err = r.Join("")
	}
	switch {
	case errors.Is(err, room.ErrFull):
		return byeRooms, false
	case errors.Is(err, room.ErrClosed):
		return byeRestart, false
	case err != nil:
		v.log.Error("room cannot be opened", "room", id, "error", err)
		return byeInternal, false
	}
	v.said = &place{id, r.Durable(), voice}
	return goodbye{}, true
}

// tell says a caption in the voice's room.
func (v *voice) tell(c sotto.Caption) {
	if v.said == nil {
		return
	}
	if err := v.said.voice.Caption(c); err != nil {
		v.log.Warn("room does not take a caption", "room", v.said.id, "error", err)
	}
}

// tellRest says in the room what was committed for a client that does not read.
func (v *voice) tellRest() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		c, err := v.session.Next(now)
		if err != nil {
			return
		}
		v.tell(c)
	}
}

// leave ends the voice in its room.
func (v *voice) leave() {
	if v.said != nil {
		v.said.voice.Leave()
	}
}
