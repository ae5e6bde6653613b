package sotto

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"sotto/audio"
	"sotto/audio/vad"
	"sotto/decoder/prompt"
)

const (
	// mailboxLen frames may wait between the voice and the model (2 s).
	mailboxLen = 50
	// behindLen waiting frames (half a second) mean that a draft would come
	// late: it is left out, and the sound is heard first.
	behindLen = 12
	// leadLen frames before the first sign of speech are heard with it (400 ms).
	leadLen = 10
)

// SessionOptions say what one voice wants.
type SessionOptions struct {
	Source  string   // code of the language that is spoken
	Targets []string // codes of the languages wanted; the source's own gives a transcript
	// DraftEvery is the sound heard between two drafts; 0: 480 ms, negative: no drafts.
	DraftEvery time.Duration
	// EveryDraft makes every draft even when sound is waiting. A recording wants
	// this, a live voice does not.
	EveryDraft bool
}

// Stats are a session's counts so far.
type Stats struct {
	Frames        int64 // 40 ms frames heard
	Segments      int64 // stretches of speech found
	Drafts        int64 // drafts made, over all languages
	DraftsSkipped int64 // drafts left out because sound was waiting
}

// Session is one voice's life in an engine.
type Session struct {
	engine   *Engine
	tasks    []task
	longest  int // frames of a window
	captions *captionQueue
	mailbox  chan audio.Frame // the sender waits when it is full
	tail     chan []float32   // the voice's last samples, less than a frame
	closing  sync.Once

	stats struct{ frames, segments, drafts, skipped atomic.Int64 }

	// Run owns the following.
	draftEvery int // frames; 0: never
	everyDraft bool
	vad        *vad.Detector
	lead       []audio.Frame // the newest frames in which nobody spoke
	window     *window       // nil while nobody speaks
	heard      audio.Position
}

// task is one target language with its rendered prompt.
type task struct {
	prompt.Task
	tail []int // prompt ids after the sound
}

func newSession(e *Engine, opt SessionOptions, tasks []task, longest int) *Session {
	every := opt.DraftEvery
	if every == 0 {
		every = 480 * time.Millisecond
	}
	return &Session{
		engine:     e,
		tasks:      tasks,
		longest:    longest,
		captions:   newCaptionQueue(),
		mailbox:    make(chan audio.Frame, mailboxLen),
		tail:       make(chan []float32, 1),
		draftEvery: max(0, int(every/(audio.FrameMilli*time.Millisecond))),
		everyDraft: opt.EveryDraft,
		vad:        vad.NewDetector(),
	}
}

// Push hands over the next 40 ms. It waits while two seconds of sound are
// already waiting, so nothing is lost; it must not be called after Finish.
func (s *Session) Push(ctx context.Context, f *audio.Frame) error {
	select {
	case s.mailbox <- *f:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Finish says that the voice has ended with the given last samples, fewer than
// a frame. Run then says what is left to say and returns.
func (s *Session) Finish(tail []float32) {
	s.closing.Do(func() {
		s.tail <- append([]float32(nil), tail...)
		close(s.mailbox)
	})
}

// Next waits for the next caption. After the last one it returns io.EOF, or the
// error that ended Run. It has one caller at a time.
func (s *Session) Next(ctx context.Context) (Caption, error) { return s.captions.next(ctx) }

// Stats returns the counts so far; it may be called at any time.
func (s *Session) Stats() Stats {
	return Stats{
		Frames:        s.stats.frames.Load(),
		Segments:      s.stats.segments.Load(),
		Drafts:        s.stats.drafts.Load(),
		DraftsSkipped: s.stats.skipped.Load(),
	}
}

// Close gives the seat of a session back that will not be run.
func (s *Session) Close() { s.engine.taken.Add(-1) }

// Run hears the voice until Finish or until ctx ends, and gives the seat back.
func (s *Session) Run(ctx context.Context) error {
	err := s.listen(ctx)
	s.Close() // before its end can be seen: who sees it finds the seat free
	s.captions.close(err)
	return err
}

func (s *Session) listen(ctx context.Context) error {
	for {
		select {
		case f, ok := <-s.mailbox:
			if !ok {
				return s.end(ctx, <-s.tail)
			}
			if err := s.hear(ctx, &f); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hear takes one frame: forgotten while nobody speaks, else kept for the model.
func (s *Session) hear(ctx context.Context, f *audio.Frame) error {
	s.stats.frames.Add(1)
	s.heard += audio.FrameLen
	speech := s.vad.Step(f).Speech
	if s.window == nil {
		if !speech {
			s.keepLead(f)
			return nil
		}
		if err := s.openWindow(); err != nil {
			return err
		}
	}
	w := s.window
	if err := w.hear(f, speech); err != nil {
		return err
	}
	if w.over() {
		return s.commit(ctx)
	}
	if s.draftEvery > 0 && w.frames%s.draftEvery == 0 && w.quiet == 0 {
		return s.draft(ctx)
	}
	return nil
}

// keepLead remembers the newest frames before speech.
func (s *Session) keepLead(f *audio.Frame) {
	if len(s.lead) == leadLen {
		copy(s.lead, s.lead[1:])
		s.lead = s.lead[:leadLen-1]
	}
	s.lead = append(s.lead, *f)
}

// openWindow starts a stretch of speech with the frames that led up to it.
func (s *Session) openWindow() error {
	segment := int(s.stats.segments.Add(1)) - 1
	lead := audio.Position(len(s.lead)) * audio.FrameLen
	w, err := newWindow(s.engine, s.tasks, s.longest, segment, s.heard-audio.FrameLen-lead)
	if err != nil {
		return err
	}
	for i := range s.lead {
		if err := w.hear(&s.lead[i], true); err != nil {
			return err
		}
	}
	s.lead = s.lead[:0]
	s.window = w
	return nil
}

// draft asks every target what it would say now.
func (s *Session) draft(ctx context.Context) error {
	if !s.everyDraft && len(s.mailbox) >= behindLen {
		s.stats.skipped.Add(int64(len(s.tasks)))
		return nil
	}
	return s.say(ctx, false)
}

// commit asks every target for the last time and closes the window.
func (s *Session) commit(ctx context.Context) error {
	err := s.say(ctx, true)
	s.window = nil
	return err
}

// say decodes the window into every target. Text that was shown and is not
// said any more is taken back by an empty draft; no text gives no caption.
func (s *Session) say(ctx context.Context, committed bool) error {
	w := s.window
	for i := range s.tasks {
		text, err := w.say(ctx, i)
		if err != nil {
			return err
		}
		shown := w.shown[i] != ""
		w.shown[i] = text
		if !committed {
			s.stats.drafts.Add(1)
		}
		if text == "" && !shown {
			continue
		}
		s.captions.put(Caption{
			Segment: w.segment, Language: s.tasks[i].language(), Text: text,
			Committed: committed && text != "", Start: w.start, End: min(w.end(), s.heard),
		})
	}
	return nil
}

// end hears the last samples and commits what is open.
func (s *Session) end(ctx context.Context, tail []float32) error {
	s.heard += audio.Position(len(tail))
	if s.window == nil {
		return nil
	}
	if err := s.window.finish(tail); err != nil {
		return err
	}
	return s.commit(ctx)
}

func (t *task) language() string {
	if t.Target == "" {
		return t.Source
	}
	return t.Target
}
