package ws

import (
	"fmt"

	"sotto/transport/wire"
)

const (
	mostBack    = 5  // seconds that a numbered message may be late
	mostForward = 60 // seconds that may be missing before it
	framesASec  = 25
)

// order puts the messages of a numbered voice where they belong.
type order struct {
	rate     int64 // samples per second of the positions
	next     uint32
	position uint64 // of the next sample
	missing  int64  // samples that were not sent and are no whole frame yet, times framesASec
	repeated int    // messages that were dropped
}

// take says how many frames are missing before a message whose sound has so many
// samples, or that its sound was there before.
func (o *order) take(n wire.Number, length int64) (missing int, again bool, err error) {
	ahead := int64(n.Position - o.position) // what is out of all bounds wraps, and stays so
	switch {
	case ahead < -mostBack*o.rate:
		return 0, false, fmt.Errorf("message %d goes back by %.1f s, at most %d are allowed", n.Seq, -float64(ahead)/float64(o.rate), mostBack)
	case ahead > mostForward*o.rate:
		return 0, false, fmt.Errorf("message %d goes forward by %.1f s, at most %d are allowed", n.Seq, float64(ahead)/float64(o.rate), mostForward)
	case int32(n.Seq-o.next) < 0 || ahead < 0:
		o.repeated++
		return 0, true, nil
	}
	o.next, o.position = n.Seq+1, n.Position+uint64(length)
	o.missing += ahead * framesASec
	frames := o.missing / o.rate
	o.missing -= frames * o.rate
	return int(frames), false, nil
}
