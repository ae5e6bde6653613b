package sample

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
)

// golden is one case of testdata/golden.json, which testdata/golden.py made.
type golden struct {
	Temperature float32            `json:"temperature"`
	TopK        int                `json:"top_k"`
	TopP        float32            `json:"top_p"`
	Logits      []float32          `json:"logits"`
	Kept        map[string]float64 `json:"kept"`
}

func goldens(t *testing.T) []golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestFilteredProbabilitiesAreThoseOfTransformers(t *testing.T) {
	for _, g := range goldens(t) {
		name := fmt.Sprintf("temperature %v, top-k %d, top-p %v", g.Temperature, g.TopK, g.TopP)
		t.Run(name, func(t *testing.T) {
			s, err := New(len(g.Logits), Options{Temperature: g.Temperature, TopK: g.TopK, TopP: g.TopP})
			if err != nil {
				t.Fatal(err)
			}
			kept := s.filter(g.Logits)
			got := make(map[int]float64)
			for _, c := range kept {
				got[c.id] = c.prob
				if _, ok := g.Kept[strconv.Itoa(c.id)]; !ok && c.prob > 1e-30 {
					t.Errorf("id %d is kept with probability %v", c.id, c.prob)
				}
			}
			for key, want := range g.Kept {
				id, _ := strconv.Atoi(key)
				if math.Abs(got[id]-want) > 2e-6*want+1e-12 {
					t.Errorf("id %d has probability %v, want %v", id, got[id], want)
				}
			}
		})
	}
}

func TestGreedyTakesTheFirstOfTheLargest(t *testing.T) {
	tests := []struct {
		logits []float32
		want   int
	}{
		{[]float32{3}, 0},
		{[]float32{-2, -1, -3}, 1},
		{[]float32{0, 5, 1, 5, 5}, 1},
		{[]float32{float32(math.Inf(-1)), float32(math.Inf(-1))}, 0},
	}
	for _, tt := range tests {
		if got := Greedy(tt.logits); got != tt.want {
			t.Errorf("Greedy(%v) = %d, want %d", tt.logits, got, tt.want)
		}
	}
}

func TestDrawsFollowTheProbabilities(t *testing.T) {
	logits := []float32{0, 1, 2, 3, -1, 2.5}
	s, err := New(len(logits), Options{Temperature: 1, TopK: 4, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	const draws = 200000
	count := make([]int, len(logits))
	for range draws {
		count[s.Draw(logits)]++
	}
	want := make([]float64, len(logits))
	for _, c := range s.filter(logits) {
		want[c.id] = c.prob
	}
	for id, p := range want {
		if got := float64(count[id]) / draws; math.Abs(got-p) > 5e-3 {
			t.Errorf("id %d drawn with frequency %.4f, want %.4f", id, got, p)
		}
	}
}

func TestLogitsOfABrokenModelStillGiveAnID(t *testing.T) {
	nan := float32(math.NaN())
	logits := []float32{nan, nan, nan}
	for _, k := range []int{0, 2} {
		s, err := New(len(logits), Options{Temperature: 1, TopK: k, TopP: 0.9})
		if err != nil {
			t.Fatal(err)
		}
		if id := s.Draw(logits); id < 0 || id >= len(logits) {
			t.Errorf("top-k %d: drew %d of 3 ids", k, id)
		}
	}
}

func TestEqualSeedsDrawEqualIDs(t *testing.T) {
	g := goldens(t)[0]
	run := func(seed uint64) []int {
		s, err := New(len(g.Logits), Options{Temperature: 2, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]int, 50)
		for i := range ids {
			ids[i] = s.Draw(g.Logits)
		}
		return ids
	}
	a, b, c := run(1), run(1), run(2)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("seed 1 drew %v and then %v", a, b)
	}
	if fmt.Sprint(a) == fmt.Sprint(c) {
		t.Errorf("seeds 1 and 2 both drew %v", a)
	}
}

func TestADrawAllocatesNothing(t *testing.T) {
	g := goldens(t)[0]
	for _, opt := range []Options{{Temperature: 1}, {Temperature: 1, TopK: 64, TopP: 0.95}} {
		s, err := New(len(g.Logits), opt)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(20, func() { s.Draw(g.Logits) }); n != 0 {
			t.Errorf("%+v: %v allocations per draw, want none", opt, n)
		}
	}
}

func TestOptionsOutOfRangeAreNamed(t *testing.T) {
	nan := float32(math.NaN())
	for _, opt := range []Options{
		{}, {Temperature: -1}, {Temperature: nan}, {Temperature: float32(math.Inf(1))},
		{Temperature: 1, TopK: -1}, {Temperature: 1, TopP: 1.5}, {Temperature: 1, TopP: nan},
	} {
		if _, err := New(10, opt); err == nil {
			t.Errorf("%+v: no error", opt)
		}
	}
}
