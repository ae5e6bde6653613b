package realtime

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"sotto/audio"
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

func newSession(kind string, session shape) event { return &sessionEvent{head{Type: kind}, session} }

// transcriptDelta is text of a translation session.
type transcriptDelta struct {
	head
	Delta   string `json:"delta"`
	Elapsed int64  `json:"elapsed_ms"`
}

// elapsedStep ms are what elapsed_ms moves by.
const elapsedStep = 200

func newDelta(kind, text string, heard audio.Position) event {
	return &transcriptDelta{head{Type: kind}, text, heard.Millis() / elapsedStep * elapsedStep}
}

type speechStarted struct {
	head
	StartMs int64  `json:"audio_start_ms"`
	ItemID  string `json:"item_id"`
}

func newSpeechStarted(at audio.Position, item string) event {
	return &speechStarted{head{Type: "input_audio_buffer.speech_started"}, at.Millis(), item}
}

type speechStopped struct {
	head
	EndMs  int64  `json:"audio_end_ms"`
	ItemID string `json:"item_id"`
}

func newSpeechStopped(at audio.Position, item string) event {
	return &speechStopped{head{Type: "input_audio_buffer.speech_stopped"}, at.Millis(), item}
}

type committed struct {
	head
	Previous *string `json:"previous_item_id"` // null: none
	ItemID   string  `json:"item_id"`
}

func newCommitted(previous *string, item string) event {
	return &committed{head{Type: "input_audio_buffer.committed"}, previous, item}
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

func newItemEvent(kind string, previous *string, id string) event {
	return &itemEvent{head{Type: kind}, previous, item{id, "realtime.item", "message", "completed", "user", []itemContent{{Type: "input_audio"}}}}
}

type itemDelta struct {
	head
	ItemID  string `json:"item_id"`
	Content int    `json:"content_index"`
	Delta   string `json:"delta"`
}

func newItemDelta(item, delta string) event {
	return &itemDelta{head{Type: "conversation.item.input_audio_transcription.delta"}, item, 0, delta}
}

type itemCompleted struct {
	head
	ItemID     string `json:"item_id"`
	Content    int    `json:"content_index"`
	Transcript string `json:"transcript"`
	Usage      usage  `json:"usage"`
}

func newItemCompleted(item, transcript string, length audio.Position) event {
	return &itemCompleted{
		head{Type: "conversation.item.input_audio_transcription.completed"}, item, 0, transcript,
		usage{"duration", float64(length.Millis()) / 1000},
	}
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
