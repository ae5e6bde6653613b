package eval

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sotto/decoder/policy"
)

// Config is one way to translate everything.
type Config struct {
	Name   string      `json:"name"`
	Policy string      `json:"policy"`
	Dial   policy.Dial `json:"dial,omitempty"`  // "": the policy has none
	StepMs int64       `json:"step_ms"`         // 0: no drafts
	Whole  bool        `json:"whole,omitempty"` // every sentence alone, known beforehand

	commit policy.Policy // nil: the model's own at the dial
}

// Policies are the names that Configs takes.
const Policies = "default, alignatt, at-pause, agreement-N, hold-N or wait-K, and any of them with +marks"

// WholeSentences gives the model every sentence alone and waits for its end:
// what it can do at best. The times of the sentences come from the manifest.
func WholeSentences() Config {
	return Config{Name: "whole sentences", Policy: "whole", Whole: true, commit: policy.AtPause{}}
}

// Configs returns every policy at every dial it has, with every step. Empty
// lists stand for default, balanced and 480 ms. table is the model's.
func Configs(policies []string, dials []policy.Dial, steps []time.Duration, table policy.Table) ([]Config, error) {
	policies, dials, steps = orElse(policies, "default"), orElse(dials, policy.Balanced), orElse(steps, 480*time.Millisecond)
	var all []Config
	seen := make(map[string]bool)
	for _, name := range policies {
		of := dials
		if !hasDial(name) {
			of = []policy.Dial{""}
		}
		for _, dial := range of {
			for _, step := range steps {
				c, err := newConfig(name, dial, step, table)
				if err != nil {
					return nil, err
				}
				if len(steps) > 1 {
					c.Name += fmt.Sprintf(", %d ms", c.StepMs)
				}
				if seen[c.Name] {
					return nil, fmt.Errorf("%q is asked for twice; name each policy, dial and step once", c.Name)
				}
				seen[c.Name] = true
				all = append(all, c)
			}
		}
	}
	return all, nil
}

func orElse[T any](list []T, instead T) []T {
	if len(list) == 0 {
		return []T{instead}
	}
	return list
}

func hasDial(name string) bool {
	name = strings.TrimSuffix(name, "+marks")
	return name == "default" || name == "alignatt"
}

func newConfig(name string, dial policy.Dial, step time.Duration, table policy.Table) (Config, error) {
	if step < 40*time.Millisecond || step > 30*time.Second {
		return Config{}, fmt.Errorf("a step is %v; want 40 ms to 30 s", step)
	}
	c := Config{Name: name, Policy: name, Dial: dial, StepMs: step.Milliseconds()}
	if dial != "" {
		if _, err := policy.ParseDial(string(dial)); err != nil {
			return Config{}, fmt.Errorf("unknown latency %.32q; choose fast, balanced or quality", string(dial))
		}
		c.Name += " " + string(dial)
	}
	if name == "default" {
		return c, nil
	}
	bareName, marks := strings.CutSuffix(name, "+marks")
	var err error
	if c.commit, err = byName(bareName, dial, table); err != nil {
		return Config{}, err
	}
	if marks {
		c.commit = policy.HoldMarks{Of: c.commit}
	}
	return c, nil
}

// byName returns a policy in its published form.
func byName(name string, dial policy.Dial, table policy.Table) (policy.Policy, error) {
	switch name {
	case "at-pause":
		return policy.AtPause{}, nil
	case "alignatt":
		return gate(dial, table)
	}
	kind, number, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n < 1 || n > 64:
	case kind == "agreement" && n <= 4: // a session keeps four drafts
		return policy.Agreement{N: n}, nil
	case kind == "hold":
		return policy.Hold{N: n}, nil
	case kind == "wait":
		return policy.WaitK{K: n}, nil
	}
	return nil, fmt.Errorf("unknown policy %.32q; choose %s, with N up to 4 for agreement and 64 for the others", name, Policies)
}

// gate is the attention gate alone, without a second witness.
func gate(dial policy.Dial, table policy.Table) (policy.Policy, error) {
	if len(table.Heads) == 0 {
		return nil, fmt.Errorf("policy alignatt reads attention, and nothing is known about this model's; calibrate it, or choose another policy")
	}
	frontier, err := table.Frontier.At(dial)
	if err != nil {
		return nil, err
	}
	return policy.AlignAtt{Frontier: frontier, Floor: table.Floor, Recent: table.Recent, Rewind: table.Rewind}, nil
}
