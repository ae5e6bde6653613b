package score

import (
	"fmt"
	"math"
	"sort"
)

// sourceTokenMs is the length of the pieces that ATD cuts sound into.
const sourceTokenMs = 300

// ATD is average token delay (arXiv 2211.13173) in ms, for text from speech.
// Each segment is a whole recording or clip: its times count from the beginning
// of the sound and never go back. Sound between two emissions is cut into
// tokens of 300 ms; a target token is paired with the source token of its own
// number, or an earlier one where more was said than heard.
func ATD(segments []Segment, c Clock) (Mean, error) {
	for i, s := range segments {
		before := 0.0
		for j, w := range s.Words {
			if w.DelayMs < before {
				return Mean{}, fmt.Errorf("score: segment %d: the delay of word %d is %v ms after one of %v ms; ATD needs delays that never go back",
					i, j, w.DelayMs, before)
			}
			before = w.DelayMs
		}
	}
	return average(segments, c, func(_ []float64, s *Segment) (float64, bool) { return tokenDelay(s.Words, c), true })
}

// chunk is the sound between two emissions, with what was emitted at its end.
type chunk struct {
	startMs, endMs float64
	source         float64 // source tokens up to its end; a count too large for int on damaged logs
	target         int     // target tokens up to its end
}

func chunksOf(words []Word) []chunk {
	chunks := []chunk{{}}
	for i, w := range words {
		last := &chunks[len(chunks)-1]
		if i > 0 && w.DelayMs == last.endMs {
			last.target++
			continue
		}
		heard := math.Ceil((w.DelayMs - last.endMs) / sourceTokenMs)
		chunks = append(chunks, chunk{last.endMs, w.DelayMs, last.source + heard, last.target + 1})
	}
	return chunks
}

func tokenDelay(words []Word, c Clock) float64 {
	chunks := chunksOf(words)
	sum, shownMs, extraMs, at := 0.0, 0.0, 0.0, 1
	for i, w := range words {
		if i == chunks[at].target {
			at++
		}
		shownMs = max(w.DelayMs, shownMs)
		if c == Aware {
			shownMs += w.ElapsedMs - w.DelayMs - extraMs
			extraMs = w.ElapsedMs - w.DelayMs
		}
		ahead := max(0, float64(chunks[at-1].target)-chunks[at-1].source)
		token := min(float64(i+1)-ahead, chunks[at].source)
		sum += shownMs - sourceEnd(chunks, token)
	}
	return sum / float64(len(words))
}

// sourceEnd is the time at which a source token, counted from 1, ends.
func sourceEnd(chunks []chunk, token float64) float64 {
	i := sort.Search(len(chunks), func(i int) bool { return chunks[i].source >= token })
	if i == 0 {
		return 0
	}
	return min(chunks[i].endMs, chunks[i].startMs+(token-chunks[i-1].source)*sourceTokenMs)
}
