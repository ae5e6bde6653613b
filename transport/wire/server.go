package wire

import (
	"encoding/json"
	"math/rand/v2"
)

// Message is one of the server's.
type Message interface {
	kind() string
	head() *Head
}

func (h *Head) head() *Head { return h }

func (*Hello) kind() string   { return "hello" }
func (*Started) kind() string { return "started" }
func (*Commit) kind() string  { return "commit" }
func (*Draft) kind() string   { return "draft" }
func (*End) kind() string     { return "end" }
func (*Heard) kind() string   { return "heard" }
func (*Lag) kind() string     { return "lag" }
func (*Gap) kind() string     { return "gap" }
func (*Marker) kind() string  { return "marker" }
func (*Warning) kind() string { return "warning" }
func (*Refused) kind() string { return "refused" }
func (*Ended) kind() string   { return "ended" }
func (*Error) kind() string   { return "error" }

// Numbering gives the messages of one connection their heads.
type Numbering struct{ epoch, seq int64 }

// NewNumbering begins with a random epoch, below 2^53 so that every client's
// numbers can hold it.
func NewNumbering() *Numbering { return &Numbering{epoch: rand.Int64N(1 << 53)} }

// Encode returns the next message.
func (n *Numbering) Encode(m Message) ([]byte, error) {
	n.seq++
	*m.head() = Head{m.kind(), n.epoch, n.seq}
	return json.Marshal(m)
}
