package ws

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/gorilla/websocket"

	"sotto"
	"sotto/audio"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

const (
	choreEvery = time.Second
	lagStepMs  = 500 // by so much the lag must change to be told
)

// announcer is what the writing half knows of a voice.
type announcer struct {
	teller   voice.Teller
	chores   time.Time // when they are due
	lastPing time.Time
	lag      wire.Lag // as it was told
}

func newAnnouncer() announcer {
	now := time.Now()
	return announcer{chores: now.Add(choreEvery), lastPing: now}
}

// speak sends captions as they come, then the goodbye. Its error is errSlow when
// the client does not read.
func (v *visit) speak(run context.Context, ends <-chan goodbye) error {
	for {
		c, err := v.next(run)
		if err != nil {
			v.farewell(run, err, ends)
			return nil
		}
		for _, m := range v.messages(&c) {
			if err := v.write(m); err != nil {
				v.voice.Rest()
				if isTimeout(err) {
					return errSlow
				}
				return nil
			}
		}
	}
}

// next waits for the next caption, and does the chores that are due meanwhile.
func (v *visit) next(run context.Context) (sotto.Caption, error) {
	for {
		if now := time.Now(); !now.Before(v.chores) {
			v.chores = now.Add(choreEvery)
			v.ping(now)
			v.tellLag()
		}
		due, cancel := context.WithDeadline(run, v.chores)
		c, err := v.voice.Next(due)
		cancel()
		if err == nil || run.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return c, err
		}
	}
}

// ping asks the client from time to time whether it is there.
func (v *visit) ping(now time.Time) {
	if now.Sub(v.lastPing) >= v.limits.Ping {
		v.lastPing = now
		v.socket.WriteControl(websocket.PingMessage, nil, now.Add(v.limits.Write))
	}
}

// tellLag says how much sound waits when that has changed.
func (v *visit) tellLag() {
	lag := &wire.Lag{BehindMs: v.voice.Waiting().Millis(), Level: v.hall.Engine.Load().Level}
	if v.lagged(lag) {
		v.write(lag) // a connection that is broken is noticed with the next caption
	}
}

// lagged reports whether a lag is worth telling.
func (v *visit) lagged(lag *wire.Lag) bool {
	d := lag.BehindMs - v.lag.BehindMs
	if -lagStepMs <= d && d <= lagStepMs && lag.Level == v.lag.Level {
		return false
	}
	v.lag = *lag
	return true
}

// messages says a caption in the protocol's words.
func (v *visit) messages(c *sotto.Caption) []wire.Message {
	if c.Mark != 0 {
		return v.heard(c)
	}
	return v.teller.Tell(c)
}

// heard says that a mark has been met.
func (v *visit) heard(c *sotto.Caption) []wire.Message {
	id, last := v.marks.met(c.Heard)
	all := []wire.Message{&wire.Heard{HeardMs: c.Heard.Millis(), SoundSeq: last}}
	if id != "" {
		all = append(all, &wire.Marker{ID: id, HeardMs: c.Heard.Millis()})
	}
	return all
}

// farewell says goodbye once the session has said everything, or failed.
func (v *visit) farewell(run context.Context, err error, ends <-chan goodbye) {
	if !errors.Is(err, io.EOF) {
		switch {
		case context.Cause(run) == errLate:
			v.part(byeLate)
		case run.Err() == nil:
			v.part(byeInternal)
		}
		return
	}
	v.part(<-ends)
}

// heardMs is how long the voice was.
func (v *visit) heardMs() int64 {
	return (audio.Position(v.voice.Stats().Frames)*audio.FrameLen + audio.Position(v.tail)).Millis()
}
