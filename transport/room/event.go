package room

import (
	"fmt"
	"sync"

	"sotto"
	"sotto/audio"
)

// Kind says what an event tells.
type Kind uint8

const (
	Said   Kind = 1 + iota // words joined a segment's text in a language
	Ended                  // a segment is complete in a language
	Joined                 // a voice begins; Note is its name
	Left                   // a voice ends; Note says why, where it did not end by itself
	Gap                    // sound was lost; Note is the cause
)

// Event is a committed piece of what happened in a room. Its words are shared by
// all readers and must not be changed. Said and Ended take the tail of their voice
// and language away, Left takes all tails of its voice.
type Event struct {
	Kind     Kind
	Epoch    uint64 // the opening of the room it was numbered in
	Seq      uint64 // 1 for the first event of a room, one more for each
	Time     int64  // Unix milliseconds when it was appended
	Voice    int    // voices of a room are numbered from 1, and no number comes again
	Segment  int    // of the voice, from 0: Said and Ended
	Language string // Said and Ended
	Heard    audio.Position
	Lost     audio.Position // samples of a Gap, which ends at Heard
	Note     string
	Words    []sotto.Word // Said

	forms *forms // of the newest events of a room; nil: none are kept
}

// forms are what readers made of an event. All copies of it share them.
type forms struct {
	mu  sync.Mutex
	all map[any][]byte
}

// Form returns what make makes of the event. It is made once for all readers as long
// as the event is one of the newest of its room; nobody may change it. Keys are of
// types of the callers' own.
func (e *Event) Form(key any, make func() []byte) []byte {
	if e.forms == nil {
		return make()
	}
	e.forms.mu.Lock()
	defer e.forms.mu.Unlock()
	data, made := e.forms.all[key]
	if !made {
		data = make()
		if e.forms.all == nil {
			e.forms.all = map[any][]byte{}
		}
		e.forms.all[key] = data
	}
	return data
}

// Text returns the words as they stand in the segment.
func (e *Event) Text() string {
	c := sotto.Caption{Words: e.Words}
	return c.Text()
}

// Tail is the tentative text behind a segment's words. It takes the place of the
// voice's earlier tail in the language; an empty text takes it away.
type Tail struct {
	Voice    int
	Segment  int
	Language string
	Text     string
	Heard    audio.Position
}

// Cursor is a position in a room: behind event Seq of an epoch.
type Cursor struct{ Epoch, Seq uint64 }

func (c Cursor) String() string { return fmt.Sprintf("%d:%d", c.Epoch, c.Seq) }

// MaxName bytes is the longest name of a voice.
const MaxName = 256

// Bounds of an event. What is longer is refused before it is appended, or split.
const (
	maxNumber   = 1<<53 - 1 // of epoch and seq: what JavaScript can count to
	maxIndex    = 1<<31 - 1 // of voice and segment
	maxWord     = 8 << 10   // bytes of a word
	maxWords    = 32 << 10  // bytes of an event's words
	maxLanguage = 64        // bytes of a language code
	maxNote     = MaxName   // bytes of a note
)

// size is about what an event takes in memory, in bytes.
func (e *Event) size() int {
	n := 128 + len(e.Language) + len(e.Note)
	for i := range e.Words {
		n += wordSize(&e.Words[i])
	}
	return n
}

func wordSize(w *sotto.Word) int { return 40 + len(w.Text) }
