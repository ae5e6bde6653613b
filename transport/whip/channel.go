package whip

import (
	"context"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"sotto"
	"sotto/transport/wire"
)

const (
	channelName = "captions"
	maxWaiting  = 256       // messages before the channel opens
	maxUnsent   = 256 << 10 // bytes
	linger      = 2 * time.Second
)

// channel is the data channel that a client may open to read its captions: the
// messages of package wire, as over a WebSocket. Of a client that does not read, tails
// are dropped first; then the channel is closed.
type channel struct {
	mu      sync.Mutex
	data    *webrtc.DataChannel // nil: not open yet
	waiting []string
	closed  bool
	numbers *wire.Numbering
	shown   map[string]bool // languages with a tentative tail
}

func newChannel() *channel {
	return &channel{numbers: wire.NewNumbering(), shown: make(map[string]bool)}
}

// open sends what waits.
func (c *channel) open(data *webrtc.DataChannel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.data != nil {
		return
	}
	c.data = data
	for _, m := range c.waiting {
		data.SendText(m)
	}
	c.waiting = nil
}

// say sends a message.
func (c *channel) say(m wire.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	_, passing := m.(*wire.Draft)
	waits := c.data == nil
	if waits && len(c.waiting) == maxWaiting || !waits && c.data.BufferedAmount() >= maxUnsent {
		if waits || !passing {
			c.stop()
		}
		return
	}
	text, err := c.numbers.Encode(m)
	switch {
	case err != nil:
		c.stop()
	case waits:
		c.waiting = append(c.waiting, string(text))
	default:
		c.data.SendText(string(text))
	}
}

// stop closes the channel. The caller holds the lock.
func (c *channel) stop() {
	c.closed, c.waiting = true, nil
	if c.data != nil {
		c.data.Close()
	}
}

// tell sends a caption. A commit is followed by the new tail, also by an empty
// one in the place of one that was shown.
func (c *channel) tell(k *sotto.Caption) {
	heard := k.Heard.Millis()
	if k.Lost > 0 {
		c.say(&wire.Gap{LostMs: k.Lost.Millis(), HeardMs: heard, Cause: k.Cause})
	}
	if k.Language == "" {
		return
	}
	if len(k.Words) > 0 {
		c.say(&wire.Commit{Segment: k.Segment, Language: k.Language, Text: k.Text(), Words: words(k.Words), HeardMs: heard})
	}
	switch {
	case k.End:
		c.say(&wire.End{Segment: k.Segment, Language: k.Language, HeardMs: heard})
	case k.Tail != "" || c.shown[k.Language]:
		c.say(&wire.Draft{Segment: k.Segment, Language: k.Language, Text: k.Tail, HeardMs: heard})
	}
	c.shown[k.Language] = !k.End && k.Tail != ""
}

func words(committed []sotto.Word) []wire.Word {
	all := make([]wire.Word, len(committed))
	for i, w := range committed {
		all[i] = wire.NewWord(w.Text, w.Start.Millis(), w.End.Millis(), w.Evidence)
	}
	return all
}

// close waits until what was said has arrived, or the client does not read.
func (c *channel) close() {
	c.mu.Lock()
	data := c.data
	if c.closed {
		data = nil
	}
	c.closed = true
	c.mu.Unlock()
	if data == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), linger)
	defer cancel()
	data.OnBufferedAmountLow(cancel)
	data.SetBufferedAmountLowThreshold(0)
	if data.BufferedAmount() > 0 && data.ReadyState() == webrtc.DataChannelStateOpen {
		<-ctx.Done()
	}
}
