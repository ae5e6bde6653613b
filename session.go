package sotto

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sotto/audio"
	"sotto/audio/vad"
	"sotto/decoder"
	"sotto/decoder/policy"
)

const (
	// behindLen waiting frames (half a second) mean that a step would come late:
	// it is left out, and the sound is heard first.
	behindLen = 12
	// leadLen frames before the first sign of speech are heard with it (400 ms).
	leadLen = 10

	// A segment ends after pauseFrames in which nobody spoke. One that ends a
	// sentence in every language ends after shortPause already. The hang-over of
	// the voice activity, 240 ms, comes on top of both.
	pauseFrames = 8
	shortPause  = 1
)

// SessionOptions say what one voice wants.
type SessionOptions struct {
	Source  string      // code of the language that is spoken
	Targets []string    // codes of the languages wanted; the source's own gives a transcript
	Latency policy.Dial // how long to wait for certainty; "": balanced
	// Context is what the speech is about, with names and terms, at most 500
	// characters; "": nothing. Only models that follow instructions take one.
	Context string
	// Step is the sound heard between two drafts; 0: 480 ms, negative: no drafts,
	// so that text is committed at pauses only.
	Step time.Duration
	// EveryStep takes every step even when sound is waiting: the same sound then
	// gives the same text. A recording wants this, a live voice does not.
	EveryStep bool
	// Policy decides what is committed; nil: the model's own at the latency.
	Policy policy.Policy
}

// Stats are a session's counts so far.
type Stats struct {
	Frames       int64 // 40 ms frames heard
	Lost         int64 // samples that never came, or came when there was no room for them
	Segments     int64 // stretches of speech found
	Steps        int64 // drafts made, of all languages together
	StepsSkipped int64 // left out because sound was waiting
	Cuts         int64 // windows cut in mid-speech
	Guarded      int64 // drafts, over all languages, that were not trusted to their end
	Positions    int64 // of text that went through the decoder, prompts included
	Bytes        int64 // of keys and values at the last step
}

// Session is one voice's life in an engine.
type Session struct {
	engine   *Engine
	opt      SessionOptions
	captions *captionQueue
	mailbox  chan mail      // two seconds
	tail     chan []float32 // the voice's last samples, less than a frame
	changes  chan change    // of what is wanted
	weight   float64        // that the voice is counted with, 0 for a recording; the engine's load guards it
	closing  sync.Once      // by Finish
	leaving  sync.Once      // by Close
	age      atomic.Int64   // ns by which the sound is late that is heard now
	asides   chan struct{}  // a token for each Lose, Gap and Mark whose Caption was not read
	shed     int64          // frames that Offer has lost since it last marked them; its caller's, until Finish

	stats struct{ frames, lost, segments, steps, skipped, cuts, guarded, positions, bytes atomic.Int64 }

	// Run owns the following.
	policy     policy.Policy
	stepFrames int // 0: never
	vad        *vad.Detector
	lead       []audio.Frame // the newest frames in which nobody spoke
	window     *window
	targets    []*target
	longest    int  // frames of a window
	speaking   bool // a segment is open
	quiet      int  // frames since somebody spoke
	sure       bool // one language's draft of the segment has been certain
	segment    int
	stretch    stretch
	drafted    int // frames of the window when all targets drafted last
	heard      audio.Position
	worked     time.Duration // before the frame in work
	began      time.Time     // with that frame
	rung       int           // of the ladder, a second ago at most
	first      time.Time     // when the first frame was handed over
	looked     int           // frames since the rung was looked at
	least      time.Duration // that one of them was late
	asks       []decoder.Ask
	asked      []*target
}

func newSession(e *Engine, opt SessionOptions, tasks []task, longest int) *Session {
	every := opt.Step
	if every == 0 {
		every = 480 * time.Millisecond
	}
	s := &Session{
		engine: e, opt: opt, longest: longest,
		captions:   newCaptionQueue(),
		mailbox:    make(chan mail, mailboxLen),
		tail:       make(chan []float32, 1),
		changes:    make(chan change, 1),
		asides:     make(chan struct{}, mostAsides),
		policy:     opt.Policy,
		stepFrames: max(0, int(every/(audio.FrameMilli*time.Millisecond))),
		vad:        vad.NewDetector(),
		window:     newWindow(e, longest, e.scratch(opt.Source, opt.Context, longest)),
	}
	for _, t := range tasks {
		s.targets = append(s.targets, newTarget(e, t, opt.Policy, s.window.trunk))
	}
	return s
}

// change is what a voice wants from now on; nil stays as it is.
type change struct {
	tasks  []task
	policy policy.Policy
}

// SetTargets changes the languages while the voice goes on. One that stays goes
// on as if nothing had happened; a new one begins with the sound of the present
// window; one that is dropped ends its segment. An unknown language is an error
// and changes nothing, as are more languages than the machine can write: a
// *BusyError.
func (s *Session) SetTargets(ctx context.Context, targets []string) error {
	opt := s.opt
	opt.Targets = targets
	tasks, err := s.engine.tasks(opt)
	if err != nil {
		return err
	}
	if err := s.engine.load.reweigh(s, len(tasks)); err != nil {
		return err
	}
	return s.want(ctx, change{tasks: tasks})
}

// SetLatency turns the dial while the voice goes on.
func (s *Session) SetLatency(ctx context.Context, d policy.Dial) error {
	p, err := s.engine.policy(d)
	if err != nil {
		return err
	}
	return s.want(ctx, change{policy: p})
}

func (s *Session) want(ctx context.Context, c change) error {
	select {
	case s.changes <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Next waits for the next caption. After the last one it returns io.EOF, or the
// error that ended Run. It has one caller at a time.
func (s *Session) Next(ctx context.Context) (Caption, error) {
	c, err := s.captions.next(ctx)
	if c.counted {
		<-s.asides
		c.counted = false
	}
	return c, err
}

// Stats returns the counts so far; it may be called at any time.
func (s *Session) Stats() Stats {
	return Stats{
		Frames:       s.stats.frames.Load(),
		Lost:         s.stats.lost.Load(),
		Segments:     s.stats.segments.Load(),
		Steps:        s.stats.steps.Load(),
		StepsSkipped: s.stats.skipped.Load(),
		Cuts:         s.stats.cuts.Load(),
		Guarded:      s.stats.guarded.Load(),
		Positions:    s.stats.positions.Load(),
		Bytes:        s.stats.bytes.Load(),
	}
}

// Close gives the seat of a session back that will not be run. Run does so itself.
func (s *Session) Close() {
	s.leaving.Do(func() {
		s.engine.load.note(s, false)
		s.engine.memory.Add(-s.stats.bytes.Load())
		s.engine.taken.Add(-1)
	})
}

// Run hears the voice until Finish or until ctx ends, and gives the seat back.
func (s *Session) Run(ctx context.Context) error {
	err := Contain(func() error { return s.listen(ctx) })
	s.Close() // before its end can be seen: who sees it finds the seat free
	s.captions.close(err)
	return err
}

func (s *Session) listen(ctx context.Context) error {
	for {
		select {
		case m, ok := <-s.mailbox:
			s.began = time.Now()
			if !ok {
				tail := <-s.tail
				if err := s.miss(ctx, &mail{n: s.shed, cause: behindCause}); err != nil {
					return err
				}
				return s.end(ctx, tail)
			}
			if err := s.take(ctx, &m); err != nil {
				return err
			}
			s.worked += time.Since(s.began)
		case c := <-s.changes:
			s.began = time.Now()
			s.change(&c)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// change does what is wanted now.
func (s *Session) change(c *change) {
	if c.policy != nil {
		s.policy = c.policy
		for _, t := range s.targets {
			t.policy = c.policy
		}
	}
	if c.tasks != nil {
		s.replace(c.tasks)
	}
}

// replace puts new targets in the place of the old.
func (s *Session) replace(tasks []task) {
	old := s.targets
	s.targets = nil
	for _, t := range tasks {
		i := slices.IndexFunc(old, func(o *target) bool { return o.task.language() == t.language() })
		if i < 0 {
			s.targets = append(s.targets, newTarget(s.engine, t, s.policy, s.window.trunk))
			continue
		}
		s.targets = append(s.targets, old[i])
		old = slices.Delete(slices.Clone(old), i, i+1)
	}
	for _, t := range old {
		s.complete(t)
	}
}

// hear takes one frame: forgotten while nobody speaks, else kept for the model.
func (s *Session) hear(ctx context.Context, f *audio.Frame) error {
	s.stats.frames.Add(1)
	s.heard += audio.FrameLen
	activity := s.vad.Step(f)
	if !s.speaking {
		if !activity.Speech {
			s.keepLead(f)
			return nil
		}
		if err := s.beginSegment(activity.LevelDB); err != nil {
			return err
		}
	}
	if err := s.window.hear(f, activity.LevelDB); err != nil {
		return err
	}
	s.pay()
	s.quiet++
	if activity.Speech {
		s.quiet = 0
	}
	return s.react(ctx)
}

// pay counts a frame of speech among what the engine has computed.
func (s *Session) pay() {
	if s.window.frames()%block == 0 {
		s.engine.bear(block, 0)
	}
	all, _ := s.engine.team.Busy()
	s.engine.load.heard(1, weight(len(s.targets)), all)
}

// keepLead remembers the newest frames before speech.
func (s *Session) keepLead(f *audio.Frame) {
	if len(s.lead) == leadLen {
		copy(s.lead, s.lead[1:])
		s.lead = s.lead[:leadLen-1]
	}
	s.lead = append(s.lead, *f)
}

// beginSegment starts a stretch of speech with the frames that led up to it.
func (s *Session) beginSegment(levelDB float64) error {
	s.segment = int(s.stats.segments.Add(1)) - 1
	s.speaking, s.quiet, s.sure = true, 0, false
	s.stretch = stretch{from: s.heard - audio.FrameLen, worked: s.worked}
	if len(s.window.places) == 0 {
		if err := s.window.clear(); err != nil {
			return err
		}
		s.drafted = 0
	}
	s.window.goOn(s.heard - audio.FrameLen*audio.Position(1+len(s.lead)))
	for i := range s.lead {
		if err := s.window.hear(&s.lead[i], levelDB); err != nil {
			return err
		}
	}
	s.lead = s.lead[:0]
	return nil
}
