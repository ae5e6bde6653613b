package policy

// Agreement commits what the last N drafts have in common at their beginning,
// compared by ids (LocalAgreement-n). It needs no attention, and N steps of
// delay. A guess that N drafts share is committed with the rest, a loop too.
type Agreement struct {
	N int // drafts that have to agree; 1 and less: the newest alone
}

// Commit implements Policy. Fewer than N drafts agree on nothing.
func (p Agreement) Commit(e Evidence) int {
	newest := e.Newest().Tokens
	if e.Final {
		return len(newest)
	}
	if len(e.Drafts) < p.N {
		return 0
	}
	n := len(newest)
	for _, d := range p.witnesses(e) {
		n = min(n, common(d.Tokens, newest))
	}
	return n
}

// Ends reports that the last N drafts are one text and that the model ended
// its reply behind it each time: the only agreement that is also on the end.
// A draft that ran out of its token budget does not agree on the end.
func (p Agreement) Ends(e Evidence) bool {
	if len(e.Drafts) < max(p.N, 1) {
		return false
	}
	newest := e.Newest().Tokens
	for _, d := range p.witnesses(e) {
		if !d.Ended || len(d.Tokens) != len(newest) || common(d.Tokens, newest) < len(newest) {
			return false
		}
	}
	return true
}

// witnesses returns the last N drafts; there have to be so many.
func (p Agreement) witnesses(e Evidence) []Draft {
	return e.Drafts[len(e.Drafts)-min(max(p.N, 1), len(e.Drafts)):]
}
