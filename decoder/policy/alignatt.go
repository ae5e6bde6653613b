package policy

import "math"

// AlignAtt commits up to the first token that leans on sound too new to be
// trusted. Attention tells which frame a token was read from; while more sound
// may follow, what was read from the newest frames may still change its meaning.
// (AlignAtt was published for encoder-decoder models; here a decoder's attention
// to the sound in its own memory stands for the cross-attention.)
//
// A token's monotone frame is the furthest frame of it and all tokens before
// it, committed ones too: a word that stands later in the sentence cannot be
// safer than the words before it. Token.Frame itself has to be the raw frame
// (Aligner.Frames with previous -1) for Rewind to see a jump back.
//
// At a final draft Frontier and Recent no longer count, since no sound will
// change anything. Floor and Rewind still do: text on nothing and loops are
// what models say most readily behind the end of the speech. Tokens without
// known evidence (Frame below 0, or Mass NaN under a Floor) wait for the final
// draft and pass there.
type AlignAtt struct {
	Frontier int     // frames that must lie behind a token's monotone frame: stop where it is >= Frames-Frontier
	Floor    float32 // least Mass; 0: any
	Recent   float32 // largest share of the attention on the newest frames; 0: any
	Rewind   int     // a raw frame more than this many before the monotone one is a loop: stop; 0: never
}

// Commit implements Policy.
func (p AlignAtt) Commit(e Evidence) int {
	draft := e.Newest()
	frontier := max(draft.Frames, 0) - max(p.Frontier, 0)
	monotone := max(e.LastFrame, -1)
	for i, t := range draft.Tokens {
		if p.looped(t, monotone) || p.baseless(t, e.Final) {
			return i
		}
		monotone = max(monotone, t.Frame)
		if !e.Final && (monotone >= frontier || p.unsettled(t)) {
			return i
		}
	}
	return len(draft.Tokens)
}

// looped reports that t was read from sound that was dealt with long ago.
func (p AlignAtt) looped(t Token, monotone int) bool {
	return p.Rewind > 0 && t.Frame >= 0 && t.Frame < monotone-p.Rewind
}

// baseless reports that t was not read from the sound, or before the final
// draft that nobody knows.
func (p AlignAtt) baseless(t Token, final bool) bool {
	if t.Frame < 0 || p.Floor > 0 && math.IsNaN(float64(t.Mass)) {
		return !final
	}
	return p.Floor > 0 && t.Mass < p.Floor
}

// unsettled reports that t looked at the newest frames too much, or that nobody
// knows how much.
func (p AlignAtt) unsettled(t Token) bool {
	return p.Recent > 0 && !(t.Recent <= p.Recent)
}
