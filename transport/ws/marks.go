package ws

import (
	"sync"
	"time"

	"sotto/audio"
	"sotto/transport/wire"
)

const (
	ackEvery = time.Second
	// mostUnheard messages are remembered for acknowledgement; of more, the oldest
	// are acknowledged with those behind them.
	mostUnheard = 512
)

// marks are the places in a voice that the client is told about when they have
// been heard: its markers, and acknowledgements. The reading half sets them, the
// writing half meets them in the same order.
type marks struct {
	mu      sync.Mutex // guards the following
	count   int64      // marks so far
	waiting []string   // a marker's id, "" for an acknowledgement
	acking  bool       // one of them is
	asked   time.Time  // when the last acknowledgement was
	unheard []sounded  // numbered messages
	last    *uint32    // number of the last that was heard; nil: none
}

// sounded is a numbered message whose sound is within so many frames of the voice.
type sounded struct {
	seq    uint32
	frames int64
}

// marker adds a client's marker and returns its mark. ok is false when too many
// wait.
func (m *marks) marker(id string) (mark int64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	markers := len(m.waiting)
	if m.acking {
		markers--
	}
	if markers >= wire.MaxMarkers {
		return 0, false
	}
	return m.add(id), true
}

// ack adds an acknowledgement when one is due.
func (m *marks) ack(now time.Time) (mark int64, due bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.acking || now.Sub(m.asked) < ackEvery {
		return 0, false
	}
	m.acking, m.asked = true, now
	return m.add(""), true
}

func (m *marks) add(id string) int64 {
	m.waiting = append(m.waiting, id)
	m.count++
	return m.count
}

// sound remembers a numbered message until so many frames have been heard.
func (m *marks) sound(seq uint32, frames int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.unheard); n > 0 && m.unheard[n-1].frames == frames {
		m.unheard = m.unheard[:n-1]
	} else if n == mostUnheard {
		m.unheard = m.unheard[:copy(m.unheard, m.unheard[1:])]
	}
	m.unheard = append(m.unheard, sounded{seq, frames})
}

// met returns the id of the mark that comes next, and the number of the last
// message that had been heard there.
func (m *marks) met(heard audio.Position) (id string, last *uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, m.waiting = m.waiting[0], m.waiting[1:]
	if id == "" {
		m.acking = false
	}
	for len(m.unheard) > 0 && m.unheard[0].frames*audio.FrameLen <= int64(heard) {
		seq := m.unheard[0].seq
		m.last, m.unheard = &seq, m.unheard[1:]
	}
	return id, m.last
}
