package realtime

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// event is a message of ours.
type event interface{ stamp(id string) }

// head begins every event.
type head struct {
	Type    string `json:"type"`
	EventID string `json:"event_id"`
}

func (h *head) stamp(id string) { h.EventID = id }

// plain is an event of nothing more.
func plain(kind string) event { return &head{Type: kind} }

type sessionEvent struct {
	head
	Session shape `json:"session"`
}

type errorEvent struct {
	head
	Error shape `json:"error"`
}

// newError makes the event for what a client's event, which may have an id, did
// wrong.
func newError(f *fault, id string) event {
	e := f.members()
	e["event_id"] = nil
	if id != "" {
		e["event_id"] = id
	}
	return &errorEvent{head{Type: "error"}, e}
}

// transcriptDelta is text of a translation session.
type transcriptDelta struct {
	head
	Delta   string `json:"delta"`
	Elapsed int64  `json:"elapsed_ms"`
}

type speechStarted struct {
	head
	StartMs int64  `json:"audio_start_ms"`
	ItemID  string `json:"item_id"`
}

type speechStopped struct {
	head
	EndMs  int64  `json:"audio_end_ms"`
	ItemID string `json:"item_id"`
}

type committed struct {
	head
	Previous *string `json:"previous_item_id"`
	ItemID   string  `json:"item_id"`
}

// itemEvent shows an item, whose transcript follows.
type itemEvent struct {
	head
	Previous *string `json:"previous_item_id"`
	Item     item    `json:"item"`
}

type item struct {
	ID      string        `json:"id"`
	Object  string        `json:"object"` // realtime.item
	Type    string        `json:"type"`   // message
	Status  string        `json:"status"` // completed
	Role    string        `json:"role"`   // user
	Content []itemContent `json:"content"`
}

type itemContent struct {
	Type       string  `json:"type"` // input_audio
	Transcript *string `json:"transcript"`
}

func newItem(id string) item {
	return item{id, "realtime.item", "message", "completed", "user", []itemContent{{Type: "input_audio"}}}
}

type itemDelta struct {
	head
	ItemID  string `json:"item_id"`
	Content int    `json:"content_index"`
	Delta   string `json:"delta"`
}

type itemCompleted struct {
	head
	ItemID     string `json:"item_id"`
	Content    int    `json:"content_index"`
	Transcript string `json:"transcript"`
	Usage      usage  `json:"usage"`
}

type usage struct {
	Type    string  `json:"type"` // duration
	Seconds float64 `json:"seconds"`
}

// newID makes a name that nobody guesses.
func newID(prefix string) string {
	var b [12]byte
	rand.Read(b[:])
	return fmt.Sprintf("%s_%s", prefix, hex.EncodeToString(b[:]))
}
