package gemma4

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"sotto/models/tensor"
)

// stored is a tensor as either format gives it.
type stored struct {
	Name  string
	Shape []int
	Type  string
	DType tensor.DType
	Data  []byte
	At    string // where the file describes it, for sentences
}

// readable lists the types that can be read, for sentences.
func readable() string {
	var names []string
	for _, d := range tensor.Types() {
		names = append(names, d.String())
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last] + " are read"
}

// bind puts every tensor of a file in its slot. Missing, misshapen, unreadable
// and unknown tensors are errors by name and place; skip tells those of other
// senses. header says where file describes its tensors. It adds what is used to use.
func bind(file, header string, squeezed bool, slots []slot, tensors []stored, skip func(name string) bool, use *Source) error {
	byName := make(map[string]stored, len(tensors))
	for _, s := range tensors {
		byName[s.Name] = s
	}
	if err := checkMissing(file, header, slots, byName); err != nil {
		return err
	}
	known := make(map[string]bool, len(slots))
	for _, slot := range slots {
		known[slot.name] = true
		s, ok := byName[slot.name]
		if !ok {
			continue
		}
		if err := slot.fill(s, squeezed); err != nil {
			return fmt.Errorf("gemma4: %s: %s: tensor %q: %w", file, s.At, s.Name, err)
		}
		use.count(s, slot.put != nil)
	}
	for _, s := range tensors {
		switch {
		case known[s.Name]:
		case skip(s.Name):
			use.count(s, false)
		default:
			return fmt.Errorf("gemma4: %s: %s: tensor %.80q is none that Gemma 4's network has; is this another model or an adapter?", file, s.At, s.Name)
		}
	}
	return nil
}

// checkMissing names the first tensor that is not there and counts the rest.
func checkMissing(file, header string, slots []slot, byName map[string]stored) error {
	var first *slot
	missing := 0
	for i, s := range slots {
		if _, ok := byName[s.name]; !ok && !s.optional {
			if first == nil {
				first = &slots[i]
			}
			missing++
		}
	}
	switch {
	case missing > 1:
		return fmt.Errorf("gemma4: %s: %s: tensor %q %v is missing, and %d more", file, header, first.name, first.shape, missing-1)
	case missing == 1:
		return fmt.Errorf("gemma4: %s: %s: tensor %q %v is missing", file, header, first.name, first.shape)
	}
	return nil
}

// fill checks a tensor against its slot and puts it there. squeezed compares
// shapes without dimensions of 1, which GGUF writers add and drop.
func (s slot) fill(t stored, squeezed bool) error {
	want, got := s.shape, t.Shape
	if squeezed || len(want) == 0 {
		want, got = squeeze(want), squeeze(got)
	}
	if !slices.Equal(want, got) {
		return fmt.Errorf("shape %v, want %v", t.Shape, s.shape)
	}
	if s.put == nil {
		return nil
	}
	if t.DType == 0 {
		return fmt.Errorf("is stored as %.40s; only %s", t.Type, readable())
	}
	if n := len(s.shape); n > 0 && s.shape[n-1]%t.DType.BlockLen() != 0 {
		return fmt.Errorf("rows of %d do not fill %s blocks of %d", s.shape[n-1], t.Type, t.DType.BlockLen())
	}
	return s.put(t)
}

func squeeze(shape []int) []int {
	var rest []int
	for _, d := range shape {
		if d != 1 {
			rest = append(rest, d)
		}
	}
	return rest
}

// floats decodes the tensor and refuses values that would poison every sum.
func (t stored) floats() ([]float32, error) {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	values := make([]float32, n)
	tensor.Decode(values, t.DType, t.Data)
	for i, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("element %d is %v", i, v)
		}
	}
	return values, nil
}

// bound decodes a clip bound, which may be infinite.
func (t stored) bound() (float32, error) {
	var one [1]float32
	tensor.Decode(one[:], t.DType, t.Data)
	if math.IsNaN(float64(one[0])) {
		return 0, fmt.Errorf("is not a number")
	}
	return one[0], nil
}

// checkCounts refuses a configuration whose layers cannot be in the file, before
// room is made for them.
func checkCounts(file, header string, layers, tensors int) error {
	const fewest = 14 // no layer of either tower has fewer tensors
	if layers > tensors/fewest {
		return fmt.Errorf("gemma4: %s: %s: %d tensors are too few for %d layers", file, header, tensors, layers)
	}
	return nil
}
