package sotto

import (
	"time"
	"unicode/utf8"

	"sotto/audio"
	"sotto/audio/vad"
)

// Measure is something an engine tells whoever observes it.
type Measure uint8

// What is measured, in its unit.
const (
	FrameLag    Measure = iota // seconds by which a frame was late when its turn came
	StepTime                   // seconds that the drafts of a step took, in all languages
	FirstWord                  // seconds from the first sign of speech to the first word that stays
	EndOfSpeech                // seconds from the end of speech to the last word
	RealTime                   // share of a segment's length for which the voice was computed or waited for its turn
	Steps                      // drafts made
	Skipped                    // steps left out because sound was waiting
	Words                      // that stay
	Erased                     // characters of tails that were shown and did not stay
	Guarded                    // drafts that were not trusted to their end
	Lost                       // seconds of sound that never came
	Shed                       // seconds of sound for which there was no room
	Refused                    // voices that were not let in
	measures
)

// observe tells a measure.
func (e *Engine) observe(m Measure, value float64) {
	if e.tell != nil {
		e.tell(m, value)
	}
}

// stretch is what a session remembers of a segment to say how late its words are.
type stretch struct {
	from   audio.Position // of the first sign of speech
	worked time.Duration  // before it
	spoke  bool           // a word stays
}

// lateness is what sound that is in work has waited and is being worked on.
func (s *Session) lateness() float64 { return (s.Behind() + time.Since(s.began)).Seconds() }

// observeWords tells what a target commits and takes back.
func (s *Session) observeWords(words []Word, shown, tail string) {
	e := s.engine
	if len(words) > 0 {
		if !s.stretch.spoke {
			e.observe(FirstWord, seconds(s.heard-s.stretch.from)+s.lateness())
		}
		s.stretch.spoke = true
		e.observe(Words, float64(len(words)))
	}
	if n := erased(shown, (&Caption{Words: words}).Text()+tail); n > 0 {
		e.observe(Erased, float64(n))
	}
}

// observePause tells how late the end of a segment is.
func (s *Session) observePause() {
	if !s.stretch.spoke {
		return
	}
	quiet := seconds(audio.Position(s.quiet+vad.Hangover) * audio.FrameLen)
	s.engine.observe(EndOfSpeech, quiet+s.lateness())
	worked := s.worked + time.Since(s.began) - s.stretch.worked
	s.engine.observe(RealTime, worked.Seconds()/seconds(s.heard-s.stretch.from))
}

// erased returns how many characters of what was shown are not at its place any
// more.
func erased(shown, now string) int {
	n := 0
	for n < min(len(shown), len(now)) && shown[n] == now[n] {
		n++
	}
	return utf8.RuneCountInString(shown[n:])
}

func seconds(p audio.Position) float64 { return float64(p) / audio.RateHz }
