package whip

import (
	"context"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"sotto"
	"sotto/transport/voice"
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
	teller  voice.Teller // its owner's, who tells
}

func newChannel() *channel {
	return &channel{numbers: wire.NewNumbering()}
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

// tell sends a caption.
func (c *channel) tell(k *sotto.Caption) {
	for _, m := range c.teller.Tell(k) {
		c.say(m)
	}
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
