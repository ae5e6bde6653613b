package policy_test

import (
	"fmt"

	"sotto/decoder/policy"
)

// Three drafts of one sentence, 12 frames apart, each behind what is committed
// by then. A last word that leans on the newest sound waits; here it was wrong.
func Example() {
	words := []string{"we", "meet", "on", "Monday", "Tuesday"}
	token := func(id, frame int) policy.Token { return policy.Token{ID: id, Frame: frame, Mass: 0.6} }
	drafts := []policy.Draft{
		{Frames: 24, Tokens: []policy.Token{token(0, 6), token(1, 11), token(2, 22)}},
		{Frames: 36, Tokens: []policy.Token{token(2, 22), token(3, 34)}},
		{Frames: 48, Tokens: []policy.Token{token(4, 38)}, Ended: true},
	}

	p, _ := policy.E4B().Policy(policy.Fast)
	e := policy.Evidence{LastFrame: -1}
	for i, d := range drafts {
		e.Drafts, e.Final = append(e.Drafts, d), i == len(drafts)-1
		n := p.Commit(e)
		for _, t := range d.Tokens[:n] {
			fmt.Print(words[t.ID], " ")
		}
		fmt.Println("|")
		e = e.After(n)
	}
	// Output:
	// we meet |
	// on |
	// Tuesday |
}
