package wire

import (
	"encoding/json"
	"errors"
	"fmt"

	"sotto/transport/strictjson"
)

// ParseClient reads a client's text message: a *Start, *Set, *Flush, *Mark or
// *Stop. Unknown types, and whatever strictjson refuses, are errors that may be
// shown to the client.
func ParseClient(data []byte) (any, error) {
	if len(data) > MaxText {
		return nil, fmt.Errorf("text message of %d bytes, at most %d are read", len(data), MaxText)
	}
	var fields map[string]json.RawMessage
	if err := strictjson.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	var kind string
	if json.Unmarshal(fields["type"], &kind) != nil {
		return nil, errors.New(`field "type" is missing or not a string`)
	}
	var m any
	switch kind {
	case "start":
		m = new(Start)
	case "set":
		m = new(Set)
	case "flush":
		m = new(Flush)
	case "marker":
		m = new(Mark)
	case "stop":
		m = new(Stop)
	default:
		return nil, fmt.Errorf(`unknown message type %.32q; a client sends "start", "set", "flush", "marker" or "stop"`, kind)
	}
	if err := strictjson.Unmarshal(data, m); err != nil {
		return nil, err
	}
	return m, nil
}
