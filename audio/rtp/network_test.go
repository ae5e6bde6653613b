package rtp

import (
	"slices"
	"time"
)

// trip is what the network does to a packet.
type trip struct {
	delay       time.Duration
	lost, again bool
}

// travel sends a packet each frame through a network and returns when the last
// has come.
func (j *judge) travel(s *sender, net []trip) time.Duration {
	type arriving struct {
		Packet
		at time.Duration
	}
	var all []arriving
	for i, t := range net {
		p := s.talk(2)
		at := time.Duration(i)*frame + t.delay
		if !t.lost {
			all = append(all, arriving{p, at})
		}
		if t.again {
			all = append(all, arriving{p, at + frame/2})
		}
	}
	slices.SortStableFunc(all, func(a, b arriving) int { return int(a.at - b.at) })
	for _, a := range all {
		j.take(a.at)
		j.put(a.Packet, a.at)
	}
	return all[len(all)-1].at
}

// random is a small generator whose numbers are the same for ever.
type random uint64

func newRandom(seed uint64) *random { r := random(seed*2654435761 + 1); return &r }

func (r *random) below(n uint64) uint64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return uint64(*r>>11) % n
}
