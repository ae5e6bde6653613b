package policy_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"sotto/decoder/policy"
)

func TestTableRoundTrip(t *testing.T) {
	var file bytes.Buffer
	want := policy.E4B()
	if err := want.Write(&file); err != nil {
		t.Fatal(err)
	}
	got, err := policy.ReadTable(&file)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v (%v), want %+v", got, err, want)
	}
	if err := want.Fit(42, 8); err != nil {
		t.Error(err)
	}
	for _, size := range [][2]int{{23, 8}, {42, 5}} {
		if err := want.Fit(size[0], size[1]); err == nil || !strings.Contains(err.Error(), "calibrate") {
			t.Errorf("%d layers of %d heads: %v", size[0], size[1], err)
		}
	}
}

const example = `{"heads": [{"layer": 3, "head": 1}, {"layer": 0, "head": 0}], "median": 5, "newest": 4,
	"frontier": {"fast": 4, "balanced": 8, "quality": 8}, "agreement": {"fast": 1, "balanced": 2, "quality": 3},
	"floor": 0, "recent": 0.75, "certainty": 0.5, "window": 20, "context": 1, "rewind": 100}`

func TestReadTable(t *testing.T) {
	got, err := policy.ReadTable(strings.NewReader(example))
	want := policy.Table{
		Heads: []policy.Head{{Layer: 3, Head: 1}, {}}, Median: 5, Newest: 4, Frontier: policy.Steps{Fast: 4, Balanced: 8, Quality: 8},
		Agreement: policy.Steps{Fast: 1, Balanced: 2, Quality: 3}, Recent: 0.75, Rewind: 100, Certainty: 0.5, Window: 20, Context: 1,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v (%v), want %+v", got, err, want)
	}
}

// TestReadTableRefuses changes one thing of the example each time; the error
// has to name it.
func TestReadTableRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"empty file":           {example, "", "end of JSON"},
		"a list":               {example, "[]", "array"},
		"null":                 {example, "null", "0 heads"},
		"more behind it":       {`100}`, `100} {}`, "after top-level value"},
		"cut short":            {`100}`, ``, "end of JSON"},
		"unknown field":        {`"floor"`, `"roof": 1, "floor"`, `unknown field "roof"`},
		"other letters":        {`"floor"`, `"Floor"`, `"Floor"`},
		"missing field":        {`"floor": 0, `, ``, `lacks the field "floor"`},
		"a window too long":    {`"window": 20`, `"window": 29`, "window is 29"},
		"no window":            {`"window": 20`, `"window": 0`, "window is 0"},
		"negative context":     {`"context": 1`, `"context": -1`, "context is -1"},
		"all certain":          {`"certainty": 0.5`, `"certainty": 1`, "certainty is 1"},
		"null field":           {`"floor": 0`, `"floor": null`, "floor is null"},
		"missing inner field":  {`, "head": 1`, ``, `"heads[0]" lacks the field "head"`},
		"unknown inner field":  {`"fast": 4`, `"fast": 4, "slow": 9`, `"frontier" has an unknown field "slow"`},
		"no heads":             {`{"layer": 3, "head": 1}, {"layer": 0, "head": 0}`, ``, "0 heads"},
		"too many heads":       {`{"layer": 3, "head": 1}`, strings.Repeat(`{"layer": 3, "head": 1},`, 64) + `{"layer": 3, "head": 1}`, "66 heads"},
		"a head twice":         {`"layer": 0, "head": 0`, `"layer": 3, "head": 1`, "heads[1] is layer 3, head 1 again"},
		"a negative head":      {`"head": 1`, `"head": -1`, "heads[0] is layer 3, head -1"},
		"an endless layer":     {`"layer": 3`, `"layer": 1024`, "heads[0] is layer 1024"},
		"half a layer":         {`"layer": 3`, `"layer": 3.5`, "layer"},
		"a number too large":   {`"layer": 3`, `"layer": 1e99`, "layer"},
		"a head that is null":  {`{"layer": 0, "head": 0}`, `null`, `heads[1]" is no object`},
		"an even median":       {`"median": 5`, `"median": 4`, "median is 4"},
		"a wide median":        {`"median": 5`, `"median": 9`, "median is 9"},
		"no newest frames":     {`"newest": 4`, `"newest": 0`, "newest is 0"},
		"no frontier":          {`"fast": 4`, `"fast": 0`, "frontier is 0, 8, 8"},
		"a falling frontier":   {`"fast": 4`, `"fast": 9`, "frontier is 9, 8, 8"},
		"a frontier of hours":  {`"quality": 8`, `"quality": 751`, "frontier is 4, 8, 751"},
		"too many drafts":      {`"quality": 3`, `"quality": 9`, "agreement is 1, 2, 9"},
		"a negative floor":     {`"floor": 0`, `"floor": -0.1`, "floor is -0.1"},
		"a floor of all":       {`"floor": 0`, `"floor": 1`, "floor is 1"},
		"a floor out of range": {`"floor": 0`, `"floor": 1e40`, "floor"},
		"nothing recent":       {`"recent": 0.75`, `"recent": 0`, "recent is 0"},
		"more than all recent": {`"recent": 0.75`, `"recent": 1.1`, "recent is 1.1"},
		"no rewind":            {`"rewind": 100`, `"rewind": 0`, "rewind is 0"},
		"fields given twice":   {`"floor": 0`, `"frontier": {"fast": 3}, "floor": 0`, `"frontier" lacks the field`},
		"too long":             {`100}`, `100}` + strings.Repeat(" ", 64<<10), "longer than 65536 bytes"},
	} {
		_, err := policy.ReadTable(strings.NewReader(strings.Replace(example, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "policy: table: ") {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

type faulty struct{}

func (faulty) Read([]byte) (int, error)  { return 0, errFaulty }
func (faulty) Write([]byte) (int, error) { return 0, errFaulty }

var errFaulty = errors.New("disk on fire")

func TestTablePassesErrorsOn(t *testing.T) {
	if _, err := policy.ReadTable(faulty{}); !errors.Is(err, errFaulty) {
		t.Error(err)
	}
	if err := policy.E4B().Write(faulty{}); !errors.Is(err, errFaulty) {
		t.Error(err)
	}
	var out bytes.Buffer
	if err := (policy.Table{}).Write(&out); err == nil || out.Len() > 0 {
		t.Errorf("a table out of range is written: %v", err)
	}
	if _, err := (policy.Table{}).Policy(policy.Fast); err == nil {
		t.Error("a table out of range makes a policy")
	}
}

func TestDial(t *testing.T) {
	for in, want := range map[string]policy.Dial{"": policy.Balanced, "fast": policy.Fast, "balanced": policy.Balanced, "quality": policy.Quality} {
		if got, err := policy.ParseDial(in); got != want || err != nil {
			t.Errorf("dial %q: %q, %v, want %q", in, got, err, want)
		}
	}
	_, wrong := policy.ParseDial("Fast")
	_, table := policy.E4B().Policy("slow")
	_, blind := policy.Blind("")
	for _, err := range []error{wrong, table, blind} {
		if err == nil || !strings.Contains(err.Error(), "want fast, balanced or quality") {
			t.Errorf("a wrong dial: %v", err)
		}
	}
	want := policy.HoldMarks{Of: policy.All(
		policy.AlignAtt{Frontier: 12, Floor: 0.02, Recent: 1, Rewind: 200},
		policy.Agreement{N: 2},
	)}
	if got, err := policy.E4B().Policy(policy.Balanced); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("balanced: %+v (%v), want %+v", got, err, want)
	}
}

// FuzzReadTable: what is read is in range, fits what is written of it, and is
// read from there as the same.
func FuzzReadTable(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(`{"heads":[{"layer":1,"head":1}],"heads":[{"layer":2}],"Heads":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := policy.ReadTable(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := table.Check(); err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := table.Write(&file); err != nil {
			t.Fatal(err)
		}
		if again, err := policy.ReadTable(&file); err != nil || !reflect.DeepEqual(again, table) {
			t.Fatalf("read %+v, then %+v, %v", table, again, err)
		}
	})
}
