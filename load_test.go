package sotto

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sotto/audio"
)

// machine is as slow as it is told: a second of speech takes hear seconds of its
// time, a reply draft seconds. Time is the bubble's.
type machine struct {
	mu    sync.Mutex
	hear  float64
	draft float64
}

func (m *machine) set(hear, draft float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hear, m.draft = hear, draft
}

func (m *machine) bear(frames, replies int) {
	m.mu.Lock()
	seconds := m.hear*float64(frames)*audio.FrameMilli/1000 + m.draft*float64(replies)
	m.mu.Unlock()
	time.Sleep(time.Duration(seconds * float64(time.Second)))
}

// live speaks for so many seconds as people do, a frame every 40 ms.
func live(ctx context.Context, s *Session, seconds int, seed uint64) {
	tick := time.NewTicker(audio.FrameMilli * time.Millisecond)
	defer tick.Stop()
	for f := range slices.Chunk(babble(seconds*second, seed), audio.FrameLen) {
		<-tick.C
		s.Offer((*audio.Frame)(f))
	}
}

// attend runs a session and drops its captions until it has ended.
func attend(ctx context.Context, all *sync.WaitGroup, s *Session) {
	all.Go(func() { s.Run(ctx) })
	all.Go(func() {
		for {
			if _, err := s.Next(ctx); err != nil {
				return
			}
		}
	})
}

// A voice takes a bit less than a tenth of the machine, so eight are heard: a
// fifth is kept free.
func TestWhoCannotBeHeardInTimeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := new(machine)
		slow.set(0.09, 0)
		e := toyEngine(t, EngineOptions{Seats: 100, Burden: slow.bear})
		opt := twoLanguages
		opt.EveryStep, opt.Targets, opt.Step = false, []string{"en"}, -1
		var all sync.WaitGroup
		var open []*Session
		enter := func() error {
			s, err := e.Open(opt)
			if err != nil {
				return err
			}
			open = append(open, s)
			attend(t.Context(), &all, s)
			return nil
		}
		speak := func(seconds int) {
			var speaking sync.WaitGroup
			for i, s := range open {
				speaking.Go(func() { live(t.Context(), s, seconds, uint64(i)) })
			}
			speaking.Wait()
		}
		defer func() {
			for _, s := range open {
				s.Finish(nil)
			}
			all.Wait()
			if got := e.Load(); got.Voices != 0 || got.Cost < 0.08 || got.Cost > 0.1 {
				t.Errorf("in the end %+v", got)
			}
		}()
		if err := enter(); err != nil {
			t.Fatal(err)
		}
		speak(8) // the first shows what a voice costs
		for len(open) < 8 {
			if err := enter(); err != nil {
				t.Fatalf("voice %d: %v", len(open)+1, err)
			}
		}
		speak(20)
		var busy *BusyError
		if err := enter(); !errors.Is(err, ErrFull) || !errors.As(err, &busy) || busy.Retry < 5*time.Second || busy.Retry > 10*time.Second {
			t.Fatalf("the ninth voice: %v", err)
		}
		recording := opt
		recording.EveryStep = true
		if s, err := e.Open(recording); err != nil {
			t.Errorf("a recording takes what is left, but: %v", err)
		} else {
			s.Close()
		}
		for i, s := range open {
			if s.Stats().Lost > 0 || s.Behind() > 500*time.Millisecond {
				t.Errorf("voice %d has lost %d samples and is %v behind", i, s.Stats().Lost, s.Behind())
			}
		}
		open[0].Finish(nil)
		time.Sleep(2 * time.Second)
		if err := enter(); err != nil {
			t.Errorf("when one has ended: %v", err)
		}
	})
}

// A machine on which hearing alone takes nearly all the time leaves drafts out, loses no sound, and
// takes everything up again.
func TestTheLadderIsClimbedAndLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := new(machine)
		slow.set(0.3, 0.5*0.48)
		e := toyEngine(t, EngineOptions{Burden: slow.bear})
		opt := twoLanguages
		opt.EveryStep, opt.Targets = false, []string{"en"}
		s, err := e.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		attend(t.Context(), &all, s)
		type change struct {
			level int
			at    time.Duration
		}
		began, changes, oldest := time.Now(), []change{{}}, time.Duration(0)
		watch := func(seconds int) {
			var speaking sync.WaitGroup
			speaking.Go(func() { live(t.Context(), s, seconds, 1) })
			for range seconds * 10 {
				time.Sleep(100 * time.Millisecond)
				oldest = max(oldest, s.Behind())
				if l := e.Load().Level; l != changes[len(changes)-1].level {
					changes = append(changes, change{l, time.Since(began)})
				}
			}
			speaking.Wait()
		}
		watch(20)
		if len(changes) > 1 {
			t.Fatalf("a machine that keeps up changes: %v", changes)
		}
		slow.set(0.85, 0.75*0.48)
		watch(60)
		top := changes[len(changes)-1].level
		slow.set(0.3, 0.5*0.48)
		watch(60)
		s.Finish(nil)
		all.Wait()
		if len(changes) < 2 {
			t.Fatal("nothing was left out")
		}
		if first := changes[1].at; top == AtEase || first > 40*time.Second {
			t.Errorf("it reached rung %d, the first after %v", top, first)
		}
		last := changes[len(changes)-1]
		if last.level != AtEase || last.at > 80*time.Second+time.Duration(top+1)*rungTime {
			t.Errorf("it ended on rung %d at %v", last.level, last.at)
		}
		for i, c := range changes[2:] {
			if c.at-changes[i+1].at < rungTime-200*time.Millisecond {
				t.Errorf("changes %v are too near", changes)
			}
		}
		if lost := s.Stats().Lost; lost > 0 {
			t.Errorf("%d samples are lost", lost)
		}
		if oldest > late {
			t.Errorf("sound waited for %v", oldest)
		}
	})
}

// On the highest rung nobody enters; sound that does not fit is lost, counted and
// marked, and what is said is still written.
func TestAMachineFarTooSlowMarksWhatItLoses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := new(machine)
		slow.set(2, 0)
		e := toyEngine(t, EngineOptions{Burden: slow.bear})
		opt := twoLanguages
		opt.EveryStep = false
		s, err := e.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		var captions []Caption
		var all sync.WaitGroup
		all.Go(func() {
			captions, _ = collect(t.Context(), s, func() {
				live(t.Context(), s, 60, 1)
				if _, err := e.Open(opt); !errors.Is(err, ErrFull) || e.Load().Level != NobodyEnters {
					t.Errorf("on rung %d another voice is answered with %v", e.Load().Level, err)
				}
				s.Finish(nil)
			})
		})
		all.Wait()
		var lost audio.Position
		for _, c := range captions {
			lost += c.Lost
		}
		stats := s.Stats()
		if stats.Lost == 0 || int64(lost) != stats.Lost {
			t.Errorf("%d samples are lost, %d are marked", stats.Lost, lost)
		}
		if heard := stats.Frames * audio.FrameLen; heard != 60*second {
			t.Errorf("%d samples are heard or marked, of %d", heard, 60*second)
		}
	})
}

// Who sends a recording as fast as it is taken keeps the mailbox full; that is not
// the machine's fault.
func TestSoundThatComesFasterIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := new(machine)
		slow.set(0.5, 0)
		e := toyEngine(t, EngineOptions{Burden: slow.bear})
		opt := twoLanguages
		opt.EveryStep, opt.Step = false, -1
		s, err := e.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run(t.Context(), s, babble(60*second, 3)); err != nil {
			t.Fatal(err)
		}
		if l := e.Load(); l.Level != AtEase || s.Behind() > calm {
			t.Errorf("on rung %d, %v behind", l.Level, s.Behind())
		}
	})
}

// What a machine computes before anybody speaks is not what a voice costs.
func TestWarmingUpIsNoVoicesCost(t *testing.T) {
	l := new(load)
	for i := range 10 * 25 {
		l.heard(1, 1, time.Minute+time.Duration(i)*4*time.Millisecond)
	}
	if l.cost < 0.09 || l.cost > 0.11 {
		t.Errorf("a voice costs %v of real time, want 0.1", l.cost)
	}
}

// A machine that was held up once does not keep voices out for minutes of speech.
func TestABadMeasurementIsLeftBehind(t *testing.T) {
	l, now := new(load), time.Now()
	all := time.Duration(0)
	speak := func(seconds int, cost float64) {
		for range seconds * 25 {
			all += time.Duration(cost * float64(40*time.Millisecond))
			l.heard(1, 1, all)
		}
	}
	speak(6, 20)
	if err := l.admit(now, 1); err != nil {
		t.Fatal(err)
	}
	if l.admit(now, 1) == nil {
		t.Fatal("a machine that is twenty times too slow lets a second voice in")
	}
	speak(60, 0.1)
	if err := l.admit(now, 1); err != nil {
		t.Errorf("after a minute of speech at 0.1: %v, cost %v", err, l.cost)
	}
}

// A recording has no drafts, or all of them: what it costs is no voice's cost.
func TestRecordingsAreNotMeasured(t *testing.T) {
	l := new(load)
	recording := &Session{opt: SessionOptions{EveryStep: true}}
	all := time.Duration(0)
	speak := func(seconds int, cost float64) {
		for range seconds * 25 {
			all += time.Duration(cost * float64(40*time.Millisecond))
			l.heard(1, 1, all)
		}
	}
	speak(40, 0.4)
	l.note(recording, true)
	speak(600, 0.01)
	l.note(recording, false)
	speak(40, 0.4)
	if l.cost < 0.39 || l.cost > 0.41 {
		t.Errorf("a voice costs %v of real time, want 0.4", l.cost)
	}
}

// A voice that is in may not become as heavy as two, unless it is alone.
func TestMoreLanguagesAreAdmittedAsAVoiceIs(t *testing.T) {
	l := &load{cost: 0.3}
	open := func(languages int) *Session {
		s := &Session{weight: weight(languages)}
		if err := l.admit(time.Now(), s.weight); err != nil {
			t.Fatal(err)
		}
		l.note(s, true)
		return s
	}
	one := open(1)
	if err := l.reweigh(one, 8); err != nil {
		t.Errorf("one that is alone: %v", err)
	}
	if err := l.reweigh(one, 1); err != nil {
		t.Errorf("fewer: %v", err)
	}
	other := open(2)
	if err := l.reweigh(one, 8); !errors.Is(err, ErrFull) {
		t.Errorf("eight languages beside another voice: %v", err)
	}
	if err := l.reweigh(one, 2); err != nil || l.open != 2*weight(2) {
		t.Errorf("one more: %v, together %v", err, l.open)
	}
	l.note(one, false)
	if err := l.reweigh(one, 8); err != nil || l.open != weight(2) {
		t.Errorf("one that has ended: %v, together %v", err, l.open)
	}
	l.note(other, false)
	if l.open != 0 {
		t.Errorf("nobody is there, together %v", l.open)
	}
}
