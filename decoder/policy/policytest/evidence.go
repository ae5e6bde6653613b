package policytest

import (
	"math"
	"math/rand/v2"

	"sotto/decoder/policy"
)

// plausible returns evidence as a session makes it: at least one draft, few ids
// so that drafts agree now and then, numbers in their ranges.
func plausible(seed uint64) policy.Evidence {
	rng := rand.New(rand.NewPCG(seed, 1))
	e := policy.Evidence{Committed: rng.IntN(30), LastFrame: rng.IntN(200) - 1, Final: rng.IntN(4) == 0}
	for range 1 + rng.IntN(4) {
		d := policy.Draft{Frames: 100 + rng.IntN(200), Ended: rng.IntN(2) == 0}
		for i := range rng.IntN(12) {
			d.Tokens = append(d.Tokens, policy.Token{
				ID:     i + 100*(rng.IntN(8)/7),
				Frame:  rng.IntN(d.Frames+1) - 1,
				Mass:   rng.Float32(),
				Recent: rng.Float32(),
				Closes: rng.IntN(6) == 0,
			})
		}
		e.Drafts = append(e.Drafts, d)
	}
	return e
}

// hostile returns evidence with whatever the types can hold, drafts without
// tokens and evidence without drafts.
func hostile(seed uint64) policy.Evidence {
	rng := rand.New(rand.NewPCG(seed, 2))
	ints := []int{math.MinInt, math.MaxInt, -1, 0, 1, 2, 750, 1 << 40}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	floats := []float32{nan, inf, -inf, -1, 0, 0.5, 2, math.MaxFloat32}
	number := func() int { return ints[rng.IntN(len(ints))] }
	share := func() float32 { return floats[rng.IntN(len(floats))] }
	e := policy.Evidence{Committed: number(), LastFrame: number(), Final: rng.IntN(2) == 0}
	for range rng.IntN(4) {
		d := policy.Draft{Frames: number(), Ended: rng.IntN(2) == 0}
		for range rng.IntN(6) {
			d.Tokens = append(d.Tokens, policy.Token{
				ID: number(), Frame: number(), Mass: share(), Recent: share(), Closes: rng.IntN(2) == 0,
			})
		}
		e.Drafts = append(e.Drafts, d)
	}
	return e
}
