package realtime

import (
	"fmt"
	"strings"
	"sync"

	"sotto"
	"sotto/audio"
	"sotto/audio/vad"
)

const (
	// hangMs is how long the detector holds speech on behind its last sign.
	hangMs = 240
	// leastMs of sound can be committed.
	leastMs = 100
)

// transcriber is a session whose voice is written turn by turn. A turn is an
// item; turns are numbered from 1, and the mark with a turn's number comes behind
// all of its words. The mark of one that was cleared has the number's negative.
type transcriber struct {
	*visit
	beta bool // the client speaks as it was before there were other sessions

	// The reading half owns the following.
	detector *vad.Detector
	heard    audio.Position // sound that came
	turn     int64          // in work
	from     audio.Position // where its sound begins
	speaking bool           // its speech has begun
	previous *string        // item before it

	mu      sync.Mutex
	lengths []audio.Position // of turns that are committed and not yet written

	// The writing half owns the following.
	writing int64 // turn that words belong to
	join    joiner
	text    strings.Builder
}

func newTranscriber(v *visit, beta bool) *transcriber {
	return &transcriber{visit: v, beta: beta, detector: vad.NewDetector(), turn: 1, writing: 1}
}

func (t *transcriber) created() event {
	if t.beta {
		return newSession("transcription_session.created", t.config.beta(t.label))
	}
	return newSession("session.created", t.config.session(t.label))
}

func (t *transcriber) obey(kind string, message node) ([]event, *fault) {
	switch kind {
	case "session.update", "transcription_session.update":
		if f := t.update(message.at("session")); f != nil {
			return nil, f
		}
		if kind == "session.update" {
			return []event{newSession("session.updated", t.config.session(t.label))}, nil
		}
		return []event{newSession("transcription_session.updated", t.config.beta(t.label))}, nil
	case "input_audio_buffer.append":
		return nil, t.append(message.at("audio"))
	case "input_audio_buffer.commit":
		return nil, t.commit()
	case "input_audio_buffer.clear":
		return []event{plain("input_audio_buffer.cleared")}, t.clear()
	}
	return nil, unknownType(kind, "session.update", "transcription_session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear")
}

// item is the name of a turn.
func (t *transcriber) item(turn int64) string {
	return fmt.Sprintf("item_%s_%d", strings.TrimPrefix(t.label.id, "sess_"), turn)
}

// hear pushes frames and says where speech begins and ends in them.
func (t *transcriber) hear(frames []audio.Frame) error {
	for i := range frames {
		speech := t.detector.Step(&frames[i]).Speech
		rule := t.config.turns
		if rule != nil && speech && !t.speaking {
			t.begin(rule)
		}
		t.heard += audio.FrameLen
		if err := t.hearing.Push(frames[i : i+1]); err != nil {
			return err
		}
		if rule != nil && t.speaking && !speech && float64(t.detector.SilenceMillis()+hangMs) >= rule.silenceMs {
			t.write(newSpeechStopped(t.heard, t.item(t.turn)))
			if err := t.endTurn(); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin says that speech begins with the next frame, and a little before.
func (t *transcriber) begin(rule *turnRule) {
	t.speaking = true
	t.from = max(t.from, t.heard-audio.Position(rule.paddingMs)*audio.RateHz/1000)
	t.write(newSpeechStarted(t.from, t.item(t.turn)))
}

// commit ends the turn because the client wants it.
func (t *transcriber) commit() *fault {
	if waits := (t.heard - t.from).Millis(); waits < leastMs {
		return invalid("", "input_audio_buffer_commit_empty", "the buffer has %d ms of sound, and at least %d are needed to commit it", waits, leastMs)
	}
	t.endTurn() // what ends the voice is said by the writing half
	return nil
}

// endTurn ends the turn behind all that was pushed.
func (t *transcriber) endTurn() error {
	t.announce()
	t.mu.Lock()
	t.lengths = append(t.lengths, t.heard-t.from)
	t.mu.Unlock()
	return t.next(t.turn)
}

// announce says that the turn's sound is complete.
func (t *transcriber) announce() {
	id := t.item(t.turn)
	shown := "conversation.item.added"
	if t.beta {
		shown = "conversation.item.created"
	}
	t.write(newCommitted(t.previous, id))
	t.write(newItemEvent(shown, t.previous, id))
	t.previous = &id
}

// next has the engine say all it has to say of the turn, and begins another.
func (t *transcriber) next(mark int64) error {
	t.turn++
	t.from, t.speaking = t.heard, false
	if err := t.hearing.Flush(); err != nil {
		return err
	}
	return t.hearing.Note(mark)
}

// clear forgets the turn. What was said of it already is not taken back.
func (t *transcriber) clear() *fault {
	if t.hearing != nil && t.heard > t.from {
		t.next(-t.turn) // what ends the voice is said by the writing half
	}
	return nil
}

// caption says what was committed of a turn, and the whole of it when it ends.
func (t *transcriber) caption(c *sotto.Caption) []event {
	if c.Mark != 0 {
		return t.complete(c.Mark)
	}
	text := t.join.join(c)
	if text == "" {
		return nil
	}
	t.text.WriteString(text)
	return []event{newItemDelta(t.item(t.writing), text)}
}

// complete ends the turn that is written, at its mark.
func (t *transcriber) complete(mark int64) (all []event) {
	if mark > 0 {
		t.mu.Lock()
		length := t.lengths[0]
		t.lengths = t.lengths[1:]
		t.mu.Unlock()
		all = []event{t.completed(length)}
	}
	t.writing++
	t.text.Reset()
	t.join = joiner{}
	return all
}

func (t *transcriber) completed(length audio.Position) event {
	return newItemCompleted(t.item(t.writing), t.text.String(), length)
}

// closed completes the turn in work, if something was said in it. Both halves
// have ended their work.
func (t *transcriber) closed() []event {
	if t.text.Len() == 0 {
		return nil
	}
	t.announce()
	return []event{t.completed(t.heard - t.from)}
}
