// Package wire is our own WebSocket protocol: its messages and nothing else.
// PROTOCOL.md says when each is sent.
package wire

const (
	// Version is the protocol's.
	Version = 1
	// Subprotocol is what a client may name for it in the handshake.
	Subprotocol = "sotto.v1"

	// MaxText is the largest text message a client may send, in bytes.
	MaxText = 8 << 10
	// MaxBinary is the largest binary message a client may send, in bytes.
	MaxBinary = 64 << 10
	// MaxMarkers is how many markers of a voice may wait.
	MaxMarkers = 64
)

// Start begins a voice. It is the client's first message.
type Start struct {
	Type       string   `json:"type"`                 // "start"
	Source     string   `json:"source"`               // code of the spoken language
	Targets    []string `json:"targets"`              // codes of the languages wanted
	Transcribe bool     `json:"transcribe,omitempty"` // also the source's own text
	Format     string   `json:"format,omitempty"`     // "s16le" (default), "f32le", "mulaw", "alaw" or "opus"
	Rate       int      `json:"rate,omitempty"`       // samples per second, default 16000
	Channels   int      `json:"channels,omitempty"`   // 1 (default) or 2, averaged
	Latency    string   `json:"latency,omitempty"`    // "fast", "balanced" (default) or "quality"
	Context    string   `json:"context,omitempty"`    // what the speech is about, names and terms, for models that take it
	Room       string   `json:"room,omitempty"`       // where others read along: 1 to 64 of a-z, 0-9 and '-'
	Name       string   `json:"name,omitempty"`       // of the voice in its room
	Live       bool     `json:"live,omitempty"`       // sound that cannot be taken in time is lost and marked
	Numbered   bool     `json:"numbered,omitempty"`   // binary messages begin with a Number
}

// Set changes what is wanted while the voice goes on. What is absent stays.
type Set struct {
	Type       string   `json:"type"` // "set"
	Targets    []string `json:"targets,omitzero"`
	Transcribe *bool    `json:"transcribe,omitempty"`
	Latency    string   `json:"latency,omitempty"`
	Ref        string   `json:"ref,omitempty"` // comes back in Refused
}

// Flush commits what was heard, as a pause does.
type Flush struct {
	Type string `json:"type"` // "flush"
	Ref  string `json:"ref,omitempty"`
}

// Mark asks for a Marker when all that was sent before it has been heard.
type Mark struct {
	Type string `json:"type"` // "marker"
	ID   string `json:"id"`   // 1 to 64 bytes
	Ref  string `json:"ref,omitempty"`
}

// Stop ends the voice: what was heard is committed, then Ended is sent.
type Stop struct {
	Type string `json:"type"` // "stop"
}

// Head begins every message of the server.
type Head struct {
	Type  string `json:"type"`
	Epoch int64  `json:"epoch"` // of the connection
	Seq   int64  `json:"seq"`   // 1, 2, 3 … of the connection
}

// Hello is the server's first message.
type Hello struct {
	Head
	Protocol     int      `json:"protocol"` // Version
	Server       string   `json:"server"`   // "sotto"
	Model        string   `json:"model"`
	Description  string   `json:"description,omitempty"`
	Sources      []string `json:"sources,omitempty"` // absent: any
	Targets      []string `json:"targets,omitempty"` // absent: any
	Formats      []string `json:"formats"`
	MaxTargets   int      `json:"max_targets"`
	IdleMs       int64    `json:"idle_ms"`           // without sound, after which a voice ends
	Context      bool     `json:"context,omitempty"` // the model takes one
	DurableRooms bool     `json:"durable_rooms"`     // what is said in rooms outlives the server
}

// Started answers Start.
type Started struct {
	Head
	Room *Room `json:"room,omitempty"` // absent: the voice is in none
}

// Room is where the captions of a voice also go.
type Room struct {
	ID      string `json:"id"`
	Durable bool   `json:"durable"` // what is said in it outlives the server
}

// Commit appends words that stay to a segment's text in a language, and takes
// the language's tentative tail away.
type Commit struct {
	Head
	Segment  int    `json:"segment"`
	Language string `json:"language"` // the source's own: the transcript
	Text     string `json:"text"`     // of the words, joined
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

// Draft replaces a language's tentative tail.
type Draft struct {
	Head
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	Text     string `json:"text"` // all of the tail
	HeardMs  int64  `json:"heard_ms"`
}

// End says that a segment is complete in a language.
type End struct {
	Head
	Segment  int    `json:"segment"`
	Language string `json:"language"`
	HeardMs  int64  `json:"heard_ms"`
}

// Heard acknowledges sound.
type Heard struct {
	Head
	HeardMs  int64   `json:"heard_ms"`            // everything before this was heard, or is in a Gap
	SoundSeq *uint32 `json:"sound_seq,omitempty"` // number of the last message of which this is true
}

// Lag says how far the server is behind the voice.
type Lag struct {
	Head
	BehindMs int64 `json:"behind_ms"` // sound that waits
	Level    int   `json:"level"`     // 0 to 4: how much the server leaves out to keep up
}

// Gap says that sound is missing from the voice, and was heard as silence.
type Gap struct {
	Head
	LostMs  int64  `json:"lost_ms"`
	HeardMs int64  `json:"heard_ms"` // where the missing sound would have ended
	Cause   string `json:"cause"`
}

// Marker answers a Mark.
type Marker struct {
	Head
	ID      string `json:"id"`
	HeardMs int64  `json:"heard_ms"`
}

// Warning says that something is probably wrong with the sound. The voice goes on.
type Warning struct {
	Head
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Ended follows the last caption.
type Ended struct {
	Head
	HeardMs int64 `json:"heard_ms"`
}

// Fault is what was wrong, in words for programs and for people.
type Fault struct {
	Code    string `json:"code"` // PROTOCOL.md lists them
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`     // what to do
	RetryMs int64  `json:"retry_ms,omitempty"` // when to come again
	Ref     string `json:"ref,omitempty"`      // of the message that was wrong
}

// Refused answers a Set, a Flush or a Mark that cannot be done. Nothing changes,
// the voice goes on.
type Refused struct {
	Head
	Fault
}

// Error precedes every close that is not a good end.
type Error struct {
	Head
	Fault
}
