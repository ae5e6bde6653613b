package realtime

import (
	"sync/atomic"

	"sotto"
	"sotto/audio"
)

// translator is a session that translates all it hears until it is closed.
type translator struct {
	*visit
	echoed, wanted atomic.Bool // the translation is the transcript; the transcript is wanted

	output, input joiner // the writing half owns them
}

func newTranslator(v *visit) *translator {
	t := &translator{visit: v}
	t.adopted()
	return t
}

func (t *translator) adopted() {
	t.echoed.Store(t.config.target == t.config.source)
	t.wanted.Store(t.config.wanted)
}

func (t *translator) created() event {
	return newSession("session.created", t.config.session(t.label))
}

func (t *translator) obey(kind string, message node) ([]event, *fault) {
	switch kind {
	case "session.update":
		if f := t.update(message.at("session")); f != nil {
			return nil, f
		}
		t.adopted()
		return []event{newSession("session.updated", t.config.session(t.label))}, nil
	case "session.input_audio_buffer.append":
		return nil, t.append(message.at("audio"))
	case "session.close":
		t.end = &endClosed
		return nil, nil
	}
	return nil, unknownType(kind, "session.update", "session.input_audio_buffer.append", "session.close")
}

// hear pushes frames; nothing is to be said about them.
func (t *translator) hear(frames []audio.Frame) error {
	return t.hearing.Push(frames)
}

// caption says what was committed.
func (t *translator) caption(c *sotto.Caption) (all []event) {
	source := c.Language == t.source
	if !source || t.echoed.Load() {
		if text := t.output.join(c); text != "" {
			all = append(all, newDelta("session.output_transcript.delta", text, c.Heard))
		}
	}
	if source && t.wanted.Load() {
		if text := t.input.join(c); text != "" {
			all = append(all, newDelta("session.input_transcript.delta", text, c.Heard))
		}
	}
	return all
}

func (t *translator) closed() []event { return []event{plain("session.closed")} }
