package policytest

import (
	"math/rand/v2"

	"sotto/decoder/policy"
)

// What a stream's attention keeps to, in frames and shares.
const (
	Step      = 12   // frames between two drafts
	Settle    = 4    // most frames that a token needs behind its own to be heard rightly
	Reach     = 40   // most frames that honest text goes back
	LeastMass = 0.05 // honest tokens have at least that
)

// Faults are the shares of the drafts that go wrong in a way.
type Faults struct {
	Loops  float64 // behind what was heard come words that were said before, and look at where they were said
	Babble float64 // behind what was heard comes text that looks at no sound in particular
	Wander float64 // the model ends its reply early
}

// Stream stands for a voice that says one text and a model that translates it.
// A token is heard rightly once the frame it needs lies Settle frames back at
// most; some tokens need words that come later in the sentence. What was not
// heard yet the model guesses, a few tokens far, looking at the newest frames.
// A guess may be right, and may be the same in two drafts.
type Stream struct {
	Tokens []int // ids of the true text, none twice
	Needs  []int // the frame each token leans on
	Length int   // frames of the whole voice

	seed   uint64
	settle []int // frames behind its own from which a token is heard
	faults Faults
}

// NewStream returns a stream that the seed determines.
func NewStream(seed uint64, faults Faults) Stream {
	rng := rand.New(rand.NewPCG(seed, 3))
	s := Stream{seed: seed, faults: faults}
	at := 5
	for i := range 20 + rng.IntN(40) {
		s.Tokens = append(s.Tokens, 1000+i)
		s.Needs = append(s.Needs, at)
		s.settle = append(s.settle, 1+rng.IntN(Settle))
		at += 3 + rng.IntN(7)
	}
	for i := 0; i+3 < len(s.Needs); i += 4 {
		if j := i + rng.IntN(4); rng.IntN(2) == 0 { // word i needs what word j was read from
			s.Needs[i], s.Needs[j] = s.Needs[j], s.Needs[i]
		}
	}
	s.Length = at + Settle
	return s
}

// Draft returns what the model says behind committed tokens when so many
// frames were heard. The same arguments give the same draft.
func (s Stream) Draft(committed, frames int) policy.Draft {
	d := policy.Draft{Frames: frames, Ended: true}
	end := committed
	for i := committed; i < len(s.Tokens); i++ {
		if s.hears(i, frames) {
			end = i + 1
		}
	}
	rng := rand.New(rand.NewPCG(s.seed, uint64(frames)))
	if frames < s.Length {
		end = min(end+rng.IntN(5), len(s.Tokens))
	}
	for i := committed; i < end; i++ {
		d.Tokens = append(d.Tokens, s.token(i, frames))
	}
	switch fault := rng.Float64(); {
	case fault < s.faults.Loops:
		d.Tokens = append(s.certain(committed, frames, d.Tokens), s.loop(committed, frames)...)
	case fault < s.faults.Loops+s.faults.Babble:
		d.Tokens = append(s.certain(committed, frames, d.Tokens), babble(rng, frames)...)
	case fault < s.faults.Loops+s.faults.Babble+s.faults.Wander && frames < s.Length:
		d.Tokens = d.Tokens[:rng.IntN(len(d.Tokens)+1)]
	}
	return d
}

func (s Stream) hears(i, frames int) bool {
	return frames >= s.Length || frames >= s.Needs[i]+s.settle[i]
}

// token returns token i as it is, or as the model guesses it.
func (s Stream) token(i, frames int) policy.Token {
	rng := rand.New(rand.NewPCG(s.seed<<32|uint64(frames), uint64(i)))
	t := policy.Token{ID: s.Tokens[i], Frame: s.Needs[i], Mass: LeastMass + 0.9*rng.Float32(), Recent: 0.2 * rng.Float32()}
	if s.hears(i, frames) {
		return t
	}
	t.Frame, t.Recent = frames-1-rng.IntN(Settle), 0.7+0.3*rng.Float32()
	if rng.Float64() < 0.6 {
		t.ID += 1000 * (1 + rng.IntN(3))
	}
	return t
}

// certain returns the leading tokens that were heard.
func (s Stream) certain(committed, frames int, tokens []policy.Token) []policy.Token {
	n := 0
	for n < len(tokens) && s.hears(committed+n, frames) {
		n++
	}
	return tokens[:n]
}

// loop returns the last words heard once more, twice over, if they go back
// further than honest text does.
func (s Stream) loop(committed, frames int) []policy.Token {
	end, furthest := 0, -1
	for ; end < len(s.Tokens) && (end < committed || s.hears(end, frames)); end++ {
		furthest = max(furthest, s.Needs[end])
	}
	start := max(end-1, 0)
	for start > 0 && s.Needs[start] >= furthest-Reach {
		start--
	}
	var tokens []policy.Token
	for i := start; i < end && s.Needs[start] < furthest-Reach; i++ {
		tokens = append(tokens, policy.Token{ID: s.Tokens[i], Frame: s.Needs[i], Mass: 0.5})
	}
	return append(tokens, tokens...)
}

// babble returns fluent text that leans on nothing.
func babble(rng *rand.Rand, frames int) []policy.Token {
	tokens := make([]policy.Token, 1+rng.IntN(8))
	for i := range tokens {
		tokens[i] = policy.Token{ID: 9000 + rng.IntN(100), Frame: rng.IntN(frames), Mass: 0.8 * LeastMass * rng.Float32()}
	}
	return tokens
}
