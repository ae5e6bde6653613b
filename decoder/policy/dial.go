package policy

import "fmt"

// Dial is the one setting that users turn: early or right.
type Dial string

// The dial's positions, from the least delay to the fewest errors.
const (
	Fast     Dial = "fast"
	Balanced Dial = "balanced"
	Quality  Dial = "quality"
)

// ParseDial reads a dial; an empty one is Balanced.
func ParseDial(s string) (Dial, error) {
	if s == "" {
		return Balanced, nil
	}
	if _, err := (Steps{}).At(Dial(s)); err != nil {
		return "", err
	}
	return Dial(s), nil
}

// Steps is a number for each position of the dial.
type Steps struct {
	Fast     int `json:"fast"`
	Balanced int `json:"balanced"`
	Quality  int `json:"quality"`
}

// At returns the number at d.
func (s Steps) At(d Dial) (int, error) {
	switch d {
	case Fast:
		return s.Fast, nil
	case Balanced:
		return s.Balanced, nil
	case Quality:
		return s.Quality, nil
	}
	return 0, fmt.Errorf("policy: dial %q, want fast, balanced or quality", string(d))
}

// Policy returns the table's policy at d: the attention gate, agreement as its
// second witness, closing marks held.
func (t Table) Policy(d Dial) (Policy, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	frontier, err := t.Frontier.At(d)
	if err != nil {
		return nil, err
	}
	drafts, err := t.Agreement.At(d)
	if err != nil {
		return nil, err
	}
	gate := AlignAtt{Frontier: frontier, Floor: t.Floor, Recent: t.Recent, Rewind: t.Rewind}
	return HoldMarks{All(gate, Agreement{drafts})}, nil
}

// Aligner returns an Aligner with the table's settings.
func (t Table) Aligner() *Aligner { return &Aligner{Newest: t.Newest} }

// Blind returns the policy at d for a model whose heads are not known:
// agreement, and a tail held back.
func Blind(d Dial) (Policy, error) {
	drafts, err := Steps{Fast: 2, Balanced: 2, Quality: 3}.At(d)
	if err != nil {
		return nil, err
	}
	held, err := Steps{Fast: 0, Balanced: 2, Quality: 3}.At(d)
	if err != nil {
		return nil, err
	}
	return HoldMarks{All(Agreement{drafts}, Hold{held})}, nil
}
