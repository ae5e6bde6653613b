package policy_test

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"

	"sotto/decoder/policy"
	"sotto/decoder/policy/policytest"
)

// gate is an attention gate that fits policytest's streams.
var gate = policy.AlignAtt{Frontier: policytest.Settle, Floor: policytest.LeastMass, Rewind: policytest.Reach}

// policies are one of each kind, with settings of every sort.
var policies = map[string]policy.Policy{
	"attention gate":          gate,
	"attention gate, zero":    policy.AlignAtt{},
	"attention gate, recent":  policy.AlignAtt{Frontier: 12, Floor: 0.05, Recent: 0.5, Rewind: 50},
	"attention gate, absurd":  policy.AlignAtt{Frontier: math.MinInt, Floor: float32(math.NaN()), Rewind: math.MinInt},
	"attention gate, extreme": policy.AlignAtt{Frontier: math.MaxInt, Rewind: math.MaxInt},
	"agreement, zero":         policy.Agreement{},
	"agreement of 2":          policy.Agreement{N: 2},
	"agreement of 3":          policy.Agreement{N: 3},
	"agreement, absurd":       policy.Agreement{N: math.MinInt},
	"agreement, extreme":      policy.Agreement{N: math.MaxInt},
	"hold, zero":              policy.Hold{},
	"hold 4":                  policy.Hold{N: 4},
	"hold, absurd":            policy.Hold{N: math.MinInt},
	"hold, extreme":           policy.Hold{N: math.MaxInt},
	"wait-k, zero":            policy.WaitK{},
	"wait-3":                  policy.WaitK{K: 3, TokensPerWord: 1.4},
	"wait-k, absurd":          policy.WaitK{K: math.MinInt, FramesPerWord: math.NaN(), TokensPerWord: math.Inf(1)},
	"wait-k, extreme":         policy.WaitK{K: math.MaxInt, FramesPerWord: 5e-324, TokensPerWord: math.MaxFloat64},
	"at the pause":            policy.AtPause{},
	"all of none":             policy.All(nil),
	"all of two":              policy.All(gate, policy.Agreement{N: 2}),
	"marks held":              policy.HoldMarks{Of: policy.Hold{N: 1}},
	"marks of nothing held":   policy.HoldMarks{},
}

func TestEveryPolicy(t *testing.T) {
	for name, p := range policies {
		policytest.Run(t, name, func() policy.Policy { return p })
	}
	for _, dial := range []policy.Dial{policy.Fast, policy.Balanced, policy.Quality} {
		policytest.Run(t, "table, "+string(dial), func() policy.Policy { return must(policy.E4B().Policy(dial)) })
		policytest.Run(t, "blind, "+string(dial), func() policy.Policy { return must(policy.Blind(dial)) })
	}
}

func must(p policy.Policy, err error) policy.Policy {
	if err != nil {
		panic(err)
	}
	return p
}

func TestAttentionGateIsNeverWrong(t *testing.T) {
	table := policy.E4B()
	table.Floor, table.Rewind = policytest.LeastMass, policytest.Reach
	for name, p := range map[string]policy.Policy{
		"gate":            gate,
		"gate, agreement": policy.All(gate, policy.Agreement{N: 2}),
		"fast":            must(table.Policy(policy.Fast)),
		"balanced":        must(table.Policy(policy.Balanced)),
		"quality":         must(table.Policy(policy.Quality)),
	} {
		policytest.NeverWrong(t, name, func() policy.Policy { return p })
	}
}

// TestDelayAgainstErrors plays the same streams through all policies. Errors
// are the share of wrong tokens, delays are in frames of 40 ms.
func TestDelayAgainstErrors(t *testing.T) {
	wrong, delay := make(map[string]float64), make(map[string]float64)
	for name, p := range map[string]policy.Policy{
		"gate":      gate,
		"gate 12":   policy.AlignAtt{Frontier: 12},
		"both":      policy.All(gate, policy.Agreement{N: 2}),
		"agree 2":   policy.Agreement{N: 2},
		"agree 3":   policy.Agreement{N: 3},
		"hold 0":    policy.Hold{},
		"hold 1":    policy.Hold{N: 1},
		"hold 2":    policy.Hold{N: 2},
		"hold 4":    policy.Hold{N: 4},
		"wait 2":    policy.WaitK{K: 2, FramesPerWord: 6},
		"wait 6":    policy.WaitK{K: 6, FramesPerWord: 6},
		"at pauses": policy.AtPause{},
	} {
		var err error
		if wrong[name], delay[name], err = policytest.Sum(p, 300, policytest.Faults{Wander: 0.1}); err != nil {
			t.Fatal(name, err)
		}
		t.Logf("%-9s %5.2f %% wrong, %5.1f frames late", name, 100*wrong[name], delay[name])
	}
	for _, name := range []string{"gate", "gate 12", "both", "at pauses"} {
		if wrong[name] != 0 {
			t.Errorf("%s: %v of the tokens are wrong, want none", name, wrong[name])
		}
	}
	rising(t, "delay", delay, "gate", "gate 12", "at pauses")
	rising(t, "delay", delay, "gate", "both", "at pauses")
	rising(t, "delay", delay, "hold 0", "hold 1", "hold 2", "hold 4", "at pauses")
	rising(t, "delay", delay, "agree 2", "agree 3", "at pauses")
	rising(t, "delay", delay, "wait 2", "wait 6", "at pauses")
	rising(t, "errors", wrong, "gate", "agree 3", "agree 2", "hold 2", "hold 1", "hold 0")
	rising(t, "errors", wrong, "wait 6", "wait 2")
}

func rising(t *testing.T, what string, of map[string]float64, names ...string) {
	t.Helper()
	for i := 1; i < len(names); i++ {
		if of[names[i-1]] >= of[names[i]] {
			t.Errorf("%s: %s has %.3f, %s %.3f, want less", what, names[i-1], of[names[i-1]], names[i], of[names[i]])
		}
	}
}

// TestLoopsOverAgreement shows why agreement is the second witness and not the
// first: a model that keeps looping agrees with itself.
func TestLoopsOverAgreement(t *testing.T) {
	faults := policytest.Faults{Loops: 1}
	alone, _, err := policytest.Sum(policy.Agreement{N: 2}, 50, faults)
	if err != nil || alone == 0 {
		t.Errorf("agreement alone: %v wrong, %v, want loops", alone, err)
	}
	both, _, err := policytest.Sum(policy.All(gate, policy.Agreement{N: 2}), 50, faults)
	if err != nil || both != 0 {
		t.Errorf("with the gate: %v wrong, %v, want 0", both, err)
	}
}

// text returns a draft of so many frames with the ids, each read well from its
// own old frame.
func text(frames int, ids ...int) policy.Draft {
	d := policy.Draft{Frames: frames}
	for i, id := range ids {
		d.Tokens = append(d.Tokens, policy.Token{ID: id, Frame: i, Mass: 0.5})
	}
	return d
}

func TestEvidenceAfter(t *testing.T) {
	e := policy.Evidence{
		Drafts:    []policy.Draft{text(10, 1, 2), text(20, 9, 2, 3), text(30, 1, 2, 3), text(40, 1, 2, 4, 5)},
		Committed: 7, LastFrame: -1,
	}
	got := e.After(2)
	if got.Committed != 9 || got.LastFrame != 1 || len(got.Drafts) != 2 {
		t.Fatalf("got %+v, want 9 committed, frame 1 and the last two drafts", got)
	}
	want := []policy.Draft{{Frames: 30, Tokens: e.Drafts[2].Tokens[2:]}, {Frames: 40, Tokens: e.Drafts[3].Tokens[2:]}}
	if !reflect.DeepEqual(got.Drafts, want) {
		t.Errorf("drafts %+v, want %+v", got.Drafts, want)
	}
	if len(e.Drafts) != 4 || e.Committed != 7 || len(e.Drafts[3].Tokens) != 4 {
		t.Errorf("the evidence itself changed: %+v", e)
	}
	for n, want := range map[int]int{-5: 7, 0: 7, 4: 11, 100: 11} {
		if got := e.After(n); got.Committed != want {
			t.Errorf("After(%d): %d committed, want %d", n, got.Committed, want)
		}
	}
	if got := (policy.Evidence{}).After(3); got.Committed != 0 || len(got.Drafts) != 0 {
		t.Errorf("after 3 of nothing: %+v", got)
	}
}

// FuzzCommit reads evidence from bytes and asks every policy.
func FuzzCommit(f *testing.F) {
	f.Add([]byte("two drafts of several tokens each, and numbers of all sorts, which makes a long seed"), true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, data []byte, final bool) {
		next := func() int {
			var word [8]byte
			data = data[copy(word[:], data):]
			return int(binary.LittleEndian.Uint64(word[:]))
		}
		share := func() float32 { return math.Float32frombits(uint32(next())) }
		e := policy.Evidence{Committed: next(), LastFrame: next(), Final: final}
		for len(data) > 0 && len(e.Drafts) < 64 {
			d := policy.Draft{Frames: next()}
			for range uint(next()) % 8 {
				d.Tokens = append(d.Tokens, policy.Token{ID: next(), Frame: next(), Mass: share(), Recent: share()})
			}
			e.Drafts = append(e.Drafts, d)
		}
		for name, p := range policies {
			n := p.Commit(e)
			if n < 0 || n > len(e.Newest().Tokens) {
				t.Fatalf("%s: %d of %+v", name, n, e)
			}
			p.Commit(e.After(n))
		}
	})
}
