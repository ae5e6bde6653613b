package guard

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// idsOf numbers the words of a text.
func idsOf(text string) []int {
	var ids []int
	known := make(map[string]int)
	for _, word := range strings.Fields(text) {
		if _, ok := known[word]; !ok {
			known[word] = len(known)
		}
		ids = append(ids, known[word])
	}
	return ids
}

func TestLoops(t *testing.T) {
	again := strings.Repeat
	tests := []struct {
		name, text, kept string
	}{
		{"one word", "it is " + again("the ", 10), "it is the"},
		{"one word for long", again("the ", 60), "the"},
		{"two tokens", "well " + again("no , ", 6), "well no ,"},
		{"a phrase", "so " + again("I think that ", 4), "so I think that"},
		{"a phrase and more", again("I think that ", 4) + "is all", "I think that"},
		{"a sentence", "Hello ! " + again("Thank you for watching this video . ", 4), "Hello ! Thank you for watching this video ."},
		{"a full stop before", "Hello . " + again("Thank you for watching . ", 4), "Hello . Thank you for watching"},
		{"half a period more", again("a b c d e ", 4) + "a b", "a b c d e"},
		{"repeated words in it", again("so so very very good ", 4), "so so very very good"},
		{"the earlier loop", again("a b c ", 4) + again("x ", 20), "a b c"},
		{"32 tokens", again(again("a b c d ", 3)+"e f g h i j k l m n o p q r s t u v w y ", 4), again("a b c d ", 3) + "e f g h i j k l m n o p q r s t u v w y"},
	}
	for _, tt := range tests {
		from, found := Loop(idsOf(tt.text))
		if kept := strings.Join(strings.Fields(tt.text)[:from], " "); !found || kept != strings.TrimSpace(tt.kept) {
			t.Errorf("%s: %v, keeps %q, want %q", tt.name, found, kept, tt.kept)
		}
	}
}

func TestHonestRepetitionPasses(t *testing.T) {
	for _, text := range []string{
		"no , no , no .",
		"No , no , no , no , no !",
		"no , no , no , no , no , she said",
		"very very very good",
		"ha ha ha ha ha ha ha ha",
		"1 0 0 0 0 0 0 0 0 0 people",
		"1 , 0 0 0 , 0 0 0 , 0 0 0 , 0 0 0 dollars",
		"I know , I know , I know",
		"row , row , row your boat",
		"again and again and again and again",
		"step by step by step by step",
		"to be or not to be , to be or not to be , to be or not to be",
		". . . . . .",
		"",
	} {
		if from, found := Loop(idsOf(text)); found {
			t.Errorf("%q is a loop from %d", text, from)
		}
	}
}

// Every period of 3 to 32 random tokens is found at its fourth time, not before,
// after any beginning.
func TestFourthTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for period := 3; period <= longestPeriod; period++ {
		phrase := rng.Perm(1000)[:period]
		ids := make([]int, rng.IntN(50))
		for i := range ids {
			ids[i] = 1000 + rng.IntN(1000)
		}
		want := len(ids) + period
		ids = append(ids, slices.Repeat(phrase, 4)...)
		if _, found := Loop(ids[:len(ids)-1]); found {
			t.Errorf("period %d is found too early", period)
		}
		if from, found := Loop(ids); !found || from != want {
			t.Errorf("period %d: %d, %v, want %d", period, from, found, want)
		}
	}
}

// Random text has no loops, and a loop once found stays where it is.
func FuzzLoop(f *testing.F) {
	f.Add([]byte("abcabcabcabcabcd"))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaa"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids := make([]int, len(data))
		for i, b := range data {
			ids[i] = int(b)
		}
		from, found := Loop(ids)
		if found && (from < 1 || from >= len(ids)) {
			t.Fatalf("%q: loop from %d", data, from)
		}
		if longer, still := Loop(append(ids, 1, 2, 3)); found && (!still || longer > from) {
			t.Fatalf("%q: a loop from %d went to %d", data, from, longer)
		}
		if _, again := Loop(ids[:from]); found && again {
			t.Fatalf("%q: a loop is left before %d", data, from)
		}
	})
}
