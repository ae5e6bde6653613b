package wyoming

import (
	"errors"

	"sotto/transport/line"
	"sotto/transport/voice"
)

type started struct {
	Language string `json:"language"`
}

type chunk struct {
	Text string `json:"text"`
}

type whole struct {
	Text     string `json:"text"`
	Language string `json:"language"`
}

// failure is an error event, behind which the connection is closed.
type failure struct {
	Text string `json:"text"`
	Code string `json:"code"`
}

func failureFor(end error) *failure {
	var no *voice.Refusal
	var bad *wrong
	switch {
	case end == line.ErrGone:
		return &failure{Code: "gone"}
	case errors.As(end, &no):
		return &failure{no.Message, string(no.Code)}
	case errors.As(end, &bad):
		return &failure{bad.text, "event"}
	case end == line.ErrIdle:
		return &failure{"nothing came for too long", "idle"}
	case end == line.ErrStopping, end == line.ErrLate:
		return &failure{"the server loads its model or stops; connect again in a few seconds", "stopping"}
	}
	return &failure{"the server failed on this voice; its log says more", "internal"}
}
