package ws

import (
	"fmt"
	"math"
	"time"

	"sotto/audio"
	"sotto/transport/voice"
	"sotto/transport/wire"
)

const (
	silentFrames = 60 * framesASec
	clipFrames   = 5 * framesASec
	clipShare    = 0.2
	clipLevel    = 0.99
	paceWindow   = 5 * time.Second
	paceError    = 0.03 // of a rate that is another
	badPackets   = 50   // in a row

	burst     = 10 * time.Second // of live sound at once
	fastest   = 1.25             // seconds of live sound in a second
	lateAlert = 2                // windows in a row
)

// commonRates are those that sound cards and codecs have.
var commonRates = []float64{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000}

// watch looks at the sound for what people get wrong.
type watch struct {
	rate float64 // announced
	live bool

	silent  int // frames
	frames  int // of the window in which clipping is counted
	clipped int // samples of it
	told    map[string]bool

	began, window time.Time // of the first message, of the window in which the pace is taken
	length        int64     // samples since then
	sum           int64     // of the window
	pace          float64   // of the window before, when it was another rate
	paces         int       // windows at that rate in a row
}

func newWatch(rate int, live bool) *watch {
	return &watch{rate: float64(rate), live: live, told: make(map[string]bool)}
}

// tooFast takes the length of a message and reports live sound that comes faster
// than anyone can speak it.
func (w *watch) tooFast(length int64, now time.Time) (sound, passed time.Duration, is bool) {
	if w.began.IsZero() {
		w.began, w.window = now, now
		w.sum = -length // the pace is what comes behind the first message
	}
	w.length += length
	w.sum += length
	sound, passed = time.Duration(float64(w.length)/w.rate*float64(time.Second)), now.Sub(w.began)
	return sound, passed, w.live && sound > burst+time.Duration(fastest*float64(passed))
}

// warnings says what is wrong with the sound, once as long as it lasts.
func (w *watch) warnings(frames []audio.Frame, faults voice.Faults, now time.Time) (all []*wire.Warning) {
	warn := func(code string, is bool, format string, args ...any) {
		if is && !w.told[code] {
			all = append(all, &wire.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
		}
		w.told[code] = is
	}
	for i := range frames {
		warn("silent", w.isSilent(&frames[i]), "only digital silence for 60 seconds; is the microphone muted?")
		if share, whole := w.clipping(&frames[i]); whole {
			warn("clipping", share > clipShare, "%.0f %% of the last 5 seconds are clipped; lower the gain", 100*share)
		}
	}
	if other, whole := w.otherRate(now); whole {
		warn("pace", other > 0, "sound announced with %.0f samples a second comes as %.0f a second do; announce the rate it has", w.rate, other)
	}
	warn("samples", faults.Samples > 0, "%d samples are no numbers; they are heard as silence", faults.Samples)
	warn("undecodable", faults.Running >= badPackets, "%d packets in a row cannot be decoded; send one packet of Opus in each message", badPackets)
	return all
}

func (w *watch) isSilent(f *audio.Frame) bool {
	w.silent++
	if *f != (audio.Frame{}) {
		w.silent = 0
	}
	return w.silent >= silentFrames
}

// clipping returns the share of clipped samples when a window is whole.
func (w *watch) clipping(f *audio.Frame) (share float64, whole bool) {
	for _, v := range f {
		if v >= clipLevel || v <= -clipLevel {
			w.clipped++
		}
	}
	if w.frames++; w.frames < clipFrames {
		return 0, false
	}
	share = float64(w.clipped) / (clipFrames * audio.FrameLen)
	w.frames, w.clipped = 0, 0
	return share, true
}

// otherRate returns the rate at which sound has come for some time when it is one
// that others have, and 0 when it is not. Recordings may come faster than they
// were spoken.
func (w *watch) otherRate(now time.Time) (rate float64, whole bool) {
	passed := now.Sub(w.window)
	if passed < paceWindow {
		return 0, false
	}
	pace := nearest(float64(w.sum) / passed.Seconds())
	w.window, w.sum = now, 0
	if pace == 0 || math.Abs(pace-w.rate) < paceError*w.rate || pace > w.rate && !w.live {
		w.paces = 0
		return 0, true
	}
	if pace != w.pace {
		w.pace, w.paces = pace, 0
	}
	if w.paces++; w.paces < lateAlert {
		return 0, true
	}
	return pace, true
}

// nearest returns the common rate that a pace is, or 0.
func nearest(pace float64) float64 {
	for _, rate := range commonRates {
		if math.Abs(pace-rate) < paceError*rate {
			return rate
		}
	}
	return 0
}
