package openai

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sotto/decoder/prompt"
	"sotto/transport/voice"
)

// The fields of the API, and ours: target_language. Those that only guide other
// models, prompt, keywords, temperature and chunking_strategy, change nothing.
var (
	singles = []string{"model", "language", "target_language", "prompt", "response_format", "temperature", "stream", "chunking_strategy"}
	lists   = []string{"timestamp_granularities", "include", "languages", "keywords", "known_speaker_names", "known_speaker_references"}
)

var formats = []string{"json", "text", "srt", "verbose_json", "vtt"}

// request is what a form asks for.
type request struct {
	translate       bool
	source, target  string // language codes; the same: a transcript
	format          string // of the reply, one of formats
	words, segments bool   // what verbose_json lists
	stream          bool
}

// request reads the fields of a form.
func (h *Handler) request(fields map[string][]string, translate bool) (*request, *problem) {
	q := &request{translate: translate}
	for _, step := range []func(map[string][]string) *problem{h.checkModel, h.checkIgnored, q.readFormat, q.readStream, q.readGranularities} {
		if p := step(fields); p != nil {
			return nil, p
		}
	}
	return q, h.readLanguages(q, fields)
}

// one returns the value of a field that comes once.
func one(fields map[string][]string, name string) string {
	if v := fields[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (h *Handler) checkModel(fields map[string][]string) *problem {
	name := one(fields, "model")
	switch {
	case name == "":
		return refuse(http.StatusBadRequest, "model", "", "you must provide a model parameter, such as whisper-1")
	case !h.answersTo(name):
		return h.noSuchModel(name)
	}
	return nil
}

// checkIgnored looks at fields that change nothing, and refuses those whose
// client would wait for something that does not come.
func (h *Handler) checkIgnored(fields map[string][]string) *problem {
	if v := one(fields, "temperature"); v != "" {
		if t, err := strconv.ParseFloat(v, 64); err != nil || !(t >= 0 && t <= 1) {
			return bad("temperature", "temperature %.32q is no number from 0 to 1; leave it out", v)
		}
	}
	for _, name := range []string{"include", "known_speaker_names", "known_speaker_references"} {
		if len(fields[name]) > 0 {
			return bad(name, "%s is not supported: there are no log probabilities and no speakers here; leave it out", name)
		}
	}
	return nil
}

func (q *request) readFormat(fields map[string][]string) *problem {
	q.format = one(fields, "response_format")
	if q.format == "" {
		q.format = "json"
	}
	if !slices.Contains(formats, q.format) {
		return bad("response_format", "response_format %.32q is not supported; choose one of %s", q.format, strings.Join(formats, ", "))
	}
	return nil
}

func (q *request) readStream(fields map[string][]string) *problem {
	v := one(fields, "stream")
	if v == "" {
		return nil
	}
	var err error
	if q.stream, err = strconv.ParseBool(v); err != nil {
		return bad("stream", "stream %.32q is neither true nor false", v)
	}
	if q.stream && q.format != "json" && q.format != "text" {
		return bad("response_format", "response_format %s cannot be streamed; leave stream out, or choose json", q.format)
	}
	return nil
}

func (q *request) readGranularities(fields map[string][]string) *problem {
	const name = "timestamp_granularities"
	wanted := fields[name]
	if len(wanted) > 0 && q.format != "verbose_json" {
		return bad(name, "%s needs response_format verbose_json", name)
	}
	q.segments = len(wanted) == 0
	for _, v := range wanted {
		switch v {
		case "word":
			q.words = true
		case "segment":
			q.segments = true
		default:
			return bad(name, "%s has %.32q; choose word, segment or both", name, v)
		}
	}
	return nil
}

// readLanguages finds out what is spoken and what is wanted. Nobody listens for
// the language: a model that hears several has to be told.
func (h *Handler) readLanguages(q *request, fields map[string][]string) *problem {
	profile := &h.Engine.Model().Config.Profile
	param := "language"
	q.source = one(fields, param)
	if list := fields["languages"]; q.source == "" && len(list) > 0 {
		param, q.source = "languages", list[0]
		if len(list) > 1 {
			return bad(param, "languages lists %d and which is spoken is not found out here; name it with language", len(list))
		}
	}
	q.source = voice.Spoken(h.Engine, q.source, h.opt.Source)
	if q.source == "" {
		return bad(param, "which language is spoken is not found out here; name it, such as language=es (a client of translations: as an extra field)")
	}
	if p := checkLanguage(param, q.source, "hear", profile.Sources); p != nil {
		return p
	}
	return q.readTarget(one(fields, "target_language"), profile.Targets)
}

func (q *request) readTarget(wanted string, targets []string) *problem {
	const param = "target_language"
	q.target = q.source
	switch {
	case !q.translate && wanted != "" && wanted != q.source:
		return bad(param, "a transcription is in the language that is spoken; for %.32q send the recording to %s", wanted, translations)
	case !q.translate:
		return checkLanguage("language", q.source, "write", targets)
	case wanted == "":
		wanted = "en"
	}
	q.target = wanted
	return checkLanguage(param, q.target, "write", targets)
}

// checkLanguage checks a code against those that the model knows; nil: all there are.
func checkLanguage(param, code, verb string, known []string) *problem {
	_, err := prompt.Name(code)
	switch {
	case known != nil && !slices.Contains(known, code):
		return bad(param, "%s %.32q: this model does not %s it; it does %s", param, code, verb, strings.Join(known, ", "))
	case err != nil:
		return bad(param, "%s: %v; use codes of ISO 639-1, such as es", param, err)
	}
	return nil
}
