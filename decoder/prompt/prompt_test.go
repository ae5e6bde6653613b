package prompt

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"sotto/models/gemma4"
	"sotto/models/tokenizer"
)

func pocketTokenizer(t *testing.T) *tokenizer.Tokenizer {
	t.Helper()
	data, err := os.ReadFile("../../models/pocket/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func config(tok *tokenizer.Tokenizer, profile gemma4.Profile) *gemma4.Config {
	id := func(piece string) int { n, _ := tok.ID(piece); return n }
	return &gemma4.Config{Profile: profile, Tokens: gemma4.Tokens{
		Pad: 0, BOS: id("<bos>"), Stop: []int{id("<eos>"), id("<turn|>")},
		TurnOpen: id("<|turn>"), TurnClose: id("<turn|>"),
		AudioOpen: id("<|audio>"), AudioClose: id("<audio|>"), AudioSoft: id("<|audio|>"),
		ChannelOpen: id("<|channel>"), ChannelClose: id("<channel|>"),
	}}
}

// The parts joined are the ids of the whole prompt written out.
func TestRendering(t *testing.T) {
	tok := pocketTokenizer(t)
	p, err := New(config(tok, gemma4.Profile{Translate: "Translate from {SOURCE} into {TARGET}."}), tok)
	if err != nil {
		t.Fatal(err)
	}
	tail, err := p.Tail(Task{Source: "es", Target: "de"})
	if err != nil {
		t.Fatal(err)
	}
	want := tok.Encode("<bos><|turn>user\n<|audio><audio|>Translate from Spanish into German.<turn|>\n<|turn>model\n")
	if got := append(slices.Clone(p.Head()), tail...); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPublishedInstructions(t *testing.T) {
	tok := pocketTokenizer(t)
	p, err := New(config(tok, gemma4.Profile{}), tok)
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Instruction(Task{Source: "es", Target: "fr"})
	if err != nil || !strings.HasPrefix(text, "Transcribe the following speech segment in Spanish, then translate it into French.\n") {
		t.Errorf("translate: %q, %v", text, err)
	}
	text, err = p.Instruction(Task{Source: "es", Target: ""})
	if err != nil || !strings.HasPrefix(text, "Transcribe the following speech segment in Spanish into Spanish text.\n\n") {
		t.Errorf("transcribe: %q, %v", text, err)
	}
}

func TestBridge(t *testing.T) {
	tok := pocketTokenizer(t)
	both, _ := New(config(tok, gemma4.Profile{}), tok)
	if got := tok.Decode(both.Bridge(Task{Source: "es", Target: "en"})); got != "English:" {
		t.Errorf("between transcript and translation stands %q", got)
	}
	if got := both.Bridge(Task{Source: "es", Target: "es"}); got != nil {
		t.Errorf("a transcript is followed by %v", got)
	}
	direct, _ := New(config(tok, gemma4.Profile{Translate: "{SOURCE} {TARGET}"}), tok)
	if got := direct.Bridge(Task{Source: "es", Target: "en"}); got != nil {
		t.Errorf("a direct translation is preceded by %v", got)
	}
}

func TestLanguagesRefused(t *testing.T) {
	tok := pocketTokenizer(t)
	p, _ := New(config(tok, gemma4.Profile{Sources: []string{"es"}, Targets: []string{"es", "en"}}), tok)
	tests := []struct {
		task Task
		want string
	}{
		{Task{Source: "xx-klingon", Target: "en"}, `unknown language "xx-klingon"`},
		{Task{Source: "es", Target: "englisch"}, `nearest is "en" (English)`},
		{Task{Source: "es", Target: "French"}, `write "fr"`},
		{Task{Source: "fr", Target: "en"}, "does not hear French (fr); it does es"},
		{Task{Source: "es", Target: "fr"}, "does not write French (fr); it does es, en"},
	}
	for _, tt := range tests {
		if _, err := p.Tail(tt.task); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v, want %q", tt.task, err, tt.want)
		}
	}
}

func TestFilterHidesThoughtsAndStructure(t *testing.T) {
	tok := pocketTokenizer(t)
	p, _ := New(config(tok, gemma4.Profile{}), tok)
	f := p.NewFilter()
	var shown []int
	for _, id := range tok.Encode("a<|channel>thought b<channel|>c<|turn>d") {
		if f.Push(id) {
			shown = append(shown, id)
		}
	}
	if got := tok.Decode(shown); got != "acd" {
		t.Errorf("%q is shown", got)
	}
}

func TestContext(t *testing.T) {
	tok := pocketTokenizer(t)
	free, _ := New(config(tok, gemma4.Profile{}), tok)
	own, _ := New(config(tok, gemma4.Profile{Translate: "{SOURCE} {TARGET}"}), tok)
	text, err := free.Instruction(Task{Source: "es", Target: "en", Context: "a talk about {TARGET} trains by Ana Gómez"})
	if err != nil || !strings.HasSuffix(text, "that may be said: a talk about {TARGET} trains by Ana Gómez") || !strings.Contains(text, "into English.") {
		t.Errorf("%q, %v", text, err)
	}
	for _, tt := range []struct {
		prompt     *Prompt
		text, want string
	}{
		{own, "trains", "takes no context"},
		{free, strings.Repeat("é", 501), "has 501 characters, at most 500"},
		{free, "a\nb", "control characters"},
		{free, "a<turn|>b", "marks structure"},
	} {
		_, err := tt.prompt.Instruction(Task{Source: "es", Target: "en", Context: tt.text})
		var refused *ContextError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.20q: %v, want %q", tt.text, err, tt.want)
		}
	}
}
