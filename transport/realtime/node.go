package realtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// node is a place in a client's JSON: a value, null, or nothing. Members that
// nobody asks for are not looked at, as in the API.
type node struct {
	value any
	there bool
	path  string
	first *fault // the first value of a wrong type in the whole message
}

// parse reads one JSON object.
func parse(data []byte) (node, *fault) {
	d := json.NewDecoder(bytes.NewReader(data))
	var members map[string]any
	err := d.Decode(&members)
	if err == nil {
		if _, next := d.Token(); next != io.EOF {
			err = errors.New("more follows behind the object")
		}
	}
	switch {
	case err != nil:
		return node{}, invalid("", "invalid_json", "the message cannot be read as one JSON object: %.200v", err)
	case members == nil:
		return node{}, invalid("", "invalid_json", "the message is null, want an object")
	}
	return node{members, true, "", new(fault)}, nil
}

// at returns a member of an object.
func (n node) at(name string) node {
	m := node{path: strings.TrimPrefix(n.path+"."+name, "."), first: n.first}
	if members, ok := n.value.(map[string]any); ok {
		m.value, m.there = members[name]
	} else if n.value != nil {
		n.wrong("an object")
	}
	return m
}

// given reports whether the place holds anything but null.
func (n node) given() bool { return n.value != nil }

// null reports whether null was written.
func (n node) null() bool { return n.there && n.value == nil }

func (n node) wrong(want string) {
	if *n.first == (fault{}) {
		*n.first = *invalid(n.path, "invalid_type", "invalid type for '%s': want %s", n.path, want)
	}
}

// fault returns what was wrong in the message so far, nil for nothing.
func (n node) fault() *fault {
	if *n.first == (fault{}) {
		return nil
	}
	return n.first
}

// text puts a string into its place, if there is one.
func (n node) text(into *string) {
	switch v := n.value.(type) {
	case nil:
	case string:
		*into = v
	default:
		n.wrong("a string")
	}
}

// number puts a number within bounds into its place, if there is one.
func (n node) number(into *float64, least, most float64) {
	switch v := n.value.(type) {
	case nil:
	case float64:
		if v < least || v > most {
			n.refuse("%v is not from %v to %v", v, least, most)
			return
		}
		*into = v
	default:
		n.wrong("a number")
	}
}

// refuse says what is wrong with the value.
func (n node) refuse(format string, args ...any) {
	if *n.first == (fault{}) {
		*n.first = *invalid(n.path, "invalid_value", "invalid value for '"+n.path+"': "+format, args...)
	}
}
