// Package line is what the doors share that speak the protocols of others: who is
// in, a voice that is heard while its captions are said, a WebSocket that does not
// hang, and phrases made of words.
package line

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"sotto"
	"sotto/audio"
	"sotto/transport/voice"
)

// Why a voice ends before its client ends it.
var (
	ErrGone     = errors.New("line: the client is gone")
	ErrIdle     = errors.New("line: the client says nothing")
	ErrStopping = errors.New("line: the server stops")
	ErrLate     = errors.New("line: the last words come too late")
	ErrFailed   = errors.New("line: the engine failed")
)

// Hearing is a voice between its client and the engine. One goroutine computes,
// one says captions; End waits for both.
type Hearing struct {
	*voice.Voice
	sound *voice.Sound
	whole int    // bytes of a moment
	odd   []byte // of a moment that is not complete
	kept  bool   // others read along

	run    context.Context
	abort  context.CancelCauseFunc
	halves sync.WaitGroup
}

// Open takes a seat for a voice whose sound comes in moments of so many bytes, all
// channels together. Its error is a *voice.Refusal. Either Start or Drop follows.
func Open(hall *voice.Hall, opt voice.Options, sound *voice.Sound, whole int) (*Hearing, error) {
	v, err := hall.Open(opt)
	if err != nil {
		return nil, err
	}
	return &Hearing{Voice: v, sound: sound, whole: whole, kept: opt.Room != ""}, nil
}

// Drop gives up a voice that was not started.
func (h *Hearing) Drop() {
	h.Close()
	h.Leave()
}

// Start begins to compute, with ctx's values but not its end. say is called with
// every caption; its error means that the client is gone. over is called, from
// another goroutine, when the voice ends by itself.
func (h *Hearing) Start(ctx context.Context, say func(*sotto.Caption) error, over func(error)) {
	h.run, h.abort = context.WithCancelCause(context.WithoutCancel(ctx))
	h.halves.Go(func() { h.Run(h.run) }) // its error comes out of Next
	h.halves.Go(func() {
		if err := Contain(func() error { return h.speak(say) }); err != nil {
			h.abort(err) // after a fault of a door in saying it
			over(err)
		}
	})
}

// Contain runs a part of a voice's life. A fault in it is an ErrFailed, which ends that
// voice.
func Contain(do func() error) error {
	err := sotto.Contain(do)
	if fault, ours := err.(*sotto.Fault); ours {
		return failed{fault}
	}
	return err
}

// failed is an ErrFailed with its reason, which the log shows whole.
type failed struct{ why error }

func (f failed) Error() string        { return ErrFailed.Error() + ": " + f.why.Error() }
func (f failed) Unwrap() []error      { return []error{ErrFailed, f.why} }
func (f failed) LogValue() slog.Value { return slog.AnyValue(f.why) }

// speak says captions as they come, and returns why there are no more before the
// end.
func (h *Hearing) speak(say func(*sotto.Caption) error) error {
	defer h.Rest()
	for {
		c, err := h.Next(h.run)
		switch {
		case err == io.EOF:
			return nil
		case h.run.Err() != nil:
			return context.Cause(h.run)
		case err != nil:
			h.abort(failed{err})
			return context.Cause(h.run)
		}
		if say(&c) != nil {
			h.Forsake()
		}
	}
}

// Forsake says that the client is gone. A voice that nobody reads elsewhere is
// given up.
func (h *Hearing) Forsake() {
	if !h.kept {
		h.abort(ErrGone)
	}
}

// Frames returns the frames that a message completes; they are overwritten by the
// next call. Messages may end inside a sample.
func (h *Hearing) Frames(message []byte) ([]audio.Frame, error) {
	if len(h.odd) > 0 {
		message = append(h.odd, message...)
	}
	n := len(message) / h.whole * h.whole
	frames, err := h.sound.Frames(message[:n])
	h.odd = append([]byte(nil), message[n:]...)
	return frames, err
}

// Hear hands a message's sound over.
func (h *Hearing) Hear(message []byte) error {
	frames, err := h.Frames(message)
	if err != nil {
		return err
	}
	return h.Push(frames)
}

// Push hands frames over. It fails when the voice has ended.
func (h *Hearing) Push(frames []audio.Frame) error {
	for i := range frames {
		if h.Voice.Push(h.run, &frames[i]) != nil {
			return context.Cause(h.run)
		}
	}
	return nil
}

// Flush has the engine say all that was handed over, as at a pause.
func (h *Hearing) Flush() error {
	if h.Voice.Flush(h.run) != nil {
		return context.Cause(h.run)
	}
	return nil
}

// Change changes what the voice is written in. Its error may be a *voice.Refusal.
func (h *Hearing) Change(c voice.Change) error { return h.Set(h.run, c) }

// Note has a mark come when all that was handed over is heard.
func (h *Hearing) Note(mark int64) error {
	if h.Mark(h.run, mark) != nil {
		return context.Cause(h.run)
	}
	return nil
}

// End hands over the rest and waits, so long at most, until all is said. Its error
// is why it was not.
func (h *Hearing) End(wait time.Duration) error {
	late := time.AfterFunc(wait, func() { h.abort(ErrLate) })
	defer late.Stop()
	last, tail := h.sound.Rest()
	h.Push(last) // what ends the voice is seen below
	h.Finish(tail)
	h.halves.Wait()
	h.Leave()
	err := context.Cause(h.run)
	h.abort(nil)
	return err
}
