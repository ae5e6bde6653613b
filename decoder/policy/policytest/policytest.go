// Package policytest is the suite that every policy must pass, and the stand-in
// for a speaker and a model that shows what a policy costs in delay and errors.
package policytest

import (
	"fmt"
	"slices"
	"testing"

	"sotto/decoder/policy"
)

// Run tests what holds for every policy. make returns the policy anew.
func Run(t *testing.T, name string, make func() policy.Policy) {
	t.Helper()
	for _, law := range laws {
		t.Run(name+"/"+law.name, func(t *testing.T) {
			if err := law.check(make()); err != nil {
				t.Error(err)
			}
		})
	}
}

// NeverWrong tests a policy that claims to commit only what stays: over many
// streams with faults and truthful attention, the committed text is a beginning
// of the true one at every step, and all of it at the end. The attention is
// such that a Frontier of Settle, a Rewind of Reach and a Floor of LeastMass
// are enough.
func NeverWrong(t *testing.T, name string, make func() policy.Policy) {
	t.Helper()
	t.Run(name+"/is never wrong", func(t *testing.T) {
		if err := neverWrong(make()); err != nil {
			t.Error(err)
		}
	})
}

func neverWrong(p policy.Policy) error {
	for seed := range uint64(200) {
		s := NewStream(seed, Faults{Loops: 0.3, Babble: 0.3, Wander: 0.3})
		r, err := Play(s, p)
		if err != nil {
			return err
		}
		if r.Wrong > 0 || len(r.Text) != len(s.Tokens) {
			return fmt.Errorf("stream %d: %d of %d committed tokens are wrong, %d were said\n got %v\nwant %v",
				seed, r.Wrong, len(r.Text), len(s.Tokens), r.Text, s.Tokens)
		}
	}
	return nil
}

// laws hold for every policy. Each takes a policy and says where it fails.
var laws = []struct {
	name  string
	check func(policy.Policy) error
}{
	{"commits 0 to all tokens", bounded},
	{"is a pure function", pure},
	{"commits nothing of nothing", empty},
	{"commits a whole final draft", whole},
	{"commits no less when it is final", moreWhenFinal},
	{"commits no less when the draft is made again", moreWhenRepeated},
	{"commits no less of a longer draft", moreWhenLonger},
	{"commits all of a stream in the end", complete},
}

func bounded(p policy.Policy) error {
	return each(func(e policy.Evidence, _ uint64) error {
		_, err := ask(p, e)
		return err
	})
}

// pure asks twice with another question between, and compares what was asked
// before and after.
func pure(p policy.Policy) error {
	return each(func(e policy.Evidence, seed uint64) error {
		before := fmt.Sprintf("%#v", e)
		first, err := ask(p, e)
		if err != nil {
			return err
		}
		if _, err := ask(p, plausible(seed+1)); err != nil {
			return err
		}
		again, err := ask(p, e)
		if err != nil {
			return err
		}
		if first != again {
			return fmt.Errorf("committed %d, then %d of the same evidence %s", first, again, before)
		}
		if after := fmt.Sprintf("%#v", e); after != before {
			return fmt.Errorf("changed the evidence\nfrom %s\n  to %s", before, after)
		}
		return nil
	})
}

func empty(p policy.Policy) error {
	earlier := plausible(1).Drafts
	for _, e := range []policy.Evidence{
		{},
		{Final: true},
		{LastFrame: -1, Drafts: []policy.Draft{{}}},
		{LastFrame: -1, Drafts: []policy.Draft{{Ended: true, Frames: 100}}, Final: true},
		{LastFrame: 7, Committed: 3, Drafts: append(earlier, policy.Draft{Frames: 100})},
	} {
		if _, err := ask(p, e); err != nil {
			return err
		}
	}
	return nil
}

// whole takes final drafts that are grounded in the sound in every way.
func whole(p policy.Policy) error {
	for n := range 40 {
		draft := policy.Draft{Frames: 8 * n, Ended: true}
		for i := range n {
			draft.Tokens = append(draft.Tokens, policy.Token{ID: i, Frame: 8 * i, Mass: 0.9, Closes: i%9 == 8})
		}
		e := policy.Evidence{Drafts: []policy.Draft{draft}, LastFrame: -1, Final: true}
		if got, err := ask(p, e); err != nil || got != n {
			return fmt.Errorf("committed %d of the %d tokens of a final draft (%v)", got, n, err)
		}
	}
	return nil
}

func moreWhenFinal(p policy.Policy) error {
	return neverLess(p, func(e policy.Evidence) policy.Evidence {
		e.Final = true
		return e
	})
}

func moreWhenRepeated(p policy.Policy) error {
	return neverLess(p, func(e policy.Evidence) policy.Evidence {
		again := e.Newest()
		again.Frames += Step
		e.Drafts = append(slices.Clip(e.Drafts), again)
		return e
	})
}

func moreWhenLonger(p policy.Policy) error {
	return neverLess(p, func(e policy.Evidence) policy.Evidence {
		longer := e.Newest()
		longer.Tokens = append(slices.Clip(longer.Tokens), policy.Token{ID: 3, Frame: 3, Mass: 0.5})
		e.Drafts = append(slices.Clone(e.Drafts[:len(e.Drafts)-1]), longer)
		return e
	})
}

// neverLess tests that a change for the better never lowers the count.
func neverLess(p policy.Policy, better func(policy.Evidence) policy.Evidence) error {
	for seed := range uint64(1000) {
		e := plausible(seed)
		before, err := ask(p, e)
		if err != nil {
			return err
		}
		after, err := ask(p, better(e))
		if err != nil {
			return err
		}
		if after < before {
			return fmt.Errorf("committed %d, but %d of better evidence: %+v", before, after, e)
		}
	}
	return nil
}

func complete(p policy.Policy) error {
	for seed := range uint64(50) {
		s := NewStream(seed, Faults{})
		r, err := Play(s, p)
		if err != nil {
			return err
		}
		if len(r.Text) != len(s.Tokens) {
			return fmt.Errorf("stream %d: committed %d tokens, want all %d", seed, len(r.Text), len(s.Tokens))
		}
	}
	return nil
}

// ask returns p's count, or why it is none.
func ask(p policy.Policy, e policy.Evidence) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panicked over %+v: %v", e, r)
		}
	}()
	n = p.Commit(e)
	if most := len(e.Newest().Tokens); n < 0 || n > most {
		return 0, fmt.Errorf("committed %d of %d tokens: %+v", n, most, e)
	}
	return n, nil
}

// each calls check with plausible evidence and with hostile one.
func each(check func(e policy.Evidence, seed uint64) error) error {
	for seed := range uint64(500) {
		if err := check(plausible(seed), seed); err != nil {
			return err
		}
		if err := check(hostile(seed), seed); err != nil {
			return err
		}
	}
	return nil
}
