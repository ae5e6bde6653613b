package decoder

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAFullStreamRefusesAndStaysUsable(t *testing.T) {
	m := newModel(shapes()["no shared layers"], 2)
	d := m.decoder(t)
	s := d.NewStream(5, 1)
	if err := s.Append([]int{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"Append":      func() error { return s.Append([]int{1, 2, 3}) },
		"AppendAudio": func() error { return s.AppendAudio(make([]float32, 3*m.cfg.HiddenSize)) },
		"Logits":      func() error { _, err := s.Logits([]int{1, 2, 3}); return err },
		"LogitsAll":   func() error { _, err := s.LogitsAll([]int{1, 2, 3}); return err },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, ErrFull) {
			t.Errorf("%s: error %v, want ErrFull", name, err)
		}
		if s.Len() != 3 {
			t.Fatalf("%s: %d positions afterwards, want 3", name, s.Len())
		}
	}
	if want := logits(t, d.NewStream(5, 1), 1, 2, 3, 4, 5); !slices.Equal(logits(t, s, 4, 5), want) {
		t.Error("the last two places give other logits")
	}
}

func TestAStreamIsNeverLongerThanTheModel(t *testing.T) {
	cfg := shapes()["no shared layers"]
	cfg.MaxPositions = 4
	s := newModel(cfg, 2).decoder(t).NewStream(1000, 1)
	if err := s.Append([]int{1, 2, 3, 4, 5}); !errors.Is(err, ErrFull) {
		t.Errorf("error %v, want ErrFull", err)
	}
}

func TestHostileInputIsNamed(t *testing.T) {
	cfg := shapes()["no shared layers"]
	cfg.PLEVocabSize = 50
	m := newModel(cfg, 2)
	s := m.decoder(t).NewStream(50, 1)
	second := func(_ []float32, err error) error { return err }
	tests := []struct {
		name, want string
		err        error
	}{
		{"an id beyond the vocabulary", "id 61 at index 1", s.Append([]int{1, 61})},
		{"an id beyond the per-layer vocabulary", "id 50 at index 0, want one of the vocabulary's 50", s.Append([]int{50})},
		{"a negative id", "id -1 at index 2", second(s.Logits([]int{1, 2, -1}))},
		{"a huge id", "id 1099511627776 at index 0", second(s.LogitsAll([]int{1 << 40}))},
		{"logits of nothing", "want at least one", second(s.Logits(nil))},
		{"a torn sound token", "sound tokens of 31 values, want a multiple of 32", s.AppendAudio(make([]float32, 31))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", tt.err, tt.want)
			}
		})
	}
	if s.Len() != 0 {
		t.Errorf("%d positions after refused calls, want none", s.Len())
	}
}
