// Package policy decides how much of a draft may be committed. Committed text
// is never taken back, so a policy weighs delay against being wrong.
//
// A policy is a pure function from evidence to a count: it knows no clock, no
// sound and no text. Every step the session puts its newest draft into an
// Evidence, asks Commit, shows that many tokens for good and goes on with
// Evidence.After:
//
//	e.Drafts, e.Final = append(e.Drafts, draft), paused
//	n := p.Commit(e)
//	commit(draft.Tokens[:n])
//	e = e.After(n)
//
// AlignAtt is the policy of choice: it reads which sound a token leaned on
// (Aligner finds that in the attention). Agreement is the second witness; Hold,
// WaitK and AtPause are what they are measured against. A Table holds a
// model's settings, and Table.Policy turns one of them and a Dial into a policy.
//
// Every policy commits a whole draft when Final is set; only AlignAtt's guards
// against text on nothing and against loops hold even then. All of them take
// any evidence, also frames out of range, negative counts and NaN.
package policy

// Token is one token of a draft with what its prediction leaned on.
type Token struct {
	ID     int
	Frame  int     // sound token that the chosen heads looked at most, from 0 in this window; -1: nothing of the evidence is known
	Mass   float32 // share of the heads' attention that lay on the sound, sinks left out, 0 to 1; NaN: unknown
	Recent float32 // share of that attention, within the sound, that lay on its newest frames (Aligner.Newest)
	Closes bool    // it closes a sentence or a clause, as a full stop does; see HoldMarks
}

// Draft is what the decoder would say behind the committed text.
type Draft struct {
	Tokens []Token
	Frames int  // sound tokens heard when it was made
	Ended  bool // the model itself ended its reply behind Tokens
}

// Evidence is all that a policy sees.
type Evidence struct {
	Drafts    []Draft // newest last, each without the tokens committed meanwhile
	Committed int     // tokens committed in this window
	LastFrame int     // the furthest frame that a committed token leaned on, -1 if none
	Final     bool    // nothing more will be heard in this window
}

// Policy says how many tokens of the newest draft may be committed, 0 to all of
// them. It keeps no state and leaves the evidence as it is.
type Policy interface{ Commit(e Evidence) int }

// Newest returns the last draft, an empty one if there is none.
func (e Evidence) Newest() Draft {
	if len(e.Drafts) == 0 {
		return Draft{}
	}
	return e.Drafts[len(e.Drafts)-1]
}

// After returns the evidence that is left once n tokens of the newest draft are
// committed. Drafts that began with the same n ids keep what followed them. The
// latest one that did not, and all before it, speak of another text and are
// dropped, so that the drafts left were made one after the other.
func (e Evidence) After(n int) Evidence {
	newest := e.Newest().Tokens
	n = min(max(n, 0), len(newest))
	from := len(e.Drafts)
	for from > 0 && common(e.Drafts[from-1].Tokens, newest[:n]) == n {
		from--
	}
	left := make([]Draft, 0, len(e.Drafts)-from+1) // one more: the next draft
	for _, d := range e.Drafts[from:] {
		d.Tokens = d.Tokens[n:]
		left = append(left, d)
	}
	e.Drafts, e.Committed = left, max(e.Committed, 0)+n
	e.LastFrame = max(e.LastFrame, -1)
	for _, t := range newest[:n] {
		e.LastFrame = max(e.LastFrame, t.Frame)
	}
	return e
}

// common returns how many leading tokens of a and b have equal ids.
func common(a, b []Token) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i].ID != b[i].ID {
			return i
		}
	}
	return n
}
