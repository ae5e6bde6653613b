// Package vad says whether somebody speaks, frame by frame: energy in the band of
// speech against a tracked noise floor. It errs towards speech: a word that is
// missed is worse than noise that is heard.
package vad

import (
	"math"

	"sotto/audio"
)

const (
	blocks   = 4                       // per frame
	blockLen = audio.FrameLen / blocks // 10 ms

	// onBlocks of the last onWindow blocks above the threshold begin speech: a
	// single click is not enough.
	onBlocks = 4
	onWindow = 8
	// Hangover keeps speech on across the gaps inside words (frames).
	Hangover = 6

	riseDB    = 9.0   // above the floor to be speech
	quietDB   = -62.0 // below this nothing is speech; the model hears no more either
	floorInit = -55.0
	// The floor follows the quietest block of the last second, up at most this
	// much per block: a steady noise becomes the floor within a few seconds.
	floorRiseDB = 0.12
)

// Activity is what a frame was found to be.
type Activity struct {
	Speech  bool    // somebody speaks, or did a moment ago
	LevelDB float64 // of the loudest block, relative to full scale
}

// Detector follows one voice.
type Detector struct {
	high, low biquad
	floorDB   float64
	recent    [onWindow]bool
	at        int
	hang      int // frames for which speech goes on
	silence   int // frames since speech
}

// NewDetector returns a detector at the beginning of a voice.
func NewDetector() *Detector {
	return &Detector{high: highPass(200), low: lowPass(3800), floorDB: floorInit}
}

// Step takes the next frame.
func (d *Detector) Step(f *audio.Frame) Activity {
	level := math.Inf(-1)
	active := 0
	for b := range blocks {
		db := d.block(f[b*blockLen : (b+1)*blockLen])
		level = math.Max(level, db)
		d.recent[d.at] = db > quietDB && db > d.floorDB+riseDB
		d.at = (d.at + 1) % onWindow
		d.follow(db)
	}
	for _, on := range d.recent {
		if on {
			active++
		}
	}
	switch {
	case active >= onBlocks:
		d.hang = Hangover
	case d.hang > 0:
		d.hang--
	}
	d.silence++
	if d.hang > 0 {
		d.silence = 0
	}
	return Activity{Speech: d.hang > 0, LevelDB: level}
}

// SilenceMillis returns the time since speech was on.
func (d *Detector) SilenceMillis() int { return d.silence * audio.FrameMilli }

// block returns the level of 10 ms in the band of speech.
func (d *Detector) block(samples []float32) float64 {
	sum := 1e-12
	for _, v := range samples {
		y := d.low.step(d.high.step(float64(v)))
		sum += y * y
	}
	return 10 * math.Log10(sum/float64(len(samples)))
}

// follow moves the floor: down at once to what is quieter, up slowly.
func (d *Detector) follow(db float64) {
	db = math.Max(db, -90)
	if db < d.floorDB {
		d.floorDB += 0.3 * (db - d.floorDB)
		return
	}
	d.floorDB += math.Min(floorRiseDB, 0.02*(db-d.floorDB))
}

// biquad is a second-order filter, transposed direct form II.
type biquad struct{ b0, b1, b2, a1, a2, z1, z2 float64 }

func (q *biquad) step(x float64) float64 {
	y := q.b0*x + q.z1
	q.z1 = q.b1*x - q.a1*y + q.z2
	q.z2 = q.b2*x - q.a2*y
	return y
}

// highPass and lowPass are Butterworth filters by the bilinear transform.
func highPass(hz float64) biquad {
	cos, alpha := angle(hz)
	a0 := 1 + alpha
	return biquad{b0: (1 + cos) / 2 / a0, b1: -(1 + cos) / a0, b2: (1 + cos) / 2 / a0, a1: -2 * cos / a0, a2: (1 - alpha) / a0}
}

func lowPass(hz float64) biquad {
	cos, alpha := angle(hz)
	a0 := 1 + alpha
	return biquad{b0: (1 - cos) / 2 / a0, b1: (1 - cos) / a0, b2: (1 - cos) / 2 / a0, a1: -2 * cos / a0, a2: (1 - alpha) / a0}
}

func angle(hz float64) (cos, alpha float64) {
	sin, cos := math.Sincos(2 * math.Pi * hz / audio.RateHz)
	return cos, sin / math.Sqrt2
}
