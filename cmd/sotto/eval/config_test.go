package eval

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"sotto/decoder/policy"
	"sotto/models/pocket"
)

func pocketTable(t testing.TB) policy.Table {
	t.Helper()
	table, err := policy.ReadTable(bytes.NewReader(pocket.Policy))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestConfigsAreEveryCombination(t *testing.T) {
	table := pocketTable(t)
	all, err := Configs([]string{"default", "at-pause", "hold-3+marks", "alignatt"}, []policy.Dial{"fast", "quality"}, nil, table)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	if got, want := strings.Join(names, ", "), "default fast, default quality, at-pause, hold-3+marks, alignatt fast, alignatt quality"; got != want {
		t.Errorf("configurations %q, want %q", got, want)
	}
	if !reflect.DeepEqual(all[3].commit, policy.HoldMarks{Of: policy.Hold{N: 3}}) || all[0].commit != nil || all[0].StepMs != 480 {
		t.Errorf("%+v", all)
	}
	gate := policy.AlignAtt{Frontier: table.Frontier.Fast, Floor: table.Floor, Recent: table.Recent, Rewind: table.Rewind}
	if all[4].commit != gate {
		t.Errorf("alignatt at fast is %+v, want %+v", all[4].commit, gate)
	}
	all, err = Configs([]string{"agreement-2", "wait-4"}, nil, []time.Duration{400 * time.Millisecond, time.Second}, table)
	if err != nil || len(all) != 4 || all[1].Name != "agreement-2, 1000 ms" || all[2].commit != (policy.WaitK{K: 4}) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestConfigsThatCannotBe(t *testing.T) {
	table := pocketTable(t)
	for name, c := range map[string]struct {
		policies []string
		dials    []policy.Dial
		steps    []time.Duration
		table    policy.Table
		says     string
	}{
		"no such policy":        {policies: []string{"guess"}, table: table, says: `unknown policy "guess"; choose default`},
		"no number":             {policies: []string{"hold"}, table: table, says: "unknown policy"},
		"no good number":        {policies: []string{"hold-0"}, table: table, says: "unknown policy"},
		"more drafts than kept": {policies: []string{"agreement-5"}, table: table, says: "up to 4 for agreement"},
		"no such dial":          {dials: []policy.Dial{"slow"}, table: table, says: "choose fast, balanced or quality"},
		"no such dial for att":  {policies: []string{"alignatt"}, dials: []policy.Dial{"slow"}, table: table, says: "choose fast"},
		"twice":                 {policies: []string{"at-pause", "at-pause"}, table: table, says: "asked for twice"},
		"no step":               {steps: []time.Duration{0}, table: table, says: "a step is 0s"},
		"heads not known":       {policies: []string{"alignatt"}, says: "calibrate it"},
	} {
		if _, err := Configs(c.policies, c.dials, c.steps, c.table); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\ndoes not say %q", name, err, c.says)
		}
	}
}

func TestTolerances(t *testing.T) {
	got, err := ParseTolerance("bleu=2.5, delay=0")
	if want := (Tolerance{BLEU: 2.5, WER: 1, DelaySeconds: 0, Cost: 1.5}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"bleu", "bleu=x", "speed=1", "wer=-1", "bleu=NaN", "1"} {
		if _, err := ParseTolerance(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
