package sotto

import (
	"strings"
	"testing"

	"sotto/decoder/policy"
)

// spoken is a session of one language, in the place of whose decoder the test
// stands: it drafts a text, each token leaning on the next frame, and settles.
type spoken struct {
	*Session
	*target
}

func newSpoken(t *testing.T, e *Engine, language string) *spoken {
	t.Helper()
	s, err := e.Open(SessionOptions{Source: "es", Targets: []string{language}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.window.goOn(0)
	return &spoken{s, s.targets[0]}
}

// drafts is one step: the decoder says text behind what was committed.
func (s *spoken) drafts(text string, prob float32, final bool) string {
	t := s.target
	t.draft, t.frames, t.ended = t.draft[:0], 150, final
	tokenizer := t.reply.engine.model.Tokenizer
	for i, id := range tokenizer.Encode(text)[len(t.said):] {
		t.draft = append(t.draft, policy.Token{ID: id, Frame: min(i+len(t.said), 120), Mass: 0.9, Prob: prob, Closes: closes(tokenizer.Piece(id))})
	}
	s.Session.heard = s.window.position(150)
	s.Session.settle(s.Session.targets, final)
	var b strings.Builder
	for {
		c, ok, _ := s.captions.take()
		if !ok {
			return b.String()
		}
		b.WriteString(c.Text())
	}
}

// Whatever a decoder says, loops, other scripts, talk about the task and guesses
// do not become text; honest repetition does.
func TestBadTextIsNeverCommitted(t *testing.T) {
	e := pocketEngine(t)
	for _, tt := range []struct {
		name, language, text string
		prob                 float32
		want                 string
	}{
		{"a sentence", "en", "My sister likes concerts.", 0.95, "My sister likes concerts."},
		{"honest repetition", "en", "No, no, no. My sister likes concerts.", 0.95, "No, no, no. My sister likes concerts."},
		{"a loop of a sentence", "en", "I am thirsty." + strings.Repeat(" My sister likes concerts.", 8), 0.95, "I am thirsty. My sister likes concerts."},
		{"a loop of two words", "en", "I want the wine" + strings.Repeat(" the wine", 12), 0.95, "I want the wine"},
		{"another script", "en", "Доброе утро, Елена.", 0.95, ""},
		{"talk about the task", "en", "I'm sorry, I can't process the audio.", 0.95, ""},
		{"guesses", "en", "My sister likes concerts.", 0.5, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSpoken(t, e, tt.language)
			got := s.drafts(tt.text, tt.prob, false) + s.drafts(tt.text, tt.prob, false)
			if !strings.HasPrefix(tt.want, got) {
				t.Errorf("%q is committed while more is to come, want a beginning of %q", got, tt.want)
			}
			if got += s.drafts(tt.text, tt.prob, true); got != tt.want {
				t.Errorf("%q is committed, want %q", got, tt.want)
			}
		})
	}
}
