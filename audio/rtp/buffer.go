package rtp

import (
	"slices"
	"time"
)

// Kind says what a piece of the stream is.
type Kind uint8

// The kinds of pieces.
const (
	Sound   Kind = iota // what one packet holds
	Silence             // the sender sent nothing: discontinuous transmission, or a pause
	Lost                // packets are missing
	Break               // the stream began anew: as long as nothing of it arrived
)

// Piece is a part of the stream. Each begins where the one before ended.
type Piece struct {
	Kind    Kind
	At      int64  // ticks of RateHz since the stream began
	Length  int64  // in ticks, more than 0
	Early   int64  // of Lost and Break: so many ticks more were given as Silence before anyone knew
	Payload []byte // of Sound; of Lost that of the packet right behind, which may have a copy of its end; nil: it is not right behind
}

// Stats counts what came and what did not.
type Stats struct {
	Packets  int   // that came and belong to the stream
	Twice    int   // duplicates, dropped
	Late     int   // came after they had been given up, dropped
	Foreign  int   // of another source while this one was alive, dropped
	Strange  int   // far from where the stream is, dropped
	Missing  int   // given up
	Restarts int   // jumps, and sources that took over
	Lost     int64 // ticks
	Silent   int64 // ticks
}

const (
	remembered = 1024    // sequence numbers of which it is known whether they came
	furthest   = 1 << 14 // sequence numbers that a stream may run ahead: minutes
	mostHeld   = 256     // packets behind a hole

	takeover = time.Second // without a packet, another source may go on
	slack    = 2 * RateHz  // a stream may be ahead of the time that has passed by so much
	steering = 500         // one part in so many: how fast a sender's clock is followed
	backward = 1 * RateHz  // packets may overlap by as much
	oldest   = 30 * RateHz // a late packet is not older

	still   = time.Second       // without a packet, silence is said, so that a voice can pause
	stillBy = RateHz * 6 / 10   // as much silence
	longest = 120 * time.Second // of a break
)

// Buffer orders one stream. Sound that comes in order goes on at once; what
// stands behind a hole waits, as long as the network makes it worth while, and
// then the hole is lost. The stream's only clock is the sender's: time is counted in its
// ticks, so a sender that runs fast or slow neither fills nor empties the buffer.
type Buffer struct {
	length func(payload []byte) int64

	begun    bool
	source   uint32
	next     int64 // sequence number to go on with
	time     int64 // RTP time where the next piece begins
	at       int64 // the same in ticks since the beginning
	usual    int64 // ticks of the last packet
	said     int64 // ticks of silence given since the last packet came
	held     []arrival
	ready    []Piece
	seen     [remembered]int64
	last     time.Duration // when the last packet came
	lead     int64         // of the stream before the time that passed, in ticks, slowly followed
	patience patience
	hole     hole
	suspect  Packet
	doubtful time.Duration // when the suspect came
	doubt    bool          // whether there is one
	stats    Stats
}

// arrival is a packet that came, with its numbers unwrapped.
type arrival struct {
	sequence, time int64
	came           time.Duration
	payload        []byte
}

// hole is what was given up last.
type hole struct {
	first, end int64 // sequence numbers
	since      time.Duration
}

// NewBuffer returns a buffer of a stream whose packets last as long as length
// says, in ticks.
func NewBuffer(length func(payload []byte) int64) *Buffer {
	return &Buffer{length: length, patience: newPatience()}
}

// Stats returns the counts so far.
func (b *Buffer) Stats() Stats { return b.stats }

// Patience returns how long a missing packet is waited for now.
func (b *Buffer) Patience() time.Duration { return b.patience.value }

// Put takes a packet that came at a moment, counted from any other that stays.
// The payload is copied.
func (b *Buffer) Put(p Packet, now time.Duration) {
	switch {
	case !b.begun:
		b.begun, b.lead = true, -ticks(now)
		b.begin(&p, now)
	case p.Source != b.source && now-b.last < takeover:
		b.stats.Foreign++
		return
	case p.Source != b.source:
		b.restart(&p, now)
	}
	if !b.take(&p, now) && b.confirms(&p, now) {
		b.restart(&b.suspect, b.doubtful)
		b.take(&b.suspect, b.doubtful)
		b.take(&p, now)
	}
}

// take judges a packet of the stream by its numbers. It is false for one that
// belongs somewhere else.
func (b *Buffer) take(p *Packet, now time.Duration) bool {
	a := arrival{wide16(b.next, p.Sequence), wide32(b.time, p.Time), now, p.Payload}
	ahead, later := a.sequence-b.next, a.time-b.time
	recent := -remembered < ahead && ahead <= furthest
	switch {
	case recent && b.seen[a.sequence%remembered] == a.sequence:
		b.stats.Twice++
	case recent && ahead < 0 && -oldest < later && later < 0:
		b.stats.Late++
		if b.hole.first <= a.sequence && a.sequence < b.hole.end {
			b.patience.late(now - b.hole.since)
		}
	case recent && ahead >= 0 && b.plausible(&a, ahead == 0 && later == 0):
		b.keep(a)
	default:
		return false
	}
	b.doubt = false
	return true
}

// plausible reports whether the time of a packet fits the time that has passed,
// so that no packet makes silence or loss of what nobody waited for.
func (b *Buffer) plausible(a *arrival, follows bool) bool {
	return follows || a.time >= b.time-backward && b.ahead(a) <= b.lead+slack
}

// ahead returns how far a packet is in the stream, less the time of its arrival.
func (b *Buffer) ahead(a *arrival) int64 { return b.at + a.time - b.time - ticks(a.came) }

// keep puts a packet in its place.
func (b *Buffer) keep(a arrival) {
	b.stats.Packets++
	b.seen[a.sequence%remembered] = a.sequence
	b.patience.arrival(a.came - duration(a.time))
	follow := ticks(a.came-b.last) / steering
	b.lead += max(-follow, min(follow, b.ahead(&a)-b.lead))
	b.last = a.came
	a.payload = slices.Clone(a.payload)
	i := len(b.held)
	for i > 0 && b.held[i-1].sequence > a.sequence {
		i--
	}
	b.held = slices.Insert(b.held, i, a)
}

// confirms keeps a packet that is far from the stream. Its successor confirms
// that the stream went on there.
func (b *Buffer) confirms(p *Packet, now time.Duration) bool {
	step := int32(p.Time - b.suspect.Time)
	if b.doubt && p.Sequence == b.suspect.Sequence+1 && 0 <= step && step <= slack {
		b.doubt = false
		return true
	}
	b.stats.Strange++
	b.suspect, b.doubtful, b.doubt = *p, now, true
	b.suspect.Payload = slices.Clone(p.Payload)
	return false
}

// begin sets the stream to begin with a packet.
func (b *Buffer) begin(p *Packet, now time.Duration) {
	b.source = p.Source
	b.next = 1<<16 + int64(p.Sequence) // so that no number seen is 0
	b.time = int64(p.Time)
	b.last, b.said = now, 0
	b.seen = [remembered]int64{}
	b.hole = hole{}
	b.doubt = false
	b.patience.again()
}

// restart gives everything that waits, and goes on with a packet from elsewhere.
func (b *Buffer) restart(p *Packet, now time.Duration) {
	for len(b.held) > 0 {
		b.deliver()
	}
	b.stats.Restarts++
	quiet := max(0, ticks(min(now-b.last, longest))-b.usual)
	b.add(Piece{Kind: Break, Length: quiet - b.said, Early: min(quiet, b.said)})
	b.begin(p, now)
}

// Next returns the next piece that is due at a moment.
func (b *Buffer) Next(now time.Duration) (Piece, bool) {
	for len(b.ready) == 0 {
		wake, waiting := b.Wake()
		if !waiting || now < wake {
			return Piece{}, false
		}
		if len(b.held) > 0 {
			b.deliver()
		} else {
			b.add(Piece{Kind: Silence, Length: stillBy})
			b.time, b.said = b.time+stillBy, stillBy
		}
	}
	p := b.ready[0]
	b.ready = b.ready[1:]
	return p, true
}

// Wake returns when there is a next piece if no packet comes before.
func (b *Buffer) Wake() (at time.Duration, waiting bool) {
	switch {
	case len(b.ready) > 0:
		return 0, true
	case len(b.held) == 0:
		return b.last + still, b.begun && b.said == 0
	case b.held[0].sequence == b.next || len(b.held) > mostHeld:
		return b.held[0].came, true
	}
	return b.since() + b.patience.value, true
}

// Held reports whether packets wait behind a hole.
func (b *Buffer) Held() bool { return len(b.held) > 0 }

// since returns when the hole in front of what is held was seen.
func (b *Buffer) since() time.Duration {
	first := b.held[0].came
	for i := range b.held {
		first = min(first, b.held[i].came)
	}
	return first
}

// deliver makes pieces of the first packet that is held and of what is missing
// before it. Missing packets were as long as the one before them, as far as
// there is time for them; the rest of the time nothing was sent.
func (b *Buffer) deliver() {
	a := b.held[0]
	gap := max(0, a.time-b.time)
	if missing := a.sequence - b.next; missing > 0 {
		b.stats.Missing += int(missing)
		b.hole = hole{b.next, a.sequence, b.since()}
		lost := min(gap+b.said, missing*b.usual)
		now := min(gap, lost)
		gap -= now
		behind := a.payload
		if gap > 0 {
			behind = nil
		}
		b.add(Piece{Kind: Lost, Length: now, Early: lost - now, Payload: behind})
	}
	b.add(Piece{Kind: Silence, Length: gap})
	length := b.length(a.payload)
	b.add(Piece{Kind: Sound, Length: length, Payload: a.payload})
	b.next, b.time, b.said = a.sequence+1, a.time+length, 0
	if length > 0 {
		b.usual = length
	}
	b.held = slices.Delete(b.held, 0, 1)
}

// add appends a piece. One without length says nothing, unless it tells of what
// was lost before.
func (b *Buffer) add(p Piece) {
	p.Length = max(0, p.Length)
	if p.Length == 0 && p.Early == 0 {
		return
	}
	switch p.Kind {
	case Silence:
		b.stats.Silent += p.Length
	case Lost, Break:
		b.stats.Lost += p.Length + p.Early
		b.stats.Silent -= p.Early
	}
	p.At = b.at
	b.at += p.Length
	b.ready = append(b.ready, p)
}

// ticks returns a duration in ticks, duration the other way round.
func ticks(d time.Duration) int64 { return int64(d) * 3 / 62500 }

func duration(ticks int64) time.Duration { return time.Duration(ticks * 62500 / 3) }
