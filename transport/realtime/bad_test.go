package realtime

import (
	"encoding/json"
	"strings"
	"testing"

	"sotto/transport/doortest"
)

// Bad events are answered, change nothing, and the session goes on.
func TestBadEvents(t *testing.T) {
	session := func(s string) string { return `{"type":"session.update","event_id":"mine","session":` + s + `}` }
	in := func(s string) string { return session(`{"audio":{"input":` + s + `}}`) }
	const audioIn = "session.audio.input."
	tests := []struct{ path, event, code, param, message string }{
		{"", ``, "invalid_json", "", "cannot be read as one JSON object"},
		{"", `{"type":`, "invalid_json", "", "cannot be read"},
		{"", `{} {}`, "invalid_json", "", "more follows"},
		{"", `[]`, "invalid_json", "", "cannot be read"},
		{"", `null`, "invalid_json", "", "null"},
		{"", strings.Repeat(`{"a":`, 20000), "invalid_json", "", "depth"},
		{"", `{}`, missing, "type", "'session.close'"},
		{"", `{"type":7,"event_id":"mine"}`, "invalid_type", "type", "want a string"},
		{"", `{"type":"session.close","event_id":7}`, "invalid_type", "event_id", "want a string"},
		{"", `{"type":"response.create","event_id":"mine"}`, "invalid_value", "type", `"response.create"`},
		{"", `{"type":"input_audio_buffer.append","audio":"","event_id":"mine"}`, "invalid_value", "type", "session.input_audio_buffer.append"},
		{"", `{"type":"session.update","event_id":"mine"}`, missing, "session", "members to change"},
		{"", session(`7`), "invalid_type", "session", "want an object"},
		{"", session(`{"type":"realtime"}`), "invalid_value", "session.type", `"realtime"`},
		{"", session(`{"audio":[]}`), "invalid_type", "session.audio", "want an object"},
		{"", session(`{"audio":{"output":{"language":"ja"}}}`), "invalid_value", "session.audio.output.language", "de"},
		{"", session(`{"audio":{"output":{"language":7}}}`), "invalid_type", "session.audio.output.language", "want a string"},
		{"", in(`{"language":"xx"}`), "invalid_value", audioIn + "language", "does not hear"},
		{"", in(`{"transcription":"es"}`), "invalid_type", audioIn + "transcription", "want an object"},
		{"", in(`{"transcription":{"model":"gpt-4o-transcribe-diarize"}}`), "invalid_value", audioIn + "transcription.model", "no speakers"},
		{"", in(`{"format":{"type":"audio/pcmu"}}`), "invalid_value", audioIn + "format.type", "audio/pcm"},
		{"", in(`{"format":{"rate":1e300}}`), "invalid_value", audioIn + "format.rate", "from 8000 to 48000"},
		{"", `{"type":"session.input_audio_buffer.append","event_id":"mine"}`, missing, "audio", "base64"},
		{"", `{"type":"session.input_audio_buffer.append","audio":7,"event_id":"mine"}`, "invalid_type", "audio", "want a string"},
		{"", `{"type":"session.input_audio_buffer.append","audio":"****","event_id":"mine"}`, "invalid_value", "audio", "base64"},
		{"", `{"type":"session.input_audio_buffer.append","audio":"AAA","event_id":"mine"}`, "invalid_value", "audio", "base64"},
		{transcriptions, `{"type":"session.close","event_id":"mine"}`, "invalid_value", "type", "input_audio_buffer.append"},
		{transcriptions, commitTurn, "input_audio_buffer_commit_empty", "", "0 ms"},
		{transcriptions, session(`{"type":"translation"}`), "invalid_value", "session.type", translations},
		{transcriptions, session(`{"include":["item.input_audio_transcription.logprobs"]}`), "invalid_value", "session.include", "log probabilities"},
		{transcriptions, session(`{"input_audio_format":"g711_ulaw"}`), "invalid_value", "session.input_audio_format", "pcm16"},
		{transcriptions, in(`{"turn_detection":{"type":"none"}}`), "invalid_value", audioIn + "turn_detection.type", "null turns it off"},
		{transcriptions, in(`{"turn_detection":{"silence_duration_ms":-1}}`), "invalid_value", audioIn + "turn_detection.silence_duration_ms", "from 0 to 10000"},
		{transcriptions, in(`{"turn_detection":{"threshold":"high"}}`), "invalid_type", audioIn + "turn_detection.threshold", "want a number"},
	}
	d := openDoor(t, doortest.Pocket(t, 1))
	clients := map[string]*client{"": d.dial(t, translations), transcriptions: d.dial(t, transcriptions)}
	fine := func(c *client) string {
		c.say(`{"type":"session.update","session":{},"of nobody's interest":[[{}]]}`)
		e := c.next()
		if e.Type != "session.updated" {
			t.Fatalf("a good event gets %s", e.raw)
		}
		return string(e.Session)
	}
	for _, tt := range tests {
		c := clients[tt.path]
		before := fine(c)
		c.say(tt.event)
		e := c.next()
		if e.Type != "error" || e.Error.Type != "invalid_request_error" || e.Error.Code != tt.code || e.Error.Param != tt.param || !strings.Contains(e.Error.Message, tt.message) {
			t.Errorf("%.80s gets %s\nwant %s, %s, %s", tt.event, e.raw, tt.code, tt.param, tt.message)
		}
		if mine := strings.Contains(tt.event, `"mine"`); mine != (e.Error.EventID == "mine") {
			t.Errorf("%.80s is answered to %q", tt.event, e.Error.EventID)
		}
		if after := fine(c); after != before {
			t.Errorf("%.80s changes\n%s to\n%s", tt.event, before, after)
		}
	}
	for _, c := range clients {
		c.socket.WriteMessage(2, []byte("sound"))
		if e := c.next(); e.Error.Code != "invalid_message" {
			t.Errorf("a binary message gets %s", e.raw)
		}
		fine(c)
	}
}

// Members that the API has, or will have, are passed over.
func TestWhatOthersUnderstandIsPassedOver(t *testing.T) {
	d := openDoor(t, doortest.Pocket(t, 1))
	for path, session := range map[string]string{
		translations:   `{"type":"translation","instructions":"x","audio":{"output":{"voice":"alloy","language":"pt-BR","format":null},"input":{"noise_reduction":{"type":"far_field","strength":1}}}}`,
		transcriptions: `{"type":"transcription","include":null,"audio":{"output":null,"input":{"noise_reduction":null,"format":{"type":"audio/pcm"},"transcription":{"model":"gpt-live-transcribe","delay":"low","keywords":["x"],"language":"es"},"turn_detection":{"type":"semantic_vad","eagerness":"high","interrupt_response":false}}}}`,
	} {
		session = strings.Replace(session, "pt-BR", "de-CH", 1)
		c := d.dial(t, path)
		c.say(`{"type":"session.update","session":` + session + `}`)
		e := c.next()
		if e.Type != "session.updated" {
			t.Errorf("%s gets %s", session, e.raw)
		}
		var all map[string]any
		if err := json.Unmarshal(e.Session, &all); err != nil || strings.Contains(string(e.Session), "CH") {
			t.Errorf("%s, %v", e.Session, err)
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, s := range []string{
		`{"type":"session.update","session":{"audio":{"input":{"turn_detection":{"threshold":0.5}}}}}`,
		`{"type":"session.update","session":{"input_audio_format":"pcm16","include":[]}}`, `{"session":{"audio":{"input":[]}}}`, `{`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		message, fault := parse([]byte(s))
		if fault != nil {
			return
		}
		for _, kind := range []string{translation, transcription} {
			c := newConfig(kind)
			if c.read(message.at("session")) == nil && (c.rate < 8000 || c.rate > 48000 || c.turns != nil && c.turns.silenceMs < 0) {
				t.Errorf("%q gives %+v", s, c)
			}
		}
	})
}
