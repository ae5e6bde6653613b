package openai

import (
	"strings"
	"testing"

	"sotto/models/gemma4"
)

const model = "whisper-1"

func TestRequestsAreReadOrRefused(t *testing.T) {
	d := openToy(t, Options{})
	d.Engine.Model().Config.Profile = gemma4.Profile{Sources: []string{"es"}, Targets: []string{"es", "en", "de"}}
	toSpanish := request{source: "es", target: "es", format: "json", segments: true}
	tests := []struct {
		name      string
		form      fields
		translate bool
		want      request // where param and message are ""
		param     string
		message   string // part of it
	}{
		{"the least", fields{"model", model}, false, toSpanish, "", ""},
		{"the model's own name", fields{"model", d.modelID()}, false, toSpanish, "", ""},
		{"what changes nothing", fields{"model", model, "prompt", "x", "temperature", "0.2", "chunking_strategy", "auto", "keywords[]", "a", "keywords[]", "b", "language", "es"}, false, toSpanish, "", ""},
		{"an object", fields{"model", model, "chunking_strategy[type]", "server_vad", "chunking_strategy[threshold]", "0.5"}, false, toSpanish, "", ""},
		{"one of languages", fields{"model", model, "languages[]", "es"}, false, toSpanish, "", ""},
		{"to English", fields{"model", model}, true, request{translate: true, source: "es", target: "en", format: "json", segments: true}, "", ""},
		{"to German", fields{"model", model, "target_language", "de", "response_format", "srt"}, true, request{translate: true, source: "es", target: "de", format: "srt", segments: true}, "", ""},
		{"to itself", fields{"model", model, "target_language", "es"}, false, toSpanish, "", ""},
		{"words", fields{"model", model, "response_format", "verbose_json", "timestamp_granularities[]", "word"}, false, request{source: "es", target: "es", format: "verbose_json", words: true}, "", ""},
		{"words and segments", fields{"model", model, "response_format", "verbose_json", "timestamp_granularities", "word", "timestamp_granularities", "segment"}, false, request{source: "es", target: "es", format: "verbose_json", words: true, segments: true}, "", ""},
		{"stream", fields{"model", model, "stream", "True"}, false, request{source: "es", target: "es", format: "json", segments: true, stream: true}, "", ""},
		{"no stream", fields{"model", model, "stream", "false", "response_format", "vtt"}, false, request{source: "es", target: "es", format: "vtt", segments: true}, "", ""},

		{"no model", fields{}, false, request{}, "model", "you must provide a model parameter"},
		{"another model", fields{"model", "gpt-5"}, false, request{}, "model", "does not exist here"},
		{"speakers", fields{"model", "gpt-4o-transcribe-diarize"}, false, request{}, "model", "does not exist here"},
		{"temperature", fields{"model", model, "temperature", "hot"}, false, request{}, "temperature", "from 0 to 1"},
		{"temperature, not a number", fields{"model", model, "temperature", "NaN"}, false, request{}, "temperature", "from 0 to 1"},
		{"too warm", fields{"model", model, "temperature", "1.5"}, false, request{}, "temperature", "from 0 to 1"},
		{"logprobs", fields{"model", model, "include[]", "logprobs"}, false, request{}, "include", "leave it out"},
		{"format", fields{"model", model, "response_format", "diarized_json"}, false, request{}, "response_format", "choose one of json, text, srt, verbose_json, vtt"},
		{"stream of what", fields{"model", model, "stream", "maybe"}, false, request{}, "stream", "neither true nor false"},
		{"stream of cues", fields{"model", model, "stream", "true", "response_format", "srt"}, false, request{}, "response_format", "cannot be streamed"},
		{"words of text", fields{"model", model, "timestamp_granularities[]", "word"}, false, request{}, "timestamp_granularities", "needs response_format verbose_json"},
		{"letters", fields{"model", model, "response_format", "verbose_json", "timestamp_granularities[]", "letter"}, false, request{}, "timestamp_granularities", "choose word, segment or both"},
		{"a language it does not hear", fields{"model", model, "language", "en"}, false, request{}, "language", "does not hear it; it does es"},
		{"no language", fields{"model", model, "language", "xx"}, true, request{}, "language", `"xx"`},
		{"several languages", fields{"model", model, "languages[]", "es", "languages[]", "en"}, false, request{}, "languages", "name it with language"},
		{"a language it does not write", fields{"model", model, "target_language", "ja"}, true, request{}, "target_language", "does not write it; it does es, en, de"},
		{"a translation at the wrong door", fields{"model", model, "target_language", "en"}, false, request{}, "target_language", translations},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, p := d.request(byName(tt.form), tt.translate)
			switch {
			case p == nil && (tt.message != "" || *got != tt.want):
				t.Errorf("read as %+v, want %+v or %q", *got, tt.want, tt.message)
			case p != nil && (tt.message == "" || p.Body.Param == nil || *p.Body.Param != tt.param || !strings.Contains(p.Body.Message, tt.message)):
				t.Errorf("refused with %q, want %q about %q", p.Body.Message, tt.message, tt.param)
			}
		})
	}
}

// byName sorts fields as receive does.
func byName(f fields) map[string][]string {
	all := make(map[string][]string)
	for i := 0; i+1 < len(f); i += 2 {
		name := strings.TrimSuffix(f[i], "[]")
		all[name] = append(all[name], f[i+1])
	}
	return all
}

// A model that hears any language has to be told which.
func TestTheLanguageHasToBeKnown(t *testing.T) {
	d := openToy(t, Options{})
	d.Engine.Model().Config.Profile = gemma4.Profile{}
	tests := []struct {
		form    fields
		message string
	}{
		{fields{"model", model, "language", "pt"}, ""},
		{fields{"model", model}, "name it, such as language=es"},
		{fields{"model", model, "language", "Spanish"}, `write "es"`},
		{fields{"model", model, "language", strings.Repeat("q", maxField)}, "unknown language"},
	}
	for _, tt := range tests {
		_, p := d.request(byName(tt.form), true)
		if (p == nil) != (tt.message == "") || p != nil && (!strings.Contains(p.Body.Message, tt.message) || *p.Body.Param != "language" || len(p.Body.Message) > 500) {
			t.Errorf("%.60q: %v, want %q", tt.form, p, tt.message)
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("response_format", "verbose_json", "timestamp_granularities[]", "word", true)
	f.Add("language", "es", "target_language", "de", true)
	f.Add("temperature", "1e-3", "stream", "1", false)
	d := openToy(f, Options{})
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string, translate bool) {
		q, p := d.request(byName(fields{"model", model, name1, value1, name2, value2}), translate)
		if p != nil {
			if p.status < 400 || p.status > 499 || p.Body.Message == "" {
				t.Fatalf("refused with %d %q", p.status, p.Body.Message)
			}
			return
		}
		if q.stream && q.format != "json" && q.format != "text" || q.translate != translate {
			t.Fatalf("read as %+v", q)
		}
		session, err := d.Engine.Open(q.options())
		if err != nil {
			t.Fatalf("%+v is no session: %v", q, err)
		}
		session.Close()
	})
}
