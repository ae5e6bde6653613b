// Package guard tells text that comes from the sound from what a model writes
// without one: loops, replies beyond any speech, another language's script,
// talk about the task, and characters that would spoil a page. All functions
// are pure; what to do with a finding is the caller's.
package guard

// A reply may be as long as fast speech and a start: 16 tokens, so that the
// first word heard may already be a short sentence, and 8 for each second of
// sound, because people say at most three or four words, of about two tokens,
// in a second.
const (
	startTokens     = 16
	tokensPerSecond = 8
	framesPerSecond = 25 // of 40 ms
)

// Budget returns the most tokens that a reply to so many frames of sound may
// have. A reply that repeats the source before the translation needs twice this.
func Budget(frames int) int {
	return startTokens + max(frames, 0)*tokensPerSecond/framesPerSecond
}
