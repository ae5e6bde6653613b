package feed

import (
	"encoding/json"

	"sotto/transport/room"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

// mark is what all that stays has.
type mark struct {
	Type    string `json:"type"`
	Epoch   uint64 `json:"epoch"`
	Seq     uint64 `json:"seq"`
	TimeMs  int64  `json:"time_ms"` // Unix milliseconds
	Voice   int    `json:"voice"`
	Durable bool   `json:"durable"`
}

// came is a voice that joined or left.
type came struct {
	mark
	Note string `json:"note,omitempty"`
}

type said struct {
	mark
	Segment  int         `json:"segment"`
	Language string      `json:"language"`
	Text     string      `json:"text"`
	Words    []wire.Word `json:"words"`
	HeardMs  int64       `json:"heard_ms"`
}

type ended struct {
	mark
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	HeardMs  int64  `json:"heard_ms"`
}

type gap struct {
	mark
	LostMs  int64  `json:"lost_ms"`
	HeardMs int64  `json:"heard_ms"`
	Cause   string `json:"cause,omitempty"`
}

type draft struct {
	Type     string `json:"type"` // "draft"
	Voice    int    `json:"voice"`
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	Text     string `json:"text"`
	HeardMs  int64  `json:"heard_ms"`
}

type reset struct {
	Type string `json:"type"` // "reset"
	Why  string `json:"why"`
}

type segment struct {
	Voice    int    `json:"voice"`
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	Text     string `json:"text"`
	Ended    bool   `json:"ended"`
}

type screen struct {
	Type     string    `json:"type"` // "screen"
	Epoch    uint64    `json:"epoch"`
	Seq      uint64    `json:"seq"` // of the last event that it has
	Segments []segment `json:"segments"`
	Drafts   []draft   `json:"drafts"`
	Durable  bool      `json:"durable"`
}

// kinds are the names of events.
var kinds = map[room.Kind]string{
	room.Said: "commit", room.Ended: "end", room.Joined: "joined", room.Left: "left", room.Gap: "gap",
}

func messageOf(e *room.Event, durable bool) any {
	m := mark{kinds[e.Kind], e.Epoch, e.Seq, e.Time, e.Voice, durable}
	switch e.Kind {
	case room.Said:
		return said{m, e.Segment, e.Language, e.Text(), voice.Words(e.Words), e.Heard.Millis()}
	case room.Ended:
		return ended{m, e.Segment, e.Language, e.Heard.Millis()}
	case room.Gap:
		return gap{m, e.Lost.Millis(), e.Heard.Millis(), e.Note}
	}
	return came{m, e.Note}
}

// encoded is an event as JSON, made once for all readers.
func encoded(e *room.Event, durable bool) []byte {
	type form struct{ durable bool }
	return e.Form(form{durable}, func() []byte { return encode(messageOf(e, durable)) })
}

// encode writes a message as JSON. Messages are made of what JSON can hold.
func encode(message any) []byte {
	data, err := json.Marshal(message)
	if err != nil {
		return encode(reset{"reset", "internal error: " + err.Error()})
	}
	return data
}

func draftOf(t *room.Tail) draft {
	return draft{"draft", t.Voice, t.Segment, t.Language, t.Text, t.Heard.Millis()}
}

// screenOf is what the reader wants of a screen.
func (v *visit) screenOf(s *room.Screen, at room.Cursor) screen {
	out := screen{Type: "screen", Epoch: at.Epoch, Seq: at.Seq, Segments: []segment{}, Drafts: []draft{}, Durable: s.Durable}
	for i := range s.Segments {
		if g := &s.Segments[i]; v.wants(g.Language) {
			out.Segments = append(out.Segments, segment{g.Voice, g.Segment, g.Language, g.Text(), g.Ended})
		}
	}
	for i := range s.Tails {
		if t := &s.Tails[i]; v.wants(t.Language) {
			out.Drafts = append(out.Drafts, draftOf(t))
		}
	}
	return out
}
