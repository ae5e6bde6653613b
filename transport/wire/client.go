package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a message's objects and lists may be nested.
const maxDepth = 8

// ParseClient reads a client's text message: a *Start, *Set, *Flush, *Mark or
// *Stop. Unknown types and fields, fields given twice, also in another case, and
// whatever is no JSON are refused, with an error that may be shown to the client.
func ParseClient(data []byte) (any, error) {
	switch {
	case len(data) > MaxText:
		return nil, fmt.Errorf("text message of %d bytes, at most %d are read", len(data), MaxText)
	case !utf8.Valid(data):
		return nil, errors.New("text message is not UTF-8")
	}
	if err := scan(data); err != nil {
		return nil, err
	}
	var head struct {
		Type any `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, readable(err)
	}
	kind, ok := head.Type.(string)
	if !ok {
		return nil, errors.New(`field "type" is missing or not a string`)
	}
	switch kind {
	case "start":
		return strict(data, new(Start))
	case "set":
		return strict(data, new(Set))
	case "flush":
		return strict(data, new(Flush))
	case "marker":
		return strict(data, new(Mark))
	case "stop":
		return strict(data, new(Stop))
	}
	return nil, fmt.Errorf(`unknown message type %.32q; a client sends "start", "set", "flush", "marker" or "stop"`, kind)
}

// scan reads one JSON object for what the decoder would let through.
func scan(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // which of them are too large is for the fields to say
	t, err := d.Token()
	if err != nil || t != json.Delim('{') {
		return errors.New("text message is not a JSON object")
	}
	if err := scanObject(d, 1); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text message goes on after its JSON object")
	}
	return nil
}

// scanObject reads on to the end of an object and refuses doubled fields.
func scanObject(d *json.Decoder, depth int) error {
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return broken(d)
		}
		name := t.(string) // a key: the decoder allows nothing else here
		key := strings.ToLower(name)
		switch {
		case seen[key]:
			return fmt.Errorf("field %.32q is given twice", name)
		case strings.ContainsFunc(name, foreign):
			return fmt.Errorf("unknown field %.32q", name)
		}
		seen[key] = true
		if err := scanValue(d, depth); err != nil {
			return err
		}
	}
	return closing(d)
}

// foreign letters are in no field's name, but the decoder takes some for others.
func foreign(c rune) bool { return 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf }

func scanValue(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return broken(d)
	}
	switch {
	case t != json.Delim('{') && t != json.Delim('['):
		return nil
	case depth == maxDepth:
		return fmt.Errorf("text message is nested deeper than %d", maxDepth)
	case t == json.Delim('{'):
		return scanObject(d, depth+1)
	}
	for d.More() {
		if err := scanValue(d, depth+1); err != nil {
			return err
		}
	}
	return closing(d)
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return broken(d)
	}
	return nil
}

func broken(d *json.Decoder) error {
	return fmt.Errorf("text message is not valid JSON near byte %d", d.InputOffset())
}

// strict decodes data into the message m points to.
func strict(data []byte, m any) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, readable(err)
	}
	return m, nil
}

// readable turns a decoder's error into a sentence about the message.
func readable(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("field %q must be of type %s, not a %s", kind.Field, kind.Type, kind.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("unknown field %.40s", name)
	}
	return errors.New("text message is not valid JSON")
}
