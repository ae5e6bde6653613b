package policy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Head names one attention head of a decoder, both from 0.
type Head struct {
	Layer int `json:"layer"`
	Head  int `json:"head"`
}

// Table is a model's settings. It lies beside the model as JSON, written by
// `sotto eval --calibrate`. Frames are sound tokens of 40 ms.
type Table struct {
	Heads     []Head  `json:"heads"`     // those whose attention shows where in the sound a word is
	Median    int     `json:"median"`    // Aligner.Frames: width of the filter along the sound, 1, 3, 5 or 7
	Newest    int     `json:"newest"`    // Aligner.Newest, frames
	Frontier  Steps   `json:"frontier"`  // AlignAtt.Frontier, frames
	Agreement Steps   `json:"agreement"` // Agreement.N, drafts; 1: no second witness
	Floor     float32 `json:"floor"`     // AlignAtt.Floor; 0: none
	Recent    float32 `json:"recent"`    // AlignAtt.Recent; 1: any
	Rewind    int     `json:"rewind"`    // AlignAtt.Rewind, frames
}

// E4B returns the table that Gemma 4 E4B (42 layers of 8 heads) starts with,
// before it is calibrated. The heads are the six sharpest of a published
// forced alignment of English speech, which all lie in layer 23; it found words
// to end 0.48 s, 12 frames, behind their peaks. 4 frames, a rewind of 200 and a
// median of 7 come from published streams with attention gates, a floor of 0.02
// from the lower end of what helped there. Agreement is our choice.
func E4B() Table {
	return Table{
		Heads:     []Head{{23, 3}, {23, 5}, {23, 2}, {23, 1}, {23, 0}, {23, 4}},
		Median:    7,
		Newest:    4,
		Frontier:  Steps{Fast: 4, Balanced: 12, Quality: 20},
		Agreement: Steps{Fast: 1, Balanced: 2, Quality: 2},
		Floor:     0.02,
		Recent:    1,
		Rewind:    200,
	}
}

const (
	mostBytes  = 64 << 10 // of a table's JSON
	mostHeads  = 64
	mostIndex  = 1023 // of a layer or a head
	mostFrames = 750  // 30 s, the longest window there is
	mostDrafts = 8
)

// Check reports the first value that is out of its range.
func (t Table) Check() error {
	if err := t.checkHeads(); err != nil {
		return err
	}
	if t.Median%2 == 0 || t.Median < 1 || t.Median > widestMedian {
		return fmt.Errorf("policy: table: median is %d, want 1, 3, 5 or 7", t.Median)
	}
	return cmp.Or(
		within("newest", t.Newest, mostFrames),
		within("rewind", t.Rewind, mostFrames),
		t.Frontier.check("frontier", mostFrames),
		t.Agreement.check("agreement", mostDrafts),
		share("floor", t.Floor, t.Floor >= 0 && t.Floor < 1, "0 to below 1"),
		share("recent", t.Recent, t.Recent > 0 && t.Recent <= 1, "above 0 to 1"),
	)
}

func (t Table) checkHeads() error {
	if len(t.Heads) < 1 || len(t.Heads) > mostHeads {
		return fmt.Errorf("policy: table: %d heads, want 1 to %d", len(t.Heads), mostHeads)
	}
	seen := make(map[Head]bool)
	for i, h := range t.Heads {
		if h.Layer < 0 || h.Layer > mostIndex || h.Head < 0 || h.Head > mostIndex {
			return fmt.Errorf("policy: table: heads[%d] is layer %d, head %d, want both 0 to %d", i, h.Layer, h.Head, mostIndex)
		}
		if seen[h] {
			return fmt.Errorf("policy: table: heads[%d] is layer %d, head %d again", i, h.Layer, h.Head)
		}
		seen[h] = true
	}
	return nil
}

// Fit reports a head that a decoder with so many layers, and so many heads in
// each, does not have.
func (t Table) Fit(layers, heads int) error {
	for i, h := range t.Heads {
		if h.Layer >= layers || h.Head >= heads {
			return fmt.Errorf("policy: table: heads[%d] is layer %d, head %d; the model has %d layers of %d heads: calibrate it with sotto eval --calibrate",
				i, h.Layer, h.Head, layers, heads)
		}
	}
	return nil
}

func within(name string, v, most int) error {
	if v < 1 || v > most {
		return fmt.Errorf("policy: table: %s is %d, want 1 to %d", name, v, most)
	}
	return nil
}

// check wants each step in its range and none below the one before it.
func (s Steps) check(name string, most int) error {
	if s.Fast < 1 || s.Balanced < s.Fast || s.Quality < s.Balanced || s.Quality > most {
		return fmt.Errorf("policy: table: %s is %d, %d, %d, want 1 to %d, rising from fast to quality", name, s.Fast, s.Balanced, s.Quality, most)
	}
	return nil
}

func share(name string, v float32, ok bool, want string) error {
	if !ok {
		return fmt.Errorf("policy: table: %s is %v, want %s", name, v, want)
	}
	return nil
}

// ReadTable reads a table's JSON. Every field has to be there, under its exact
// name, in its range, and nothing else.
func ReadTable(r io.Reader) (Table, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return Table{}, fmt.Errorf("policy: table: %w", err)
	}
	if len(data) > mostBytes {
		return Table{}, fmt.Errorf("policy: table: longer than %d bytes: it is no table of this program", mostBytes)
	}
	var t Table
	if err := json.Unmarshal(data, &t); err != nil {
		return Table{}, fmt.Errorf("policy: table: %w: sotto eval --calibrate writes one anew", err)
	}
	if err := t.Check(); err != nil {
		return Table{}, err
	}
	if err := sameFields(data, t); err != nil {
		return Table{}, fmt.Errorf("policy: table: %w: sotto eval --calibrate writes one anew", err)
	}
	return t, nil
}

// Write writes the table as JSON that ReadTable reads.
func (t Table) Write(w io.Writer) error {
	if err := t.Check(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("policy: table: %w", err)
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("policy: table: %w", err)
	}
	return nil
}

// sameFields compares data with the JSON that t would be written as: encoding/json
// by itself lets fields be missing, unknown, null or in other letters.
func sameFields(data []byte, t Table) error {
	written, err := json.Marshal(t)
	if err != nil {
		return err
	}
	var got, want any
	if err := errors.Join(json.Unmarshal(data, &got), json.Unmarshal(written, &want)); err != nil {
		return err
	}
	return sameShape("", got, want)
}

// sameShape reports the first place under name where got has other fields than
// want. Both are values of encoding/json.
func sameShape(name string, got, want any) error {
	switch want := want.(type) {
	case map[string]any:
		return sameObject(name, got, want)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s is given in two ways", name)
		}
		for i, v := range list {
			if err := sameShape(fmt.Sprintf("%s[%d]", name, i), v, want[i]); err != nil {
				return err
			}
		}
	default:
		if got == nil {
			return fmt.Errorf("%s is null", name)
		}
	}
	return nil
}

func sameObject(name string, got any, want map[string]any) error {
	fields, ok := got.(map[string]any)
	if !ok {
		return fmt.Errorf("%q is no object", name)
	}
	for field := range fields {
		if _, known := want[field]; !known {
			return fmt.Errorf("%q has an unknown field %q", name, field)
		}
	}
	for field, v := range want {
		if _, there := fields[field]; !there {
			return fmt.Errorf("%q lacks the field %q", name, field)
		}
		inner := field
		if name != "" {
			inner = name + "." + field
		}
		if err := sameShape(inner, fields[field], v); err != nil {
			return err
		}
	}
	return nil
}
