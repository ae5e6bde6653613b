// Package wire is our own WebSocket protocol: its messages and nothing else.
// PROTOCOL.md says when each is sent.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// MaxText is the largest text message a client may send, in bytes.
const MaxText = 8 << 10

// MaxBinary is the largest binary message a client may send, in bytes.
const MaxBinary = 64 << 10

// Start begins a voice. It is the client's first message.
type Start struct {
	Type       string   `json:"type"`                 // "start"
	Source     string   `json:"source"`               // code of the spoken language
	Targets    []string `json:"targets"`              // codes of the languages wanted
	Transcribe bool     `json:"transcribe,omitempty"` // also the source's own text
	Format     string   `json:"format,omitempty"`     // "s16le" (default) or "f32le"
	Rate       int      `json:"rate,omitempty"`       // samples per second, default 16000
	Channels   int      `json:"channels,omitempty"`   // 1 (default) or 2, averaged
	Latency    string   `json:"latency,omitempty"`    // "fast", "balanced" (default) or "quality"
	Room       string   `json:"room,omitempty"`       // where others read along: 1 to 64 of a-z, 0-9 and '-'
}

// Set changes the languages while the voice goes on.
type Set struct {
	Type       string   `json:"type"` // "set"
	Targets    []string `json:"targets"`
	Transcribe bool     `json:"transcribe,omitempty"`
}

// Stop ends the voice: what was heard is committed, then Ended is sent.
type Stop struct {
	Type string `json:"type"` // "stop"
}

// Ready is the server's first message.
type Ready struct {
	Type        string   `json:"type"` // "ready"
	Model       string   `json:"model"`
	Description string   `json:"description,omitempty"`
	Sources     []string `json:"sources,omitempty"` // absent: any
	Targets     []string `json:"targets,omitempty"` // absent: any
}

// Started answers Start.
type Started struct {
	Type string `json:"type"`           // "started"
	Room *Room  `json:"room,omitempty"` // absent: the voice is in none
}

// Room is where the captions of a voice also go.
type Room struct {
	ID      string `json:"id"`
	Durable bool   `json:"durable"` // what is said in it outlives the server
}

// ValidRoom reports whether a room can have the name.
func ValidRoom(id string) bool {
	return 1 <= len(id) && len(id) <= 64 && !strings.ContainsFunc(id, func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-')
	})
}

// Commit appends words that stay to a segment's text in a language, and takes
// the language's tentative tail away.
type Commit struct {
	Type     string `json:"type"` // "commit"
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	Text     string `json:"text"` // of the words, joined
	Words    []Word `json:"words"`
	HeardMs  int64  `json:"heard_ms"` // how far the voice had been heard
}

// Word is a committed word with the space that parts it from the one before.
type Word struct {
	Text     string  `json:"text"`
	StartMs  int64   `json:"start_ms"` // the sound it leans on
	EndMs    int64   `json:"end_ms"`
	Evidence float64 `json:"evidence"` // 0 to 1 in hundredths; 0: not known
}

// NewWord rounds the evidence. What is no share of 1 becomes the nearest one, or
// 0, so that every word can be sent.
func NewWord(text string, startMs, endMs int64, evidence float32) Word {
	share := math.Round(100*float64(evidence)) / 100
	if math.IsNaN(share) {
		share = 0
	}
	return Word{text, startMs, endMs, max(0, min(1, share))}
}

// Draft replaces a language's tentative tail.
type Draft struct {
	Type     string `json:"type"` // "draft"
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	Text     string `json:"text"` // all of the tail
	HeardMs  int64  `json:"heard_ms"`
}

// End says that a segment is complete in a language.
type End struct {
	Type     string `json:"type"` // "end"
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	HeardMs  int64  `json:"heard_ms"`
}

// Ended follows the last caption.
type Ended struct {
	Type string `json:"type"` // "ended"
}

// Refused answers a Set that cannot be done. Nothing changes, the voice goes on.
type Refused struct {
	Type    string `json:"type"` // "refused"
	Code    string `json:"code"` // as those of Error
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Error precedes every close that is not a good end.
type Error struct {
	Type    string `json:"type"` // "error"
	Code    string `json:"code"` // for programs, see PROTOCOL.md
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // what to do
}

// ParseClient reads a client's text message: a *Start, a *Set or a *Stop.
// Unknown types, unknown fields, fields given twice and trailing text are refused, with
// an error that may be shown to the client.
func ParseClient(data []byte) (any, error) {
	if len(data) > MaxText {
		return nil, fmt.Errorf("text message of %d bytes, at most %d are read", len(data), MaxText)
	}
	fields, err := fieldsOnce(data)
	if err != nil {
		return nil, err
	}
	var kind string
	if err := json.Unmarshal(fields["type"], &kind); err != nil {
		return nil, errors.New(`field "type" is missing or not a string`)
	}
	switch kind {
	case "start":
		return strict(data, new(Start))
	case "set":
		return strict(data, new(Set))
	case "stop":
		return strict(data, new(Stop))
	}
	return nil, fmt.Errorf(`unknown message type %.32q; a client sends "start", "set" or "stop"`, kind)
}

// fieldsOnce splits a JSON object into its fields and refuses doubled ones.
func fieldsOnce(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("text message is not a JSON object")
	}
	fields := make(map[string]json.RawMessage)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("text message is not valid JSON near byte %d", d.InputOffset())
		}
		name := t.(string) // a key: the decoder allows nothing else here
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("field %.32q is given twice", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("text message is not valid JSON near byte %d", d.InputOffset())
		}
		fields[name] = value
	}
	return fields, nil
}

// strict decodes data into the message m points to.
func strict(data []byte, m any) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, readable(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text message goes on after its JSON object")
	}
	return m, nil
}

// readable turns a decoder's error into a sentence about the message.
func readable(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("field %q must be of type %s, not a %s", kind.Field, kind.Type, kind.Value)
	}
	const unknown = "json: unknown field "
	if text := err.Error(); len(text) > len(unknown) && text[:len(unknown)] == unknown {
		return fmt.Errorf("unknown field %.40s", text[len(unknown):])
	}
	return errors.New("text message is not valid JSON")
}
