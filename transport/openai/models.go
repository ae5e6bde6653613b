package openai

import (
	"net/http"
	"strings"
)

// card is a model as the API lists it.
type card struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"` // when it was loaded, Unix seconds
	OwnedBy string `json:"owned_by"`
}

type cards struct {
	Object string `json:"object"`
	Data   []card `json:"data"`
}

// models lists the one model there is, or shows it under one of its names.
func (h *Handler) models(w http.ResponseWriter, name string) *problem {
	c := card{ID: h.modelID(), Object: "model", Created: h.began.Unix(), OwnedBy: "sotto"}
	switch {
	case name == "":
		writeJSON(w, http.StatusOK, cards{"list", []card{c}})
	case h.answersTo(name):
		writeJSON(w, http.StatusOK, c)
	default:
		return h.noSuchModel(name)
	}
	return nil
}

// modelID is the loaded model's name without spaces.
func (h *Handler) modelID() string {
	return strings.ReplaceAll(h.Engine.Model().Name, " ", "-")
}

// answersTo reports whether the loaded model goes by a name: its own, or one of
// OpenAI's for hearing, so that a client works with nothing changed but its
// address. Names that promise speakers are not ours to answer.
func (h *Handler) answersTo(name string) bool {
	switch {
	case strings.EqualFold(strings.ReplaceAll(name, " ", "-"), h.modelID()), strings.HasPrefix(name, "whisper-"):
		return true
	}
	return strings.HasPrefix(name, "gpt-") && strings.Contains(name, "transcribe") && !strings.Contains(name, "diarize")
}

func (h *Handler) noSuchModel(name string) *problem {
	return refuse(http.StatusNotFound, "model", "model_not_found", "The model %.64q does not exist here; this server has %s, which also answers to whisper-1 and gpt-4o-transcribe", name, h.modelID())
}
