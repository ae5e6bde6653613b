package feed

import (
	"bytes"
	"net/http"
	"time"
)

// piece is how much is sent at once, about, in bytes.
const piece = 64 << 10

// sender gathers what is written and sends it in pieces. A piece that does not
// leave in time ends it.
type sender struct {
	bytes.Buffer
	writer   http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	failed   error
}

func newSender(w http.ResponseWriter, patience time.Duration) *sender {
	return &sender{writer: w, control: http.NewResponseController(w), patience: patience}
}

// Write gathers. Its error is that of a piece before.
func (s *sender) Write(data []byte) (int, error) {
	s.Buffer.Write(data)
	if s.Len() >= piece {
		s.send()
	}
	return len(data), s.failed
}

// send sends what was gathered, also the header when that is nothing.
func (s *sender) send() error {
	defer s.Reset()
	if s.failed != nil {
		return s.failed
	}
	s.control.SetWriteDeadline(time.Now().Add(s.patience))
	if _, s.failed = s.writer.Write(s.Bytes()); s.failed == nil {
		s.failed = s.control.Flush()
	}
	return s.failed
}
