package wyoming

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"sotto/transport/strictjson"
)

// What an event may have at most.
const (
	maxLine    = 16 << 10
	maxData    = 64 << 10
	maxPayload = 1 << 20
)

// event is a message: what it is, what it says, and bytes that go with it.
type event struct {
	kind    string
	data    map[string]json.RawMessage
	payload []byte
}

// header is the line that begins an event. The data stands in it, or behind it in
// so many bytes, or in both.
type header struct {
	Type    string                     `json:"type"`
	Version string                     `json:"version,omitempty"`
	Data    map[string]json.RawMessage `json:"data,omitempty"`
	DataLen *int                       `json:"data_length,omitempty"`
	Payload *int                       `json:"payload_length,omitempty"`
}

// wrong is an event that no client should send. What comes behind it cannot be
// read.
type wrong struct{ text string }

func (w *wrong) Error() string { return "wyoming: " + w.text }

func wrongly(format string, args ...any) error { return &wrong{fmt.Sprintf(format, args...)} }

// reader reads events, none larger than the constants say.
type reader struct {
	in    *bufio.Reader
	bytes []byte // of a payload, reused
}

func newReader(in io.Reader) *reader { return &reader{in: bufio.NewReaderSize(in, maxLine)} }

// next returns the next event; its payload is overwritten by the next call. Its
// error is io.EOF between two events, a *wrong, or that of the connection.
func (r *reader) next() (e event, err error) {
	line, err := r.in.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return e, wrongly("the line of an event is longer than %d bytes", maxLine)
	case err == io.EOF && len(line) > 0:
		return e, io.ErrUnexpectedEOF
	case err != nil:
		return e, err
	}
	var h header
	if err := strictjson.Unmarshal(line, &h); err != nil {
		return e, wrongly("the line of an event: %v", err)
	}
	if h.Type == "" {
		return e, wrongly("the line of an event has no type")
	}
	e = event{kind: h.Type, data: h.Data}
	if err := r.more(&e, h.DataLen); err != nil {
		return e, err
	}
	r.bytes, err = r.read(r.bytes, "payload_length", h.Payload, maxPayload)
	e.payload = r.bytes
	return e, err
}

// more reads the data that stands behind the line.
func (r *reader) more(e *event, length *int) error {
	data, err := r.read(nil, "data_length", length, maxData)
	if err != nil || len(data) == 0 {
		return err
	}
	var behind map[string]json.RawMessage
	if err := strictjson.Unmarshal(data, &behind); err != nil {
		return wrongly("the data of %.32q: %v", e.kind, err)
	}
	if e.data == nil {
		e.data = behind
	}
	for name, value := range behind {
		e.data[name] = value
	}
	return nil
}

// read reads as many bytes as a field says.
func (r *reader) read(into []byte, field string, length *int, most int) ([]byte, error) {
	if length == nil {
		return into[:0], nil
	}
	n := *length
	if n < 0 || n > most {
		return into[:0], wrongly("%s is %d, want 0 to %d", field, n, most)
	}
	if cap(into) < n {
		into = make([]byte, n)
	}
	into = into[:n]
	_, err := io.ReadFull(r.in, into)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return into, err
}

// field reads a field of an event's data; one that is missing or null stays as it
// is.
func field[T any](e *event, name string, into *T) error {
	raw, there := e.data[name]
	if !there {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return wrongly("%s of %.32q is %.32q, want a %T", name, e.kind, raw, *into)
	}
	return nil
}

// write sends an event of ours; data nil: it says nothing more.
func write(w io.Writer, kind string, data any) error {
	h := header{Type: kind}
	var body []byte
	if data != nil {
		var err error
		if body, err = json.Marshal(data); err != nil {
			return err
		}
		h.DataLen = new(len(body))
	}
	line, err := json.Marshal(&h)
	if err != nil {
		return err
	}
	_, err = w.Write(append(append(line, '\n'), body...))
	return err
}
