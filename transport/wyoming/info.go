package wyoming

import (
	"slices"
	"strings"

	"sotto"
	"sotto/decoder/prompt"
)

type info struct {
	ASR []program `json:"asr"`
}

// artifact is what programs and models have.
type artifact struct {
	Name        string      `json:"name"`
	Attribution attribution `json:"attribution"`
	Installed   bool        `json:"installed"`
	Description string      `json:"description"`
	Version     string      `json:"version"`
}

type attribution struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type program struct {
	artifact
	Models    []model `json:"models"`
	Streaming bool    `json:"supports_transcript_streaming"`
	// NeedsVAD says that the client has to find the end of what is said.
	NeedsVAD bool `json:"requires_external_vad"`
	WantsAGC bool `json:"prefers_auto_gain_enabled"`
	WantsNR  bool `json:"prefers_noise_reduction_enabled"`
}

type model struct {
	artifact
	Languages []string `json:"languages"`
}

// Models are a way to say what is wanted, since the protocol has no word for the
// language of a translation: the first writes down what is spoken, the others
// translate.
const (
	transcript = "transcript"
	to         = "to-"
)

// newInfo describes the loaded model.
func newInfo(engine *sotto.Engine) *info {
	loaded := engine.Model()
	profile := loaded.Config.Profile
	languages, targets := orAll(profile.Sources), orAll(profile.Targets)
	p := program{artifact: described("sotto", profile.Description), Streaming: true, NeedsVAD: true}
	p.Models = append(p.Models, model{described(transcript, loaded.Name+" writes what is said"), languages})
	for _, target := range targets {
		if !slices.Equal(languages, []string{target}) {
			p.Models = append(p.Models, model{described(to+target, loaded.Name+" translates to "+target), languages})
		}
	}
	return &info{ASR: []program{p}}
}

// orAll lists every language where a model knows no bounds.
func orAll(languages []string) []string {
	if len(languages) == 0 {
		return prompt.Codes()
	}
	return languages
}

func described(name, text string) artifact {
	return artifact{Name: name, Attribution: attribution{Name: "sotto"}, Installed: true, Description: text, Version: "1"}
}

// targetOf returns the language that a model's name asks for, "" for that which is
// spoken.
func targetOf(name string) (target string, known bool) {
	if name == "" || name == transcript {
		return "", true
	}
	return strings.CutPrefix(name, to)
}
