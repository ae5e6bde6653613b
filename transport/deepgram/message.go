package deepgram

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"

	"sotto"
	"sotto/audio"
)

// results is text of a stretch of sound. Final stretches follow each other without
// overlap; the one that is not final begins behind the newest of them.
type results struct {
	Type         string      `json:"type"` // Results
	Index        [2]int      `json:"channel_index"`
	Duration     float64     `json:"duration"`
	Start        float64     `json:"start"`
	IsFinal      bool        `json:"is_final"`
	SpeechFinal  bool        `json:"speech_final"`
	FromFinalize bool        `json:"from_finalize"`
	Channel      channel     `json:"channel"`
	Metadata     resultsMeta `json:"metadata"`
}

type channel struct {
	Alternatives [1]alternative `json:"alternatives"`
}

type alternative struct {
	Transcript string  `json:"transcript"`
	Confidence float64 `json:"confidence"`
	Words      []word  `json:"words"`
}

type word struct {
	Word       string  `json:"word"`
	Start      float64 `json:"start"`
	End        float64 `json:"end"`
	Confidence float64 `json:"confidence"`
	Punctuated string  `json:"punctuated_word"`
}

type resultsMeta struct {
	RequestID string    `json:"request_id"`
	ModelInfo modelInfo `json:"model_info"`
	ModelUUID string    `json:"model_uuid"`
}

type modelInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`
}

// metadata ends a stream.
type metadata struct {
	Type      string               `json:"type"` // Metadata
	Key       string               `json:"transaction_key"`
	RequestID string               `json:"request_id"`
	SHA256    string               `json:"sha256"` // of the sound as it came
	Created   string               `json:"created"`
	Duration  float64              `json:"duration"`
	Channels  int                  `json:"channels"`
	Models    []string             `json:"models"`
	ModelInfo map[string]modelInfo `json:"model_info"`
}

type utteranceEnd struct {
	Type        string  `json:"type"` // UtteranceEnd
	Channel     [2]int  `json:"channel"`
	LastWordEnd float64 `json:"last_word_end"`
}

type speechStarted struct {
	Type      string  `json:"type"` // SpeechStarted
	Channel   [2]int  `json:"channel"`
	Timestamp float64 `json:"timestamp"`
}

// schemaError answers a message that is not understood.
type schemaError struct {
	Type        string `json:"type"`    // Error
	Variant     string `json:"variant"` // SchemaError
	Description string `json:"description"`
	Message     string `json:"message"` // the client's
}

type configureFailure struct {
	Type        string `json:"type"` // ConfigureFailure
	RequestID   string `json:"request_id"`
	Code        string `json:"code"`
	Description string `json:"description"`
}

// newAlternative says words. Its confidence is the least sure word's.
func newAlternative(text string, words []word) alternative {
	a := alternative{Transcript: text, Words: words}
	for i, w := range words {
		if i == 0 || w.Confidence < a.Confidence {
			a.Confidence = w.Confidence
		}
	}
	if a.Words == nil {
		a.Words = []word{} // clients want a list
	}
	return a
}

func newWords(committed []sotto.Word) (all []word) {
	for _, w := range committed {
		all = append(all, newWord(w.Text, w.Start, w.End, float64(w.Evidence)))
	}
	return all
}

func newWord(text string, start, end audio.Position, confidence float64) word {
	text = strings.TrimSpace(text)
	bare := strings.ToLower(strings.TrimFunc(text, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) }))
	return word{bare, seconds(start), seconds(end), float64(int(confidence*1000+0.5)) / 1000, text}
}

// guessed spreads words that may follow over the sound that they may be in.
func guessed(tail string, from, to audio.Position) (all []word) {
	texts := strings.Fields(tail)
	for i, text := range texts {
		at := func(i int) audio.Position { return from + (to-from)*audio.Position(i)/audio.Position(len(texts)) }
		all = append(all, newWord(text, at(i), at(i+1), 0))
	}
	return all
}

// newID makes a name that nobody guesses, in the form of a UUID.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return uuid(b[:])
}

// idOf is a UUID that is always the same for a name.
func idOf(name string) string {
	b := sha256.Sum256([]byte(name))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return uuid(b[:16])
}

func uuid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
