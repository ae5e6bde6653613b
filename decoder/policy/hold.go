package policy

import "math"

// Hold commits a draft without its last N tokens (hold-n): the tail is where
// drafts change.
type Hold struct {
	N int // tokens held back; below 0: none
}

// Commit implements Policy.
func (p Hold) Commit(e Evidence) int {
	tokens := len(e.Newest().Tokens)
	if e.Final {
		return tokens
	}
	return max(0, tokens-max(p.N, 0))
}

// AtPause commits nothing before the window's end: never wrong, always late.
type AtPause struct{}

// Commit implements Policy.
func (AtPause) Commit(e Evidence) int {
	if !e.Final {
		return 0
	}
	return len(e.Newest().Tokens)
}

// Words of speech are assumed to last 300 ms, 7.5 frames of 40 ms.
const defaultFramesPerWord = 7.5

// WaitK commits at the speed of the speech, K words late (wait-k): word t once
// t+K-1 words have been heard. A policy sees no text, so the words heard are
// the frames heard over FramesPerWord, pauses included, and TokensPerWord turns
// them into tokens of the draft. Word order and evidence do not count.
type WaitK struct {
	K             int     // words; below 1: 1
	FramesPerWord float64 // frames of one spoken word; 0 and what is no number: 7.5
	TokensPerWord float64 // tokens committed for each of them; 0 and what is no number: 1
}

// Commit implements Policy.
func (p WaitK) Commit(e Evidence) int {
	draft := e.Newest()
	if e.Final {
		return len(draft.Tokens)
	}
	heard := math.Floor(float64(draft.Frames) / or(p.FramesPerWord, defaultFramesPerWord))
	due := (heard - float64(max(p.K, 1)) + 1) * or(p.TokensPerWord, 1)
	due = math.Floor(due) - float64(max(e.Committed, 0))
	return int(math.Max(0, math.Min(due, float64(len(draft.Tokens)))))
}

// or returns v if it is a number above 0, else instead.
func or(v, instead float64) float64 {
	if v > 0 && !math.IsInf(v, 1) {
		return v
	}
	return instead
}
