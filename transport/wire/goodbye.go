package wire

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"
)

// Ending says how a connection is closed.
type Ending struct {
	Close int           // the WebSocket's code
	Retry time.Duration // when to come again, about; 0: the client must change something first
}

// Endings are those of every error code, as PROTOCOL.md lists them. The codes below
// 4000 are those of RFC 6455; of the others, those below 4450 say that the client may
// come again as it is.
var Endings = map[string]Ending{
	"frame":      {1002, 0},
	"utf8":       {1007, 0},
	"flood":      {1008, 0},
	"unfinished": {1008, 0},
	"too_big":    {1009, 0},
	"internal":   {1011, 2 * time.Second},
	"stopping":   {1012, 4 * time.Second},
	"full":       {1013, 10 * time.Second},
	"no_pong":    {4402, time.Second},
	"idle":       {4404, time.Second},
	"session":    {4405, time.Second},
	"slow":       {4408, 4 * time.Second},
	"too_fast":   {4429, 4 * time.Second},
	"order":      {4450, 0},
	"message":    {4450, 0},
	"format":     {4451, 0},
	"language":   {4451, 0},
	"latency":    {4451, 0},
	"context":    {4451, 0},
	"room":       {4451, 0},
	"sequence":   {4452, 0},
	"role":       {4455, 0},
	"gone":       {4456, 0},
}

// Goodbye is a way for a connection to end. The zero value is a client that has
// gone without a word.
type Goodbye struct {
	Close int // WebSocket close code
	Fault
}

// Bye is the goodbye of an error code, with the reason and what to do.
func Bye(code, hint, format string, args ...any) Goodbye {
	return Goodbye{Endings[code].Close, Fault{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}}
}

// Told is what the client is told. The time to come again is spread, so that those
// who were sent away together do not come back together.
func (g Goodbye) Told() Fault {
	if again := Endings[g.Code].Retry.Milliseconds(); g.RetryMs == 0 && again > 0 {
		g.RetryMs = again/2 + rand.Int64N(again)
	}
	return g.Fault
}

// Reason is the close frame's text, at most 123 bytes.
func (g Goodbye) Reason() string {
	const most = 123
	if g.Code == "" {
		return ""
	}
	text := g.Code + ": " + strings.ToValidUTF8(g.Message, "?")
	for len(text) > most {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return text
}
