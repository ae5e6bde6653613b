package sotto

import (
	"context"
	"time"

	"sotto/audio"
)

// mostAsides captions of no language may wait for a reader.
const mostAsides = 512

// mailboxLen frames may wait between the voice and the model (2 s).
const mailboxLen = 50

const behindCause = "the server is behind"

// mail is what a voice hands over, in order: a frame, or a word about the sound.
type mail struct {
	frame audio.Frame // when kind is heard
	since time.Time   // when it was handed over
	kind  mailKind
	aside bool  // counted among the asides
	n     int64 // frames that are missing, samples that were lost, or the mark
	cause string
}

type mailKind uint8

const (
	heard mailKind = iota
	missing
	lost
	mark
	flush
)

func (s *Session) post(ctx context.Context, m *mail) error {
	select {
	case s.mailbox <- *m:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// say is post for what becomes a caption of no language. It waits while too many
// of them are not read: what is said then costs no sound.
func (s *Session) say(ctx context.Context, m *mail) error {
	select {
	case s.asides <- struct{}{}:
		m.aside = true
		return s.post(ctx, m)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Push hands over the next 40 ms. It waits while two seconds of sound are
// already waiting, so nothing is lost. Push, Offer, Lose, Gap, Mark and Flush
// have one caller at a time, and none after Finish.
func (s *Session) Push(ctx context.Context, f *audio.Frame) error {
	return s.post(ctx, &mail{frame: *f, since: time.Now()})
}

// Offer is Push for a voice that cannot wait. When two seconds are waiting, sound
// is lost until one is; it is counted, heard as silence, and its place is marked
// by a Caption.
func (s *Session) Offer(f *audio.Frame) {
	if s.shed > 0 {
		if len(s.mailbox) > mailboxLen/2 {
			s.drop()
			return
		}
		s.mailbox <- mail{kind: missing, n: s.shed, cause: behindCause}
		s.shed = 0
	}
	select {
	case s.mailbox <- mail{frame: *f, since: time.Now()}:
	default:
		s.drop()
	}
}

func (s *Session) drop() {
	s.shed++
	s.count(Shed, audio.FrameLen)
}

// count has samples counted that are not heard, and why.
func (s *Session) count(why Measure, samples audio.Position) {
	s.stats.lost.Add(int64(samples))
	s.engine.observe(why, seconds(samples))
}

// Lose says that so many frames never came. They are heard as silence, and a
// Caption says what is missing, and why.
func (s *Session) Lose(ctx context.Context, frames int, cause string) error {
	if frames <= 0 {
		return nil
	}
	s.count(Lost, audio.Position(frames)*audio.FrameLen)
	return s.say(ctx, &mail{kind: missing, n: int64(frames), cause: cause})
}

// Gap says that so many of the samples handed over last were no sound of the
// voice but stood in for what was lost.
func (s *Session) Gap(ctx context.Context, samples audio.Position, cause string) error {
	if samples <= 0 {
		return nil
	}
	s.count(Lost, samples)
	return s.say(ctx, &mail{kind: lost, n: int64(samples), cause: cause})
}

// Mark has a Caption with this number, which is not 0, come behind those of all
// that was handed over before it. Lose, Gap and Mark wait while hundreds of their
// Captions are not read.
func (s *Session) Mark(ctx context.Context, number int64) error {
	return s.say(ctx, &mail{kind: mark, n: number})
}

// Flush commits what was handed over so far, as a pause does.
func (s *Session) Flush(ctx context.Context) error { return s.post(ctx, &mail{kind: flush}) }

// Finish says that the voice has ended with the given last samples, fewer than
// a frame. Run then says what is left to say and returns.
func (s *Session) Finish(tail []float32) {
	s.closing.Do(func() {
		s.tail <- append([]float32(nil), tail...)
		close(s.mailbox)
	})
}

// Waiting returns how much sound waits to be heard.
func (s *Session) Waiting() audio.Position { return audio.Position(len(s.mailbox)) * audio.FrameLen }

// Behind returns how late the sound is that is heard now.
func (s *Session) Behind() time.Duration { return time.Duration(s.age.Load()) }

// look learns how late the sound is, and what has to be left out. Sound is late by
// what it has waited, but no more than by what the voice has fallen behind since
// its first frame: what comes faster than people speak waits and is not late. And
// what counts is the least of a second's frames: work comes in bursts, and sound
// that only waits for one is not late.
func (s *Session) look(since time.Time) {
	if s.first.IsZero() {
		s.first = since
	}
	age := max(0, min(time.Since(since), time.Since(s.first)-time.Duration(s.heard)*time.Second/audio.RateHz))
	s.age.Store(int64(age))
	s.engine.observe(FrameLag, age.Seconds())
	if s.looked == 0 || age < s.least {
		s.least = age
	}
	if s.looked++; s.looked == 1000/audio.FrameMilli {
		s.looked = 0
		if !s.opt.EveryStep {
			s.rung = s.engine.load.see(time.Now(), s.least)
		}
	}
}

// take does what a mail says.
func (s *Session) take(ctx context.Context, m *mail) error {
	switch m.kind {
	case missing:
		return s.miss(ctx, m)
	case lost:
		s.putAside(Caption{Lost: audio.Position(m.n), Cause: m.cause, counted: m.aside})
	case mark:
		s.putAside(Caption{Mark: m.n, counted: m.aside})
	case flush:
		if s.speaking {
			return s.pause(ctx)
		}
	default:
		s.look(m.since)
		return s.hear(ctx, &m.frame)
	}
	return nil
}

// miss hears frames that never came.
func (s *Session) miss(ctx context.Context, m *mail) error {
	var silence audio.Frame
	for range m.n {
		if err := s.hear(ctx, &silence); err != nil {
			return err
		}
	}
	if m.n > 0 {
		s.putAside(Caption{Lost: audio.Position(m.n) * audio.FrameLen, Cause: m.cause, counted: m.aside})
	}
	return nil
}

// putAside hands over a caption of no language.
func (s *Session) putAside(c Caption) {
	c.Segment, c.Heard = s.segment, s.heard
	s.captions.put(c)
}
