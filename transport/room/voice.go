package room

import (
	"errors"
	"fmt"
	"time"

	"sotto"
	"sotto/audio"
)

// ErrLeft says that a voice has left its room.
var ErrLeft = errors.New("room: the voice has left")

// Voice adds to a room what one voice says. Its methods hand over and return; they
// wait for no disk and no reader.
type Voice struct {
	room   *Room
	number int
}

// Join begins a voice. The name, of at most 256 bytes, is shown to readers.
// It fails with ErrVoices where too many speak, and with ErrClosed or ErrForgotten.
func (r *Room) Join(name string) (*Voice, error) {
	if len(name) > maxNote {
		return nil, fmt.Errorf("room: name of %d bytes, at most %d are kept", len(name), maxNote)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != nil {
		return nil, r.ended
	}
	if len(r.voices) >= r.options.Voices {
		return nil, ErrVoices
	}
	r.voice++
	r.voices[r.voice] = r.list.next
	r.append(Event{Kind: Joined, Voice: r.voice, Note: name})
	r.appended()
	return &Voice{r, r.voice}, nil
}

// Number returns the voice's number in its room.
func (v *Voice) Number() int { return v.number }

// Caption adds words and an end, and replaces the language's tail. A caption out
// of bounds is refused whole.
func (v *Voice) Caption(c sotto.Caption) error {
	if err := check(&c); err != nil {
		return err
	}
	return v.add(func(r *Room) {
		e := Event{Voice: v.number, Segment: c.Segment, Language: c.Language, Heard: c.Heard}
		e.Kind = Said
		for words := c.Words; len(words) > 0; words = words[len(e.Words):] {
			e.Words = fitting(words)
			r.append(e)
		}
		if e.Kind, e.Words = Ended, nil; c.End {
			r.append(e)
		}
		l := r.lanes.of(v.number, c.Language)
		l.after = max(l.last, r.voices[v.number])
		l.waiting = nil // without a tail: the event takes the last one away
		if c.Tail != "" || len(c.Words) == 0 && !c.End {
			l.waiting = &Tail{v.number, c.Segment, c.Language, c.Tail, c.Heard}
		}
	})
}

// Gap says that sound was lost: so many samples up to a position.
func (v *Voice) Gap(end, lost audio.Position, cause string) error {
	if len(cause) > maxNote {
		return fmt.Errorf("room: cause of %d bytes, at most %d are kept", len(cause), maxNote)
	}
	return v.add(func(r *Room) {
		r.append(Event{Kind: Gap, Voice: v.number, Heard: end, Lost: lost, Note: cause})
	})
}

// Leave ends the voice.
func (v *Voice) Leave() error {
	return v.add(func(r *Room) { r.leave(v.number, "") })
}

func (v *Voice) add(do func(r *Room)) error {
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	switch {
	case v.room.ended != nil:
		return v.room.ended
	case v.room.voices[v.number] == 0:
		return ErrLeft
	}
	do(v.room)
	v.room.appended()
	return nil
}

func (r *Room) leave(voice int, why string) {
	delete(r.voices, voice)
	r.used = time.Now()
	r.append(Event{Kind: Left, Voice: voice, Note: why})
}

// check refuses what no record can hold.
func check(c *sotto.Caption) error {
	if len(c.Language) > maxLanguage {
		return fmt.Errorf("room: language code of %d bytes, at most %d are kept", len(c.Language), maxLanguage)
	}
	if c.Segment < 0 || c.Segment > maxIndex {
		return fmt.Errorf("room: segment %d, want 0 to %d", c.Segment, maxIndex)
	}
	for i := range c.Words {
		if n := len(c.Words[i].Text); n > maxWord {
			return fmt.Errorf("room: word of %d bytes, at most %d are kept", n, maxWord)
		}
	}
	return nil
}

// fitting returns as many of the words, at least one, as an event may hold.
func fitting(words []sotto.Word) []sotto.Word {
	n := 0
	for i := range words {
		if n += wordSize(&words[i]); n > maxWords {
			return words[:max(1, i):max(1, i)]
		}
	}
	return words
}
