package policy_test

import (
	"math"
	"slices"
	"testing"

	"sotto/decoder/policy"
)

// at returns a draft of 100 frames whose tokens lean on the frames given.
func at(frames ...int) policy.Draft {
	d := policy.Draft{Frames: 100}
	for i, f := range frames {
		d.Tokens = append(d.Tokens, policy.Token{ID: i, Frame: f, Mass: 0.5, Recent: 0.1})
	}
	return d
}

func with(d policy.Draft, i int, change func(*policy.Token)) policy.Draft {
	d.Tokens = slices.Clone(d.Tokens)
	change(&d.Tokens[i])
	return d
}

func TestAlignAtt(t *testing.T) {
	p := policy.AlignAtt{Frontier: 10, Floor: 0.1, Recent: 0.5, Rewind: 20}
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		draft       policy.Draft
		last        int // Evidence.LastFrame
		live, final int // want
	}{
		"all lean on old sound":                {at(10, 20, 30), -1, 3, 3},
		"the frontier itself is too new":       {at(10, 89, 90), -1, 2, 3},
		"a token past the frontier stops all":  {at(10, 95, 80, 85), -1, 1, 4},
		"a small step back is word order":      {at(50, 30, 60), -1, 3, 3},
		"a jump back is a loop":                {at(50, 29, 60), -1, 1, 1},
		"back from committed text is one too":  {at(29, 60), 50, 0, 0},
		"creeping back is one as well":         {at(60, 50, 39), -1, 2, 2},
		"committed text counts as frontier":    {at(80), 90, 0, 1},
		"unknown evidence waits":               {at(10, -1, 20), -1, 1, 3},
		"little mass is text on nothing":       {with(at(10, 20), 1, func(t *policy.Token) { t.Mass = 0.09 }), -1, 1, 1},
		"negative mass is none":                {with(at(10, 20), 0, func(t *policy.Token) { t.Mass = -1 }), -1, 0, 0},
		"unknown mass waits":                   {with(at(10, 20), 1, func(t *policy.Token) { t.Mass = nan }), -1, 1, 2},
		"drawn to the newest sound":            {with(at(10, 20), 1, func(t *policy.Token) { t.Recent = 0.6 }), -1, 1, 2},
		"nobody knows how drawn":               {with(at(10, 20), 1, func(t *policy.Token) { t.Recent = nan }), -1, 1, 2},
		"a frame that is not there is too new": {at(10, math.MaxInt), -1, 1, 2},
		"a lower last frame than none":         {at(10), math.MinInt, 1, 1},
	} {
		e := policy.Evidence{Drafts: []policy.Draft{c.draft}, LastFrame: c.last}
		if got := p.Commit(e); got != c.live {
			t.Errorf("%s: %d tokens, want %d", name, got, c.live)
		}
		e.Final = true
		if got := p.Commit(e); got != c.final {
			t.Errorf("%s, final: %d tokens, want %d", name, got, c.final)
		}
	}
}

func TestAlignAttZeroTakesWhatWasRead(t *testing.T) {
	e := policy.Evidence{Drafts: []policy.Draft{at(99, 0, 99, -1)}, LastFrame: -1}
	if got := (policy.AlignAtt{}).Commit(e); got != 3 {
		t.Errorf("%d tokens, want the 3 with a frame", got)
	}
}

func TestAgreement(t *testing.T) {
	for name, c := range map[string]struct {
		n      int
		drafts []policy.Draft
		want   int
	}{
		"one draft agrees with itself":     {1, []policy.Draft{text(9, 1, 2)}, 2},
		"two are needed":                   {2, []policy.Draft{text(9, 1, 2)}, 0},
		"two agree up to a difference":     {2, []policy.Draft{text(9, 1, 2, 3), text(9, 1, 2, 4)}, 2},
		"agreement ends with the shorter":  {2, []policy.Draft{text(9, 1, 2), text(9, 1, 2, 4)}, 2},
		"older drafts do not count":        {2, []policy.Draft{text(9, 7), text(9, 1, 2), text(9, 1, 2)}, 2},
		"all of three have to agree":       {3, []policy.Draft{text(9, 7), text(9, 1, 2), text(9, 1, 2)}, 0},
		"agreeing later is no agreement":   {2, []policy.Draft{text(9, 7, 2), text(9, 1, 2)}, 0},
		"an empty draft agrees on nothing": {2, []policy.Draft{text(9), text(9, 1, 2)}, 0},
	} {
		e := policy.Evidence{Drafts: c.drafts}
		if got := (policy.Agreement{N: c.n}).Commit(e); got != c.want {
			t.Errorf("%s: %d tokens, want %d", name, got, c.want)
		}
		e.Final = true
		if got, all := (policy.Agreement{N: c.n}).Commit(e), len(e.Newest().Tokens); got != all {
			t.Errorf("%s, final: %d tokens, want %d", name, got, all)
		}
	}
}

func TestAgreementOnTheEnd(t *testing.T) {
	ended := func(d policy.Draft) policy.Draft { d.Ended = true; return d }
	for name, c := range map[string]struct {
		drafts []policy.Draft
		want   bool
	}{
		"no draft":                {nil, false},
		"one draft":               {[]policy.Draft{ended(text(9, 1))}, false},
		"two ended":               {[]policy.Draft{ended(text(9, 1)), ended(text(12, 1))}, true},
		"two ended without words": {[]policy.Draft{ended(text(9)), ended(text(12))}, true},
		"one out of budget":       {[]policy.Draft{text(9, 1), ended(text(12, 1))}, false},
		"ended at other places":   {[]policy.Draft{ended(text(9, 1)), ended(text(12, 1, 2))}, false},
		"ended with other words":  {[]policy.Draft{ended(text(9, 1)), ended(text(12, 2))}, false},
	} {
		if got := (policy.Agreement{N: 2}).Ends(policy.Evidence{Drafts: c.drafts}); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestCounts(t *testing.T) {
	six := text(60, 1, 2, 3, 4, 5, 6) // 8 words of 7.5 frames
	marks := with(with(text(60, 1, 2, 3, 4), 2, closes), 3, closes)
	onlyMarks := with(text(60, 1), 0, closes)
	for name, c := range map[string]struct {
		policy    policy.Policy
		draft     policy.Draft
		committed int
		want      int
	}{
		"hold 0":                                 {policy.Hold{}, six, 0, 6},
		"hold 2":                                 {policy.Hold{N: 2}, six, 0, 4},
		"hold more than there is":                {policy.Hold{N: 7}, six, 0, 0},
		"wait for 5 of 8 words, then 4 are due":  {policy.WaitK{K: 5}, six, 0, 4},
		"committed tokens were due before":       {policy.WaitK{K: 5}, six, 3, 1},
		"more committed than due":                {policy.WaitK{K: 5}, six, 9, 0},
		"6 due words of 1.5 tokens are 9 tokens": {policy.WaitK{K: 3, TokensPerWord: 1.5}, six, 5, 4},
		"slow speech, 3 words, 2 due":            {policy.WaitK{K: 2, FramesPerWord: 20}, six, 0, 2},
		"no word heard yet":                      {policy.WaitK{}, text(7, 1), 0, 0},
		"wait-1 is due with the first word":      {policy.WaitK{}, text(8, 1, 2), 0, 1},
		"not before the pause":                   {policy.AtPause{}, six, 0, 0},
		"the least of all":                       {policy.All(policy.Hold{N: 1}, policy.Hold{N: 3}, policy.Hold{N: 2}), six, 0, 3},
		"closing marks wait":                     {policy.HoldMarks{Of: policy.Hold{}}, marks, 0, 2},
		"unless a word stands behind them":       {policy.HoldMarks{Of: policy.Hold{}}, with(marks, 3, opens), 0, 4},
		"nothing but a mark":                     {policy.HoldMarks{Of: policy.Hold{}}, onlyMarks, 0, 0},
	} {
		e := policy.Evidence{Drafts: []policy.Draft{c.draft}, Committed: c.committed}
		if got := c.policy.Commit(e); got != c.want {
			t.Errorf("%s: %d tokens, want %d", name, got, c.want)
		}
		e.Final = true
		if got := c.policy.Commit(e); got != len(c.draft.Tokens) {
			t.Errorf("%s, final: %d tokens, want all %d", name, got, len(c.draft.Tokens))
		}
	}
}

func closes(t *policy.Token) { t.Closes = true }
func opens(t *policy.Token)  { t.Closes = false }
