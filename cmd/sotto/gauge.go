package main

import (
	"math"
	"strings"
	"sync"

	"sotto/audio"
)

const (
	// fullScale is what counts as clipped: the loudest value of 16 bits.
	fullScale = 32766.0 / 32768
	// clippedMost samples at full scale in a second are no accident.
	clippedMost = 10
	// silentFor is how many zeros in a row no open microphone gives: 5 s.
	silentFor = 5 * audio.RateHz
	// The meter shows from the quietest to full scale, in so many steps.
	quietestDB = -60
	meterSteps = 10
)

// What a person can do about the sound.
const (
	hintSilent  = "no signal; is the microphone muted?"
	hintClipped = "input is clipping; lower the gain"
)

// gauge looks at sound on its way. Its methods may be called by anyone.
type gauge struct {
	mu      sync.Mutex // guards the following
	peak    float32    // since Level was asked
	zeros   int        // in a row, up to now
	clipped int        // of the second that runs
	seconds int        // samples of that second
	loud    bool       // the second before it was clipped
}

func (g *gauge) take(samples []float32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, x := range samples {
		x = max(x, -x)
		g.peak = max(g.peak, x)
		g.zeros++
		if x != 0 {
			g.zeros = 0
		}
		if x >= fullScale {
			g.clipped++
		}
		if g.seconds++; g.seconds == audio.RateHz {
			g.loud, g.clipped, g.seconds = g.clipped >= clippedMost, 0, 0
		}
	}
}

// hint says what is wrong with the sound, "" when nothing is.
func (g *gauge) hint() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.zeros >= silentFor:
		return hintSilent
	case g.loud || g.clipped >= clippedMost:
		return hintClipped
	}
	return ""
}

// bar draws the loudest sample since it was drawn last.
func (g *gauge) bar() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	db := 20 * math.Log10(float64(g.peak)+1e-9)
	g.peak = 0
	full := int(math.Round(meterSteps * (1 - max(quietestDB, min(0, db))/quietestDB)))
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", meterSteps-full) + "]"
}
