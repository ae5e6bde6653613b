package sotto

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"sotto/audio"
)

const (
	// most is the share of real time that voices may take together, were they
	// all to speak at once. The rest is for what was not foreseen.
	most = 0.8
	// The cost of a voice is measured over so much speech, in seconds of a voice
	// with one language: at first, and from then on.
	firstSample, sample = 5.0, 30.0
	// another language costs a voice so much of what the first one costs.
	another = 0.15

	// A rung of the ladder is climbed when sound is heard that is late, or for so
	// long not calm; it is left when all was calm for rungTime. Two changes are
	// that far apart.
	late     = 1500 * time.Millisecond
	calm     = 200 * time.Millisecond
	patience = 3 * time.Second
	rungTime = 10 * time.Second
)

// The rungs of the ladder, for a machine that does not keep up: what the engine
// leaves out so that no sound is lost. Each has what those below it have.
const (
	AtEase       = iota
	FewerDrafts  // a step every 960 ms
	LongerSteps  // every 1.92 s
	OneLanguage  // only the first language of a voice drafts, the others write at pauses
	NobodyEnters // no drafts at all, and no new voice
)

// BusyError says that the engine hears as many voices as it can.
type BusyError struct {
	Why   string
	Retry time.Duration // when to ask again
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("sotto: %s; try again in %d s", e.Why, int(e.Retry.Round(time.Second)/time.Second))
}

// Is makes it an ErrFull.
func (e *BusyError) Is(target error) bool { return target == ErrFull }

// busy returns the error, with times to come again that lie apart.
func busy(why string) error {
	return &BusyError{why, 5*time.Second + rand.N(5*time.Second)}
}

// load knows what voices cost and how late the engine is. Cost is time in which
// the engine computes per second of speech; languages are weighed by weight.
type load struct {
	mu     sync.Mutex // guards the following
	voices map[*Session]bool
	loaded int     // recordings among them
	open   float64 // weights of the voices that are open
	cost   float64 // of a second of speech of weight 1; 0: not known
	spoken float64 // seconds times weight since the cost was measured
	before time.Duration

	rung    int
	changed time.Time // when the rung was
	behind  time.Time // when sound was last not calm
	since   time.Time // since when that was so, with at most two seconds between
}

// weight is what a voice costs, in voices with one language.
func weight(languages int) float64 { return 1 + another*float64(languages-1) }

// waiting is how much sound of all voices waits. The caller holds the lock.
func (l *load) waiting() (all time.Duration) {
	for s := range l.voices {
		all += time.Duration(s.Waiting()) * time.Second / audio.RateHz
	}
	return all
}

// note remembers a voice that is open, or forgets it with its weight.
func (l *load) note(s *Session, open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	recording := 0
	if s.opt.EveryStep {
		recording = 1
	}
	if !open {
		delete(l.voices, s)
		l.loaded -= recording
		l.open = max(0, l.open-s.weight)
		return
	}
	if l.voices == nil {
		l.voices = make(map[*Session]bool)
	}
	l.voices[s] = true
	l.loaded += recording
}

// admit counts a voice in, unless the voices would then take too much of real
// time together. The first is always let in.
func (l *load) admit(now time.Time, w float64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.level(now) >= NobodyEnters:
		return busy("the machine is behind with the voices it hears")
	case l.open > 0 && (l.open+w)*l.cost > most:
		return busy("the machine cannot hear another voice in real time")
	}
	l.open += w
	return nil
}

// reweigh counts a voice that is open with so many languages from now on. More of
// them are refused as another voice would be.
func (l *load) reweigh(s *Session, languages int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.opt.EveryStep || !l.voices[s] {
		return nil
	}
	others, w := l.open-s.weight, weight(languages)
	if w > s.weight && others > 0 && (others+w)*l.cost > most {
		return busy("the machine cannot write more languages in real time")
	}
	l.open, s.weight = others+w, w
	return nil
}

// leave counts a voice out that was let in and not opened.
func (l *load) leave(w float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = max(0, l.open-w)
}

// heard says that frames of speech of a voice have been computed, and how long
// the engine has computed so far for all. What was computed before the first, and
// beside recordings, which draft less or more, is no voice's cost. A cost that was
// too high would keep voices out for long, so it falls at once; not while drafts
// are left out.
func (l *load) heard(frames int, w float64, all time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loaded > 0 || l.spoken == 0 && l.cost == 0 {
		l.spoken, l.before = 0, all
	}
	if l.loaded > 0 {
		return
	}
	l.spoken += w * float64(frames) * audio.FrameMilli / 1000
	if l.spoken < firstSample || l.cost > 0 && l.spoken < sample {
		return
	}
	cost := (all - l.before).Seconds() / l.spoken
	if l.cost > 0 && (cost > l.cost || l.rung > AtEase) {
		cost = (l.cost + cost) / 2
	}
	l.cost, l.spoken, l.before = cost, 0, all
}

// see says how old the sound is that is heard now, and returns the rung.
func (l *load) see(now time.Time, age time.Duration) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	rung := l.level(now)
	if age < calm {
		return rung
	}
	if now.Sub(l.behind) > 2*time.Second {
		l.since = now
	}
	l.behind = now
	if (age >= late || now.Sub(l.since) >= patience) && rung < NobodyEnters && now.Sub(l.changed) >= rungTime {
		l.rung, l.changed = rung+1, now
	}
	return l.rung
}

// level is the rung of now: one is left for every ten calm seconds.
func (l *load) level(now time.Time) int {
	for l.rung > AtEase {
		next := l.changed
		if l.behind.After(next) {
			next = l.behind
		}
		if next = next.Add(rungTime); next.After(now) {
			break
		}
		l.rung, l.changed = l.rung-1, next
	}
	return l.rung
}

// bear has the machine be as slow as a test wants it.
func (e *Engine) bear(frames, replies int) {
	if e.burden != nil {
		e.team.Lock()
		defer e.team.Unlock()
		e.burden(frames, replies)
	}
}

// Load is how an engine stands.
type Load struct {
	Level   int           // rung of the ladder, AtEase to NobodyEnters
	Voices  int           // that are open
	Waiting time.Duration // sound of all voices that waits for its turn
	Bytes   int64         // of keys and values, of all voices
	Cost    float64       // share of real time that one voice with one language takes while it speaks; 0: not known yet
	Busy    time.Duration // in which the engine has computed so far
	Passing time.Duration // for which the pass under way has lasted
}

// Load returns how the engine stands now.
func (e *Engine) Load() Load {
	l := e.load
	l.mu.Lock()
	defer l.mu.Unlock()
	all, now := e.team.Busy()
	return Load{Level: l.level(time.Now()), Voices: int(e.taken.Load()), Waiting: l.waiting(), Bytes: e.memory.Load(), Cost: l.cost, Busy: all, Passing: now}
}
