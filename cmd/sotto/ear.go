package main

import (
	"context"
	"io"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/audio/intake"
	"sotto/audio/mic"
)

// source is where a voice comes from.
type source interface {
	// Read waits for mono samples at 16 kHz, and says what is missing before them.
	// The error is io.EOF at the end.
	Read(dst []float32) (n int, lost mic.Loss, err error)
}

// recording is a source of which nothing is missing.
type recording struct{ intake.Source }

func (r recording) Read(dst []float32) (int, mic.Loss, error) {
	n, err := r.Source.Read(dst)
	return n, mic.Loss{}, err
}

// ear carries sound from a source to a session.
type ear struct {
	source source
	due    func(context.Context) bool // waits until the next frame may go on; false: its context ended
	heard  func()                     // is told of every frame; nil: nobody wants to know
}

// feed pushes the sound until it ends or the user interrupts; what was heard is
// finished either way.
func (e *ear) feed(ctx, all context.Context, session *sotto.Session) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sounds, ended := make(chan sound), make(chan ending, 1)
	// Reading may wait for sound without end, so it has a goroutine of its own;
	// an interrupt leaves that behind.
	go func() { ended <- readSounds(ctx, e.source, sounds) }()
	for {
		select {
		case s := <-sounds:
			if e.due(ctx) && push(all, session, &s) != nil {
				return nil // the session has ended and says why itself
			}
			if e.heard != nil {
				e.heard()
			}
		case end := <-ended:
			session.Finish(end.rest)
			if ctx.Err() != nil { // which the reader may have seen first
				return interrupted()
			}
			return end.err
		case <-ctx.Done():
			session.Finish(nil)
			return interrupted()
		case <-all.Done():
			return nil
		}
	}
}

// push hands over a frame and says what of the sound up to its beginning was
// none.
func push(ctx context.Context, session *sotto.Session, s *sound) error {
	if s.lost.Samples > 0 {
		if err := session.Gap(ctx, audio.Position(s.lost.Samples), s.lost.Cause); err != nil {
			return err
		}
	}
	return session.Push(ctx, &s.frame)
}

// sound is a frame and what is missing before it, in whose place frames of
// silence came.
type sound struct {
	frame audio.Frame
	lost  mic.Loss
}

// ending is how a source ends: samples short of a frame, and an error when that
// is not its proper end.
type ending struct {
	rest []float32
	err  error
}

// reading cuts a source into frames.
type reading struct {
	framer audio.Framer
	lost   mic.Loss // before the next frame
	out    chan<- sound
}

// readSounds cuts the sound into frames until it or ctx ends.
func readSounds(ctx context.Context, from source, out chan<- sound) ending {
	r := reading{out: out}
	buf := make([]float32, audio.FrameLen)
	for {
		n, lost, err := from.Read(buf)
		if r.fill(ctx, lost) != nil || r.write(ctx, buf[:n]) != nil {
			return ending{err: ctx.Err()}
		}
		switch {
		case err == io.EOF:
			return ending{rest: r.framer.Rest()}
		case err != nil:
			return ending{r.framer.Rest(), audioError(err)}
		}
	}
}

// write hands on the frames that samples complete.
func (r *reading) write(ctx context.Context, samples []float32) error {
	r.framer.Write(samples)
	for f, ok := r.framer.Next(); ok; f, ok = r.framer.Next() {
		select {
		case r.out <- sound{*f, r.lost}:
			r.lost = mic.Loss{}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// fill puts silence in the place of what is missing, so that times stay true.
func (r *reading) fill(ctx context.Context, lost mic.Loss) error {
	if lost.Samples == 0 {
		return nil
	}
	var silence audio.Frame
	for left := lost.Samples; left > 0; left -= audio.FrameLen {
		if err := r.write(ctx, silence[:min(left, audio.FrameLen)]); err != nil {
			return err
		}
	}
	r.lost = mic.Loss{Samples: r.lost.Samples + lost.Samples, Cause: lost.Cause}
	return nil
}

// pacer lets one frame through every 40 ms, counted from the first.
type pacer struct {
	realtime bool
	began    time.Time
	frames   int
}

func newPacer(realtime bool) *pacer { return &pacer{realtime: realtime, began: time.Now()} }

// wait returns false when ctx ended first. A frame is due once it has been
// spoken, at its end.
func (p *pacer) wait(ctx context.Context) bool {
	p.frames++
	if !p.realtime {
		return ctx.Err() == nil
	}
	due := p.began.Add(time.Duration(p.frames) * audio.FrameMilli * time.Millisecond)
	select {
	case <-time.After(time.Until(due)):
		return true
	case <-ctx.Done():
		return false
	}
}
