package rtp

import "time"

// How long a missing packet is waited for. Sound that comes in order waits for
// nothing, so patience delays only what stands behind a hole.
const (
	minPatience   = 20 * time.Millisecond
	firstPatience = 60 * time.Millisecond
	maxPatience   = 200 * time.Millisecond

	margin = 20 * time.Millisecond // beyond what was seen
	calm   = 512                   // packets in which too much patience falls by 63 %
)

// patience follows the network: the jitter of arrivals raises it, and so does a
// packet that came after it had been given up.
type patience struct {
	value  time.Duration
	jitter time.Duration // as RFC 3550, section 6.4.1 estimates it
	spread time.Duration // of the arrival before: arrival less RTP time
	known  int           // arrivals so far, up to 2·settled
}

// settled arrivals make an estimate.
const settled = 16

func newPatience() patience { return patience{value: firstPatience} }

// arrival takes a packet's arrival less its RTP time.
func (p *patience) arrival(spread time.Duration) {
	if p.known > 0 {
		p.jitter += (min((spread-p.spread).Abs(), time.Second) - p.jitter) / settled
	}
	p.spread = spread
	if p.known < 2*settled {
		p.known++
		p.raise(2*p.jitter + margin)
		return
	}
	wanted := p.bounded(2*p.jitter + margin)
	if wanted > p.value {
		p.value = wanted
	} else {
		p.value -= (p.value - wanted) / calm
	}
}

// late takes how long a packet that was given up would have been waited for.
func (p *patience) late(waited time.Duration) { p.raise(waited + margin) }

func (p *patience) raise(to time.Duration) { p.value = max(p.value, p.bounded(to)) }

func (p *patience) bounded(d time.Duration) time.Duration {
	return max(minPatience, min(maxPatience, d))
}

// again forgets the last arrival: the RTP time begins anew.
func (p *patience) again() { p.known = min(p.known, 0) }
