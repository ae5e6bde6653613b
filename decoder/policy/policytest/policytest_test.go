package policytest

import (
	"slices"
	"testing"

	"sotto/decoder/policy"
)

type broken func(e policy.Evidence) int

func (b broken) Commit(e policy.Evidence) int { return b(e) }

// TestLawsCatchBrokenPolicies breaks each law once.
func TestLawsCatchBrokenPolicies(t *testing.T) {
	calls := 0
	for law, p := range map[string]broken{
		"commits 0 to all tokens":          func(e policy.Evidence) int { return len(e.Newest().Tokens) + 1 },
		"commits nothing of nothing":       func(e policy.Evidence) int { return int(e.Drafts[0].Tokens[0].Mass) },
		"is a pure function":               func(e policy.Evidence) int { calls++; return min(calls%3, len(e.Newest().Tokens)) },
		"commits a whole final draft":      func(policy.Evidence) int { return 0 },
		"commits no less when it is final": func(e policy.Evidence) int { return len(e.Newest().Tokens) - lesser(e.Final, e) },
		"commits no less when the draft is made again": func(e policy.Evidence) int {
			return len(e.Newest().Tokens) / max(len(e.Drafts), 1)
		},
		"commits no less of a longer draft": func(e policy.Evidence) int {
			return len(e.Newest().Tokens) * (len(e.Newest().Tokens) & 1)
		},
		"commits all of a stream in the end": func(e policy.Evidence) int { return min(1, len(e.Newest().Tokens)) },
	} {
		i := slices.IndexFunc(laws, func(l struct {
			name  string
			check func(policy.Policy) error
		}) bool {
			return l.name == law
		})
		if i < 0 {
			t.Fatalf("no law %q", law)
		}
		if laws[i].check(p) == nil {
			t.Errorf("%q does not notice a policy that breaks it", law)
		}
	}
	if len(laws) != 8 {
		t.Errorf("%d laws, 8 of them tested here", len(laws))
	}
	spoil := broken(func(e policy.Evidence) int {
		for _, d := range e.Drafts {
			clear(d.Tokens)
		}
		return 0
	})
	if pure(spoil) == nil {
		t.Error("a policy that changes its evidence passes as pure")
	}
}

func lesser(yes bool, e policy.Evidence) int {
	if yes && len(e.Newest().Tokens) > 0 {
		return 1
	}
	return 0
}

func TestNeverWrongNoticesErrors(t *testing.T) {
	for name, p := range map[string]policy.Policy{
		"hold 1":             policy.Hold{N: 1},
		"agreement of 2":     policy.Agreement{N: 2},
		"frontier too near":  policy.AlignAtt{Frontier: Settle - 2, Floor: LeastMass, Rewind: Reach},
		"no floor":           policy.AlignAtt{Frontier: Settle, Rewind: Reach},
		"no rewind":          policy.AlignAtt{Frontier: Settle, Floor: LeastMass},
		"rewind of a window": policy.AlignAtt{Frontier: Settle, Floor: LeastMass, Rewind: 750},
	} {
		if neverWrong(p) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// TestStreamsAreWhatTheySay holds the stand-in to its own promises.
func TestStreamsAreWhatTheySay(t *testing.T) {
	loops := 0
	for seed := range uint64(100) {
		s := NewStream(seed, Faults{})
		furthest := 0
		for i, f := range s.Needs {
			if furthest = max(furthest, f); f < furthest-Reach {
				t.Fatalf("stream %d: token %d goes back %d frames", seed, i, furthest-f)
			}
		}
		for frames := Step; frames < s.Length; frames += Step {
			for i, token := range s.Draft(0, frames).Tokens {
				if wrong := token.ID != s.Tokens[i]; wrong && token.Frame < frames-Settle {
					t.Fatalf("stream %d: a wrong token leans on frame %d of %d", seed, token.Frame, frames)
				}
			}
			loops += len(s.loop(0, frames))
		}
		if got := s.Draft(3, s.Length); len(got.Tokens) != len(s.Tokens)-3 || got.Tokens[0].ID != s.Tokens[3] {
			t.Fatalf("stream %d: the final draft is not the rest of the text", seed)
		}
	}
	if loops == 0 {
		t.Error("no stream ever loops")
	}
}
