package reliability

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/transport/room"
)

// filler makes a commit of about 300 bytes.
var filler = strings.Repeat("palabra ", 11)[:86]

// stamped is a caption that says when it was made, in ns.
func stamped(segment int, now time.Time) sotto.Caption {
	heard := audio.Position(segment) * audio.RateHz
	return sotto.Caption{
		Segment: segment, Language: "en", Heard: heard, End: true,
		Words: []sotto.Word{{Text: fmt.Sprintf(" %d %s", now.UnixNano(), filler), Start: heard - heard/2, End: heard, Evidence: 0.9}},
	}
}

// publish says captions in a room at a pace until stop is called, or the test ends.
func publish(t testing.TB, r *room.Room, every time.Duration) (stop func()) {
	t.Helper()
	voice, err := r.Join("")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var saying sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for segment := 1; ; segment++ {
			select {
			case <-tick.C:
			case <-ctx.Done():
				voice.Leave()
				return
			}
			c := stamped(segment, time.Now())
			c.End = false
			if voice.Caption(c) != nil {
				return // the room was closed
			}
		}
	})
	stop = func() { cancel(); saying.Wait() }
	t.Cleanup(stop)
	return stop
}
