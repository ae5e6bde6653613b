package guard

import (
	"math"
	"testing"
)

func TestCertain(t *testing.T) {
	for _, tt := range []struct {
		name     string
		probs    []float32
		floor    float32
		finished bool
		want     bool
	}{
		{"no floor", []float32{0.01}, 0, false, true},
		{"nothing yet", nil, 0.8, true, false},
		{"too little to judge", []float32{0.9, 0.9, 0.9}, 0.8, false, false},
		{"little, but all there is", []float32{0.9, 0.9, 0.9}, 0.8, true, true},
		{"sure from the start", []float32{0.9, 0.9, 0.9, 0.9}, 0.8, false, true},
		{"one guess among sure tokens", []float32{0.5, 0.95, 0.95, 0.95, 0.95}, 0.8, false, true},
		{"guesses", []float32{0.5, 0.95, 0.6, 0.9, 0.5, 0.9}, 0.8, true, false},
		{"guesses behind a sure beginning", []float32{0.9, 0.9, 0.9, 0.9, 0.1, 0.1}, 0.8, false, true},
		{"impossible", []float32{0, 0.9, 0.9, 0.9, 0.9}, 0.8, true, false},
		{"broken", []float32{float32(math.NaN()), 0.9, 0.9, 0.9}, 0.8, true, false},
	} {
		if got := Certain(tt.probs, tt.floor, tt.finished); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
