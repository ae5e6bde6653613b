package policy

// All commits what each of the policies would commit: the least of their
// counts. All of none is AtPause.
func All(policies ...Policy) Policy {
	var every all
	for _, p := range policies {
		if p != nil {
			every = append(every, p)
		}
	}
	if len(every) == 0 {
		return AtPause{}
	}
	return every
}

type all []Policy

func (every all) Commit(e Evidence) int {
	n := len(e.Newest().Tokens)
	for _, p := range every {
		n = min(n, max(p.Commit(e), 0))
	}
	return n
}

// HoldMarks commits what Of commits, less the closing marks at its end (tokens
// with Closes). In the middle of a sentence a model that has heard no more
// closes it with a full stop; the stop is true once a word stands behind it, or
// at the final draft.
type HoldMarks struct {
	Of Policy // nil: AtPause
}

// Commit implements Policy.
func (p HoldMarks) Commit(e Evidence) int {
	n := All(p.Of).Commit(e)
	if e.Final {
		return n
	}
	tokens := e.Newest().Tokens
	for n > 0 && tokens[n-1].Closes {
		n--
	}
	return n
}
