package sotto

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sotto/models/gemma4"
)

func TestSeatsAreTakenAndGivenBack(t *testing.T) {
	e := toyEngine(t, EngineOptions{Seats: 2})
	one, err := e.Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	other, err := e.Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := e.Open(twoLanguages); !errors.Is(err, ErrFull) {
			t.Fatalf("a third voice is answered with %v, want ErrFull", err)
		}
	}
	one.Close()
	one.Close() // gives back one seat all the same
	third, err := e.Open(twoLanguages)
	if err != nil {
		t.Fatalf("the seat of a closed session: %v", err)
	}
	if _, err := e.Open(twoLanguages); !errors.Is(err, ErrFull) {
		t.Errorf("a session that was closed twice gave two seats back: %v", err)
	}
	third.Close()
	other.Finish(nil)
	if err := other.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := e.Open(twoLanguages); err != nil {
			t.Fatalf("the seat of a session that has run: %v", err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	e := toyEngine(t, EngineOptions{Seats: 1})
	tests := []struct {
		name    string
		source  string
		targets []string
		want    string
	}{
		{"no language", "es", nil, "no target language"},
		{"a language twice", "es", []string{"en", "en"}, `"en" is named twice`},
		{"a target it does not know", "es", []string{"en", "fr"}, "does not write French"},
		{"a source it does not know", "it", []string{"en"}, "does not hear Italian"},
		{"a language nobody knows", "es", []string{"enn"}, `unknown language "enn"`},
		{"no source", "", []string{"en"}, "unknown language"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := e.Open(SessionOptions{Source: tt.source, Targets: tt.targets})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := e.Open(twoLanguages); err != nil {
		t.Errorf("a refused voice has kept the seat: %v", err)
	}
}

// The toy follows no instructions; the same model with the published ones does, and
// its prompts are longer.
func TestOnlyModelsWithInstructionsTakeAContext(t *testing.T) {
	m := toyModel(t)
	opt := twoLanguages
	opt.Context = "a talk about trains"
	if _, err := engineOf(t, m, EngineOptions{}).Open(opt); err == nil || !strings.Contains(err.Error(), "takes no context") {
		t.Errorf("error %v", err)
	}
	m.Config.Profile, m.Config.Text.MaxPositions = gemma4.Profile{}, 4096
	e := engineOf(t, m, EngineOptions{})
	s, err := e.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	plain, with := e.scratch("es", "", 100), e.scratch("es", opt.Context, 100)
	if with <= plain {
		t.Errorf("with a context a reply has %d positions, without %d", with, plain)
	}
	if _, err := run(t.Context(), s, babble(second, 1), silence(second)); err != nil {
		t.Error(err)
	}
}

func TestAContextTooShortToHearIsRefused(t *testing.T) {
	m := toyModel(t)
	m.Config.Text.MaxPositions = 100
	_, err := engineOf(t, m, EngineOptions{}).Open(twoLanguages)
	if err == nil || !strings.Contains(err.Error(), "context of 100 positions is too short") {
		t.Errorf("error %v", err)
	}
}

func TestAModelWithoutTokenizerIsRefused(t *testing.T) {
	m := toyModel(t)
	m.Tokenizer = nil
	if _, err := NewEngine(m, EngineOptions{}); err == nil || !strings.Contains(err.Error(), "no tokenizer") {
		t.Errorf("error %v", err)
	}
}

// Voices share weights and workers and nothing else: what each says is to the letter
// what it says alone, however often the engine goes from one to another.
func TestVoicesDoNotDisturbEachOther(t *testing.T) {
	e := toyEngine(t, EngineOptions{Seats: 6, Workers: 2})
	var want [6][]line
	for i := range want {
		all, _ := hear(t, e, twoLanguages, babble(second+i*500, uint64(i)))
		want[i] = lines(t, all)
	}
	steps := together(t, e, want[:])
	for os.Getenv("SOTTO_RELIABILITY") != "" && steps < 10_000 && !t.Failed() {
		steps += together(t, e, want[:])
	}
	t.Logf("%d steps", steps)
}

// together has voices speak at once and returns how many steps they took.
func together(t *testing.T, e *Engine, want [][]line) int64 {
	var voices sync.WaitGroup
	var taken atomic.Int64
	for i := range want {
		voices.Go(func() {
			s, err := e.Open(twoLanguages)
			if err != nil {
				t.Error(err)
				return
			}
			all, err := run(t.Context(), s, babble(second+i*500, uint64(i)))
			taken.Add(s.Stats().Steps)
			if got := lines(t, all); err != nil || !slices.Equal(got, want[i]) {
				t.Errorf("voice %d among others: %+v, %v, alone %+v", i, got, err, want[i])
			}
		})
	}
	voices.Wait()
	return taken.Load()
}
