package eval

import (
	"context"
	"errors"
	"io"
	"time"

	"sotto"
	"sotto/audio"
)

// emission is a caption with its time on the clock of the sound, which starts
// with the recording.
type emission struct {
	sotto.Caption
	elapsedMs float64 // when a reader saw it
	computeMs float64 // spent since the caption before
}

// playing is what one session gave for some sound.
type playing struct {
	emissions []emission
	worked    time.Duration // all computing up to the last caption
	stats     sotto.Stats
	wall      time.Duration
}

// play carries sound through a session. In real time every frame waits until it
// has been spoken; else nothing waits, and the clock is reckoned.
func play(ctx context.Context, engine *sotto.Engine, sound []float32, opt sotto.SessionOptions, realtime bool) (*playing, error) {
	session, err := engine.Open(opt)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	began := time.Now()
	ended := make(chan struct{}, 2)
	go func() { session.Run(ctx); ended <- struct{}{} }() // its error comes out of Next
	go func() { feed(ctx, session, sound, realtime, began); ended <- struct{}{} }()
	p := &playing{}
	for err == nil {
		var c sotto.Caption
		if c, err = session.Next(ctx); err == nil {
			p.add(c, realtime, began)
		}
	}
	cancel()
	<-ended
	<-ended
	p.stats, p.wall = session.Stats(), time.Since(began)
	if errors.Is(err, io.EOF) {
		return p, nil
	}
	return nil, err
}

// feed pushes the sound, frame by frame.
func feed(ctx context.Context, session *sotto.Session, sound []float32, realtime bool, began time.Time) {
	var framer audio.Framer
	framer.Write(sound)
	for n := 1; ; n++ {
		f, ok := framer.Next()
		if !ok {
			session.Finish(framer.Rest())
			return
		}
		if realtime && !sleepUntil(ctx, began.Add(time.Duration(n)*audio.FrameMilli*time.Millisecond)) {
			return
		}
		if session.Push(ctx, f) != nil {
			return
		}
	}
}

func sleepUntil(ctx context.Context, due time.Time) bool {
	select {
	case <-time.After(time.Until(due)):
		return true
	case <-ctx.Done():
		return false
	}
}

// add puts a caption on the clock. Reckoned, it came when its sound had been
// heard and all computing before it was done, and then took the computing since
// the caption before:
//
//	f[i] = max(f[i-1], heard[i]) + worked[i] - worked[i-1]
func (p *playing) add(c sotto.Caption, realtime bool, began time.Time) {
	e := emission{Caption: c, computeMs: millis(c.Worked)}
	before := 0.0
	if n := len(p.emissions); n > 0 {
		e.computeMs = max(0, millis(c.Worked-p.emissions[n-1].Worked))
		before = p.emissions[n-1].elapsedMs
	}
	if realtime {
		e.elapsedMs = max(before, millis(time.Since(began)))
	} else {
		e.elapsedMs = max(before, float64(c.Heard.Millis())) + e.computeMs
	}
	p.emissions, p.worked = append(p.emissions, e), c.Worked
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
