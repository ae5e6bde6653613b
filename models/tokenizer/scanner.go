package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// scanner walks JSON without building it. encoding/json needs seconds for the
// quarter of a million entries of Gemma's vocabulary.
type scanner struct {
	data []byte
	pos  int
}

// maxDepth bounds nesting.
const maxDepth = 64

func (s *scanner) fail(want string) error {
	return fmt.Errorf("byte %d: want %s", s.pos, want)
}

// peek returns the next byte that is not white space, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.peek(); s.pos < len(s.data) {
		return s.fail("the end")
	}
	return nil
}

// object calls field for each key, with the scanner at its value.
func (s *scanner) object(field func(key string) error) error {
	if !s.take('{') {
		return s.fail("an object")
	}
	return s.list('}', func() error {
		key, err := s.string()
		if err != nil {
			return err
		}
		if !s.take(':') {
			return s.fail("a colon")
		}
		return field(key)
	})
}

// array calls element at each value.
func (s *scanner) array(element func() error) error {
	if !s.take('[') {
		return s.fail("an array")
	}
	return s.list(']', element)
}

func (s *scanner) list(end byte, item func() error) error {
	if s.take(end) {
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.take(end) {
			return nil
		}
		if !s.take(',') {
			return s.fail("a comma")
		}
	}
}

// string reads a string into memory of its own.
func (s *scanner) string() (string, error) {
	text, err := s.text()
	return string(text), err
}

// text reads a string; the common ones without escapes share the scanner's data.
func (s *scanner) text() ([]byte, error) {
	raw, err := s.rawString()
	if err != nil {
		return nil, err
	}
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return inner, nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, s.fail("a valid string before it")
	}
	return []byte(text), nil
}

// rawString returns a string with its quotes.
func (s *scanner) rawString() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.fail("a string")
	}
	start := s.pos
	for i := start + 1; i < len(s.data); i++ {
		switch s.data[i] {
		case '\\':
			i++
		case '"':
			s.pos = i + 1
			return s.data[start:s.pos], nil
		}
	}
	return nil, s.fail("a string that ends")
}

func (s *scanner) int() (int, error) {
	s.peek()
	start := s.pos
	for s.pos < len(s.data) && (s.data[s.pos] >= '0' && s.data[s.pos] <= '9' || s.data[s.pos] == '-') {
		s.pos++
	}
	n, err := strconv.Atoi(string(s.data[start:s.pos]))
	if err != nil {
		s.pos = start
		return 0, s.fail("a whole number")
	}
	return n, nil
}

// merge reads "left right" or ["left", "right"].
func (s *scanner) merge() (left, right []byte, err error) {
	if s.peek() == '"' {
		text, err := s.text()
		if err != nil {
			return nil, nil, err
		}
		left, right, ok := bytes.Cut(text, []byte(" "))
		if !ok {
			return nil, nil, fmt.Errorf("merge %.40q is not two pieces with a space between", text)
		}
		return left, right, nil
	}
	n := 0
	err = s.array(func() error {
		left = right
		right, err = s.text()
		n++
		return err
	})
	if err == nil && n != 2 {
		err = fmt.Errorf("byte %d: a merge of %d pieces, want 2", s.pos, n)
	}
	return left, right, err
}

// skip returns the next value as it stands.
func (s *scanner) skip() ([]byte, error) {
	s.peek()
	start := s.pos
	if err := s.skipValue(0); err != nil {
		return nil, err
	}
	return s.data[start:s.pos], nil
}

func (s *scanner) skipValue(depth int) error {
	if depth > maxDepth {
		return s.fail("less nesting")
	}
	inner := func() error { return s.skipValue(depth + 1) }
	switch s.peek() {
	case '{':
		return s.object(func(string) error { return inner() })
	case '[':
		return s.array(inner)
	case '"':
		_, err := s.rawString()
		return err
	case 0:
		return s.fail("a value")
	}
	start := s.pos
	for s.pos < len(s.data) && bytes.IndexByte([]byte(" \t\r\n,:]}[{\""), s.data[s.pos]) < 0 {
		s.pos++
	}
	if !json.Valid(s.data[start:s.pos]) {
		s.pos = start
		return s.fail("a value")
	}
	return nil
}
