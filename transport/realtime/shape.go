package realtime

import "time"

// shape is a JSON object of ours.
type shape = map[string]any

// label is what a session is called.
type label struct {
	id, model string
	expires   time.Time
}

func newLabel(model string, now time.Time) label {
	return label{newID("sess"), model, now.Add(longest)}
}

// session is the configuration as clients read it.
func (c *config) session(l label) shape {
	input := shape{"language": c.source, "noise_reduction": orNull(c.noise, shape{"type": c.noise}), "transcription": nil}
	audio := shape{"input": input}
	s := shape{"id": l.id, "type": c.kind, "expires_at": l.expires.Unix(), "audio": audio}
	if c.kind == translation {
		s["model"], audio["output"] = l.model, shape{"language": c.target}
		if c.wanted {
			input["transcription"] = shape{"model": c.model}
		}
		return s
	}
	s["object"] = "realtime.transcription_session"
	input["format"] = shape{"type": pcm, "rate": c.rate}
	input["transcription"] = c.transcription()
	input["turn_detection"] = c.turnDetection()
	if c.target != "" {
		audio["output"] = shape{"language": c.target}
	}
	return s
}

// beta is a transcription session as it was before there were other kinds.
func (c *config) beta(l label) shape {
	return shape{
		"id": l.id, "object": "realtime.transcription_session", "expires_at": l.expires.Unix(),
		"input_audio_format": "pcm16", "input_audio_transcription": c.transcription(),
		"input_audio_noise_reduction": orNull(c.noise, shape{"type": c.noise}),
		"turn_detection":              c.turnDetection(), "client_secret": nil,
	}
}

func (c *config) transcription() shape {
	return shape{"model": c.model, "language": c.source, "prompt": c.prompt}
}

func (c *config) turnDetection() any {
	if c.turns == nil {
		return nil
	}
	return shape{
		"type": c.turns.kind, "threshold": c.turns.threshold,
		"prefix_padding_ms": int(c.turns.paddingMs), "silence_duration_ms": int(c.turns.silenceMs),
	}
}

// orNull is v unless there is no text.
func orNull(text string, v any) any {
	if text == "" {
		return nil
	}
	return v
}
