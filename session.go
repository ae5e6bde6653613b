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
	changes  chan []task    // new targets
	closing  sync.Once
	shed     int64 // frames that Offer has lost since it last marked them; its caller owns it

	stats struct{ frames, lost, segments, steps, skipped, cuts, guarded, positions, bytes atomic.Int64 }

	// Run owns the following.
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
	drafted    int // frames of the window at the last step
	heard      audio.Position
	worked     time.Duration // before the frame in work
	began      time.Time     // with that frame
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
		changes:    make(chan []task, 1),
		stepFrames: max(0, int(every/(audio.FrameMilli*time.Millisecond))),
		vad:        vad.NewDetector(),
		window:     newWindow(e, longest, e.scratch(opt.Source, longest)),
	}
	for _, t := range tasks {
		s.targets = append(s.targets, newTarget(e, t, opt.Policy, s.window.trunk))
	}
	return s
}

// SetTargets changes the languages while the voice goes on. One that stays goes
// on as if nothing had happened; a new one begins with the sound of the present
// window; one that is dropped ends its segment. An unknown language is an error
// and changes nothing.
func (s *Session) SetTargets(ctx context.Context, targets []string) error {
	opt := s.opt
	opt.Targets = targets
	tasks, err := s.engine.tasks(opt)
	if err != nil {
		return err
	}
	select {
	case s.changes <- tasks:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Next waits for the next caption. After the last one it returns io.EOF, or the
// error that ended Run. It has one caller at a time.
func (s *Session) Next(ctx context.Context) (Caption, error) { return s.captions.next(ctx) }

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
		case m, ok := <-s.mailbox:
			s.began = time.Now()
			if !ok {
				return s.end(ctx, <-s.tail)
			}
			if err := s.take(ctx, &m); err != nil {
				return err
			}
			s.worked += time.Since(s.began)
		case tasks := <-s.changes:
			s.began = time.Now()
			s.change(tasks)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// change puts new targets in the place of the old.
func (s *Session) change(tasks []task) {
	old := s.targets
	s.targets = nil
	for _, t := range tasks {
		i := slices.IndexFunc(old, func(o *target) bool { return o.task.language() == t.language() })
		if i < 0 {
			s.targets = append(s.targets, newTarget(s.engine, t, s.opt.Policy, s.window.trunk))
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
	s.quiet++
	if activity.Speech {
		s.quiet = 0
	}
	return s.react(ctx)
}

// react does what is due after a frame.
func (s *Session) react(ctx context.Context) error {
	frames := s.window.frames()
	switch {
	case s.quiet >= pauseFrames:
		return s.pause(ctx)
	case frames >= s.longest:
		return s.cut(ctx)
	case s.stepFrames == 0:
		return nil
	case s.quiet == shortPause:
		if err := s.step(ctx); err != nil {
			return err
		}
		if s.drafted == frames && s.allComplete() {
			return s.pause(ctx)
		}
	case s.quiet == 0 && frames%s.stepFrames == 0:
		return s.step(ctx)
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

// beginSegment starts a stretch of speech with the frames that led up to it.
func (s *Session) beginSegment(levelDB float64) error {
	s.segment = int(s.stats.segments.Add(1)) - 1
	s.speaking, s.quiet, s.sure = true, 0, false
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

// step lets every target draft, and commits what the policy allows. Without
// EveryStep it is left out while sound is waiting.
func (s *Session) step(ctx context.Context) error {
	if !s.opt.EveryStep && len(s.mailbox) >= behindLen {
		s.stats.skipped.Add(1)
		return nil
	}
	if err := s.draft(ctx, false); err != nil {
		return err
	}
	s.settle(s.targets, false)
	return nil
}

// draft has all targets write what they would say, in the same passes.
func (s *Session) draft(ctx context.Context, final bool) error {
	w := s.window
	if err := w.encode(); err != nil {
		return err
	}
	s.stats.steps.Add(1)
	s.drafted = w.frames()
	for _, t := range s.targets {
		t.begin(t.saidIDs(), len(w.head), w.frames(), final)
	}
	for {
		s.asks, s.asked = s.asks[:0], s.asked[:0]
		for _, t := range s.targets {
			if a, ok := t.ask(); ok {
				s.asks, s.asked = append(s.asks, a), append(s.asked, t)
				s.stats.positions.Add(int64(len(a.IDs)))
			}
		}
		if len(s.asks) == 0 {
			s.weigh()
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.engine.decoder.Together(s.asks...); err != nil {
			return err
		}
		for _, t := range s.asked {
			t.take()
		}
	}
}

// weigh counts what is remembered.
func (s *Session) weigh() {
	n := s.window.trunk.Bytes()
	for _, t := range s.targets {
		n += t.fork.Bytes()
	}
	s.stats.bytes.Store(int64(n))
}

// settle commits and shows what the drafts give: nothing before one of the
// languages has been certain that there is something to say.
func (s *Session) settle(targets []*target, final bool) {
	if !s.sure && !s.certain(final) {
		s.stats.guarded.Add(1)
		return
	}
	for _, t := range targets {
		words, tail, guarded := t.settle(final, s.window)
		if guarded {
			s.stats.guarded.Add(1)
		}
		if final {
			tail = ""
		}
		for i := range words { // the last frame may be longer than the voice
			words[i].Start, words[i].End = min(words[i].Start, s.heard), min(words[i].End, s.heard)
		}
		if len(words) > 0 || tail != t.shown {
			s.put(t, Caption{Words: words, Tail: tail})
		}
		t.shown = tail
	}
}

// certain asks every language about its draft, so that each remembers its own.
func (s *Session) certain(final bool) bool {
	for _, t := range s.targets {
		s.sure = t.certain(final) || s.sure
	}
	return s.sure
}

// put hands over a caption of a target.
func (s *Session) put(t *target, c Caption) {
	c.Segment, c.Language = s.segment, t.task.language()
	c.Heard, c.Worked = s.heard, s.worked+time.Since(s.began)
	s.captions.put(c)
}

// allComplete reports that every language has ended its reply with a sentence.
func (s *Session) allComplete() bool {
	return !slices.ContainsFunc(s.targets, func(t *target) bool { return !t.complete() })
}

func (s *Session) allEnded() bool {
	return !slices.ContainsFunc(s.targets, func(t *target) bool { return !t.ended })
}

// pause commits everything and ends the segment.
func (s *Session) pause(ctx context.Context) error {
	if s.drafted != s.window.frames() || !s.allEnded() {
		if err := s.draft(ctx, true); err != nil {
			return err
		}
	}
	s.settle(s.targets, true)
	for _, t := range s.targets {
		s.complete(t)
	}
	s.speaking = false
	return s.rest()
}

// complete ends a target's segment.
func (s *Session) complete(t *target) {
	if t.spoke || t.shown != "" {
		s.put(t, Caption{End: true})
	}
	t.spoke, t.passed, t.shown = false, false, ""
}

// end hears the last samples and commits what is open. They are heard as a frame
// that ends in silence: the reference would give the model a part of a frame;
// that tells a model trained on whole sentences that the sentence is complete,
// and it completes one that was cut off.
func (s *Session) end(ctx context.Context, tail []float32) error {
	s.heard += audio.Position(len(tail))
	if !s.speaking {
		return nil
	}
	if len(tail) > 0 {
		var last audio.Frame
		copy(last[:], tail)
		if err := s.window.hear(&last, silentDB); err != nil {
			return err
		}
	}
	return s.pause(ctx)
}
