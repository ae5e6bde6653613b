package voice

import (
	"encoding/json"
	"math"
	"testing"

	"sotto"
)

func TestEveryEvidenceCanBeSent(t *testing.T) {
	tests := []struct {
		evidence float32
		want     float64
	}{
		{0, 0}, {0.004, 0}, {0.876, 0.88}, {1, 1}, {1.0001, 1}, {-0.5, 0},
		{float32(math.NaN()), 0}, {float32(math.Inf(1)), 1}, {float32(math.Inf(-1)), 0},
	}
	for _, tt := range tests {
		w := Words([]sotto.Word{{Text: "a", End: 1, Evidence: tt.evidence}})[0]
		if _, err := json.Marshal(w); err != nil || w.Evidence != tt.want {
			t.Errorf("%v is sent as %v (%v), want %v", tt.evidence, w.Evidence, err, tt.want)
		}
	}
}
