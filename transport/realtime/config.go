package realtime

import (
	"slices"
	"strings"

	"sotto/decoder/prompt"
	"sotto/transport/voice"
)

const (
	translation   = "translation"
	transcription = "transcription"

	pcm         = "audio/pcm"
	serverVAD   = "server_vad"
	semanticVAD = "semantic_vad"

	usualRate = 24000 // samples a second
)

// config is what a client has told a session.
type config struct {
	kind           string // translation or transcription
	source, target string // language codes; of a transcription, target may be "": the source
	rate           int    // of the sound, samples a second
	wanted         bool   // of a translation: also the text in the language spoken
	noise          string // near_field or far_field; "": none. It is only told back
	model, prompt  string // of the text in the language spoken; they are only told back
	turns          *turnRule
}

// turnRule says how turns are found; without one the client says where they end.
type turnRule struct {
	kind      string  // server_vad or semantic_vad
	threshold float64 // only told back: ours needs none
	paddingMs float64 // heard before a turn's first speech
	silenceMs float64 // after which it ends
}

func newConfig(kind string) config {
	c := config{kind: kind, rate: usualRate}
	if kind == transcription {
		c.turns = newTurnRule()
	}
	return c
}

func newTurnRule() *turnRule { return &turnRule{serverVAD, 0.5, 300, 500} }

// read takes over what a client says about its session. Members that are not
// ours to know are passed over, as the API does.
func (c *config) read(session node) *fault {
	kind := c.kind
	session.at("type").text(&kind)
	if kind != c.kind {
		session.at("type").refuse("this is a %s session, and %.32q is none; a translation is at %s", c.kind, kind, translations)
	}
	c.readAudio(session.at("audio"))
	if c.kind == transcription {
		c.readBeta(session)
		if session.at("include").given() {
			session.at("include").refuse("there are no log probabilities here; leave it out")
		}
	}
	return session.fault()
}

// readAudio reads the members that both kinds share. Two of them are ours:
// input.language, and output.language of a transcription.
func (c *config) readAudio(n node) {
	input := n.at("input")
	if c.kind == translation && input.at("transcription").there {
		c.wanted = input.at("transcription").given()
	}
	c.readTranscription(input.at("transcription"))
	language(input.at("language"), &c.source)
	language(n.at("output").at("language"), &c.target)
	c.readFormat(input.at("format"))
	c.readNoise(input.at("noise_reduction"))
	if c.kind == transcription {
		c.readTurns(input.at("turn_detection"))
	}
}

// readBeta reads the members that transcription sessions had before there were
// other kinds.
func (c *config) readBeta(session node) {
	format := "pcm16"
	session.at("input_audio_format").text(&format)
	if format != "pcm16" {
		session.at("input_audio_format").refuse("%.32q is not heard here; send pcm16", format)
	}
	c.readTranscription(session.at("input_audio_transcription"))
	c.readNoise(session.at("input_audio_noise_reduction"))
	c.readTurns(session.at("turn_detection"))
}

func (c *config) readTranscription(n node) {
	n.at("model").text(&c.model)
	n.at("prompt").text(&c.prompt)
	language(n.at("language"), &c.source)
	if strings.Contains(c.model, "diarize") {
		n.at("model").refuse("there are no speakers here; choose a model without diarize")
	}
}

func (c *config) readFormat(n node) {
	kind, rate := pcm, float64(c.rate)
	n.at("type").text(&kind)
	n.at("rate").number(&rate, 8000, 48000)
	if c.rate = int(rate); kind != pcm {
		n.at("type").refuse("%.32q is not heard here; send %s: 16-bit, little-endian, one channel", kind, pcm)
	}
}

func (c *config) readNoise(n node) {
	if n.there {
		c.noise = ""
	}
	n.at("type").text(&c.noise)
}

func (c *config) readTurns(n node) {
	if n.null() {
		c.turns = nil
	}
	if !n.given() {
		return
	}
	rule := newTurnRule()
	if c.turns != nil {
		*rule = *c.turns
	}
	n.at("type").text(&rule.kind)
	if rule.kind != serverVAD && rule.kind != semanticVAD {
		n.at("type").refuse("%.32q is neither %s nor %s; null turns it off", rule.kind, serverVAD, semanticVAD)
	}
	n.at("threshold").number(&rule.threshold, 0, 1)
	n.at("prefix_padding_ms").number(&rule.paddingMs, 0, 10000)
	n.at("silence_duration_ms").number(&rule.silenceMs, 0, 10000)
	c.turns = rule
}

// language reads a code. The region of one such as "pt-BR" is left out: the model
// knows languages alone.
func language(n node, into *string) {
	n.text(into)
	if n.given() {
		base, _, _ := strings.Cut(*into, "-")
		*into = strings.ToLower(base)
	}
}

// check finds out whether the model knows the languages, and puts in those that
// nobody has named.
func (h *Handler) check(c *config) *fault {
	engine := h.opt.Hall.Engine
	profile := &engine.Model().Config.Profile
	c.source = voice.Spoken(engine, c.source, h.opt.Source)
	if c.target == "" && c.kind == translation {
		c.target = usualTarget(profile.Targets)
	}
	const input, output = "session.audio.input.language", "session.audio.output.language"
	if c.source == "" {
		return invalid(input, missing, "which language is spoken is not found out here: name it with source=es in the address or in %s; or the server's owner does with the key source", input)
	}
	if f := checkLanguage(input, c.source, "hear", profile.Sources); f != nil {
		return f
	}
	return checkLanguage(output, c.languages()[0], "write", profile.Targets)
}

// usualTarget is the language of a translation that nobody has named.
func usualTarget(known []string) string {
	if known != nil && !slices.Contains(known, "en") {
		return known[0]
	}
	return "en"
}

// checkLanguage checks a code against those that the model knows; nil: all there are.
func checkLanguage(param, code, verb string, known []string) *fault {
	_, err := prompt.Name(code)
	switch {
	case known != nil && !slices.Contains(known, code):
		return invalid(param, "invalid_value", "this model does not %s %.32q; it does %s", verb, code, strings.Join(known, ", "))
	case err != nil:
		return invalid(param, "invalid_value", "%v; use codes of ISO 639-1, such as es", err)
	}
	return nil
}

// languages are those the voice is written in, the wanted one first. A
// translation into the language that is spoken is its transcript.
func (c *config) languages() []string {
	switch {
	case c.target == "" || c.target == c.source:
		return []string{c.source}
	case c.wanted:
		return []string{c.target, c.source}
	}
	return []string{c.target}
}
