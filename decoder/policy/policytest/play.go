package policytest

import "sotto/decoder/policy"

// Result is what a policy made of a stream.
type Result struct {
	Text  []int   // committed ids
	Wrong int     // of these, how many are not the true token of their place
	Delay float64 // frames from a token's sound to its commit, mean over Text
}

// Play runs the stream through the policy as a session would: a draft every
// Step frames, commits that are only ever added to, one final draft.
func Play(s Stream, p policy.Policy) (Result, error) {
	var r Result
	delay := 0
	e := policy.Evidence{LastFrame: -1}
	for frames := Step; !e.Final; frames += Step {
		frames = min(frames, s.Length)
		e.Final = frames == s.Length
		e.Drafts = append(e.Drafts, s.Draft(e.Committed, frames))
		n, err := ask(p, e)
		if err != nil {
			return r, err
		}
		for _, t := range e.Newest().Tokens[:n] {
			delay += frames - s.said(len(r.Text))
			r.add(s, t.ID)
		}
		e = e.After(n)
	}
	r.Delay = float64(delay) / float64(max(len(r.Text), 1))
	return r, nil
}

// said returns the frame of the sound that token i needs, the end of the voice
// for tokens beyond the true text.
func (s Stream) said(i int) int {
	if i < len(s.Needs) {
		return s.Needs[i]
	}
	return s.Length
}

func (r *Result) add(s Stream, id int) {
	if i := len(r.Text); i >= len(s.Tokens) || s.Tokens[i] != id {
		r.Wrong++
	}
	r.Text = append(r.Text, id)
}

// Sum plays many streams, one for each seed below streams, and returns the
// share of wrong tokens and the mean delay in frames.
func Sum(p policy.Policy, streams int, faults Faults) (wrong, delay float64, err error) {
	tokens := 0.0
	for seed := range uint64(streams) {
		r, err := Play(NewStream(seed, faults), p)
		if err != nil {
			return 0, 0, err
		}
		n := float64(len(r.Text))
		tokens, wrong, delay = tokens+n, wrong+float64(r.Wrong), delay+r.Delay*n
	}
	return wrong / max(tokens, 1), delay / max(tokens, 1), nil
}
