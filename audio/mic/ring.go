package mic

import (
	"sync"
	"time"

	"sotto/audio"
)

const (
	// ringLen pieces wait at most: 5 s.
	ringLen = 5000 / pieceMilli
	// gapFor without a piece means that sound is missing: no sound system holds
	// that much back.
	gapFor = time.Second
)

// Why sound is lost.
const (
	causeOverrun = "in the sound system"
	causeSlow    = "because the model was too slow"
	causeGone    = "while the microphone was gone"
)

// ring holds the pieces that wait. Its writer is the thread of the sound system,
// which must not wait: where there is no room a piece is counted as lost.
type ring struct {
	mu     sync.Mutex // guards the following
	filled *sync.Cond // there is a piece, or none will come
	slots  [ringLen]slot
	first  int
	n      int
	lost   Loss // before the next piece
	at     audio.Position
	over   int       // what is left of a sample at 16 kHz, in parts of the device's rate
	heard  time.Time // when the newest piece came, or the device was opened
	begun  bool      // a piece came
	closed bool
}

// slot is a piece, mono and at its own rate.
type slot struct {
	samples []float32
	rateHz  int
	lost    Loss // before it
}

func newRing() *ring {
	r := &ring{heard: time.Now()}
	r.filled = sync.NewCond(&r.mu)
	return r
}

// put takes what the device gives.
func (r *ring) put(p piece) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(p.samples) / p.channels
	r.over += n * audio.RateHz
	lasts := audio.Position(r.over / p.rateHz)
	r.over %= p.rateHz
	r.gap(p.overrun, lasts)
	r.at += lasts
	if r.n == ringLen {
		r.lose(lasts, causeSlow)
		return
	}
	s := &r.slots[(r.first+r.n)%ringLen]
	s.rateHz, s.lost = p.rateHz, r.lost
	s.samples = mix(s.samples[:0], p.samples, p.channels)
	r.lost = Loss{}
	r.n++
	r.filled.Signal()
}

// gap counts what is missing between the piece before and one that lasts so
// long. How much an overrun took the sound system does not say, so the clock
// does, less what a piece takes to come.
func (r *ring) gap(overrun bool, lasts audio.Position) {
	now := time.Now()
	apart, begun := now.Sub(r.heard), r.begun
	r.heard, r.begun = now, true
	if !begun || !overrun && apart < gapFor {
		return
	}
	cause := causeOverrun
	if apart >= gapFor {
		cause = causeGone
	}
	missing := max(lasts, audio.Position(apart.Milliseconds())*audio.RateHz/1000-lasts)
	r.at += missing
	r.lose(missing, cause)
}

func (r *ring) lose(n audio.Position, cause string) {
	r.lost = Loss{r.lost.Samples + int(n), cause}
}

// opened says that a piece is due from now on.
func (r *ring) opened() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = time.Now()
}

// quiet returns how long no piece came.
func (r *ring) quiet() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.heard)
}

func (r *ring) position() audio.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// take waits for a piece and puts it into s, whose samples the ring uses again.
// It returns false once the ring is closed and empty.
func (r *ring) take(s *slot) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.n == 0 {
		if r.closed {
			return false
		}
		r.filled.Wait()
	}
	*s, r.slots[r.first] = r.slots[r.first], *s
	r.first, r.n = (r.first+1)%ringLen, r.n-1
	return true
}

// close lets the reader come to its end.
func (r *ring) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.filled.Broadcast()
}

// mix appends the average of the channels. What is no number becomes silence,
// and nothing is louder than full scale.
func mix(dst, interleaved []float32, channels int) []float32 {
	for i := 0; i+channels <= len(interleaved); i += channels {
		var sum float32
		for _, v := range interleaved[i : i+channels] {
			sum += v
		}
		if sum /= float32(channels); sum != sum {
			sum = 0
		}
		dst = append(dst, max(-1, min(1, sum)))
	}
	return dst
}
