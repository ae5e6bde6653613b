package eval

import (
	"bytes"
	"slices"
	"testing"

	"sotto"
	"sotto/decoder/policy"
	"sotto/models/pocket"
)

// The pocket model was led, in its training, to look at the sound of a word with
// three heads; they are found again.
func TestCalibrationFindsTheHeadsThatWereTrained(t *testing.T) {
	set, err := ReadManifests("../../../models/pocket/testset/streams/manifest.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	m, err := pocket.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	engine, err := sotto.NewEngine(m, sotto.EngineOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := set.Calibrate(t.Context(), Options{Engine: engine, Targets: []string{"es", "en"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range got.Heads[:8] {
		t.Logf("layer %d, head %d: %.0f %% found, mass %.2f, %.0f ms behind", h.Layer, h.Head.Head, 100*h.Found, h.Mass, h.LagMs)
	}
	t.Logf("%d sentences, floors %+v, table %+v", got.Sentences, got.Floors, got.Table)
	table, err := policy.ReadTable(bytes.NewReader(pocket.Policy))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range table.Heads {
		if !slices.Contains(got.Table.Heads, h) {
			t.Errorf("head %d of layer %d is not found", h.Head, h.Layer)
		}
	}
	if last := got.Floors[len(got.Floors)-1]; last.None != 0 || last.Words == 0 {
		t.Errorf("at a floor of %v, %d words where no text is right and %d of speech", last.Floor, last.None, last.Words)
	}
}
