package sotto

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sotto/audio"
	"sotto/decoder/policy"
	"sotto/models/gemma4"
)

// twoLanguages commits at pauses: the toy's replies are noise, on which no drafts
// agree.
var twoLanguages = SessionOptions{Source: "es", Targets: []string{"en", "es"}, Policy: policy.AtPause{}, EveryStep: true}

// hasty commits whole drafts.
type hasty struct{}

func (hasty) Commit(e policy.Evidence) int { return len(e.Drafts[len(e.Drafts)-1].Tokens) }

func twoSentences() []float32 {
	return voice(silence(second/2), babble(2*second, 1), silence(second), babble(second+333, 2), silence(second))
}

func TestSentencesAreCommittedAtPauses(t *testing.T) {
	sound := twoSentences()
	all, stats := hear(t, toyEngine(t, EngineOptions{}), twoLanguages, sound)
	stay := lines(t, all)
	if len(stay) != 4 || stats.Segments != 2 {
		t.Fatalf("%d segments, lines %+v; want 2 segments, each in two languages", stats.Segments, stay)
	}
	for i, l := range stay {
		if want := i / 2; l.Segment != want || l.Language != twoLanguages.Targets[i%2] || l.Text == "" {
			t.Errorf("line %d is %+v, want segment %d in %s", i, l, want, twoLanguages.Targets[i%2])
		}
	}
	first, next := stay[0], stay[2]
	if first.Heard < 5*second/2 || first.Heard > 7*second/2 || next.Start < first.Heard || next.Heard > audio.Position(len(sound)) {
		t.Errorf("lines ended when %d and %d had been heard, in a voice with sentences up to %d and from %d", first.Heard, next.Heard, 5*second/2, 7*second/2)
	}
	if want := int64(len(sound) / audio.FrameLen); stats.Frames != want {
		t.Errorf("heard %d frames, want %d", stats.Frames, want)
	}
}

// staying returns what no reader may miss, without what may differ from run to
// run.
func staying(captions []Caption) []Caption {
	var stay []Caption
	for _, c := range captions {
		if c.Worked, c.Tail = 0, ""; c.stays() {
			stay = append(stay, c)
		}
	}
	return stay
}

// A draft is written on a fork: the next reply must not know of it.
func TestDraftsChangeNoCommit(t *testing.T) {
	e := toyEngine(t, EngineOptions{})
	sound := voice(babble(second, 1), silence(second), babble(second, 2))
	opt := twoLanguages
	opt.Step = -1
	quiet, stats := hear(t, e, opt, sound)
	if stats.Steps != 2 {
		t.Fatalf("%d steps although no drafts were wanted, only one at each pause", stats.Steps)
	}
	opt.Step = audio.FrameMilli * time.Millisecond
	busy, stats := hear(t, e, opt, sound)
	if stats.Steps < 40 {
		t.Fatalf("%d steps, want one at every frame of speech", stats.Steps)
	}
	if got, want := lines(t, busy), lines(t, quiet); !slices.Equal(got, want) {
		t.Errorf("with drafts %+v, without %+v", got, want)
	}
}

func TestLanguagesDoNotDisturbEachOther(t *testing.T) {
	e := toyEngine(t, EngineOptions{})
	opt := twoLanguages
	opt.Policy = hasty{}
	both, _ := hear(t, e, opt, twoSentences())
	for _, language := range twoLanguages.Targets {
		opt.Targets = []string{language}
		alone, _ := hear(t, e, opt, twoSentences())
		got := slices.DeleteFunc(staying(both), func(c Caption) bool { return c.Language != language })
		if want := staying(alone); !reflect.DeepEqual(got, want) {
			t.Errorf("%s beside another language: %+v, alone %+v", language, got, want)
		}
	}
}

func TestSilenceGivesNoTextAndNoComputing(t *testing.T) {
	hiss := silence(20 * second)
	rng := rand.New(rand.NewPCG(5, 5))
	for i := range hiss {
		hiss[i] = float32(rng.NormFloat64() * 3e-4) // -70 dB
	}
	for name, sound := range map[string][]float32{"silence": silence(20 * second), "a quiet hiss": hiss, "nothing": nil} {
		t.Run(name, func(t *testing.T) {
			e := toyEngine(t, EngineOptions{})
			s, err := e.Open(twoLanguages)
			if err != nil {
				t.Fatal(err)
			}
			s.window.ear, s.window.trunk = nil, nil // whoever computes with these panics
			captions, stats := listenTo(t, s, sound)
			if len(captions) != 0 || stats.Segments != 0 || stats.Frames != int64(len(sound)/audio.FrameLen) {
				t.Errorf("captions %+v, stats %+v", captions, stats)
			}
		})
	}
}

func TestAVoiceThatEndsInMidWordIsCommitted(t *testing.T) {
	e := toyEngine(t, EngineOptions{})
	for _, rest := range []int{0, 1, 160, 161, 639} {
		sound := babble(second/audio.FrameLen*audio.FrameLen+rest, 6)
		all, _ := hear(t, e, twoLanguages, sound)
		stay := lines(t, all)
		if len(stay) != 2 {
			t.Fatalf("%d samples more: lines %+v, want one in each language", rest, stay)
		}
		if heard := audio.Position(len(sound)); stay[0].Heard != heard {
			t.Errorf("%d samples more: the text ends when %d were heard, the voice at %d", rest, stay[0].Heard, heard)
		}
	}
}

// Speech without a pause is cut where the model's hearing ends; the segment goes
// on.
func TestEndlessSpeechIsCut(t *testing.T) {
	tests := []struct {
		name      string
		positions int
		heads     []policy.Head
		cuts      int64
	}{
		{"at 28 s", 4096, nil, 1},
		{"where the model's context ends", 700, nil, 1},
		{"where the text leans", 4096, []policy.Head{{Layer: 2, Head: 0}}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := toyModel(t)
			m.Config.Text.MaxPositions = tt.positions
			opt := SessionOptions{Source: "es", Targets: []string{"en", "es"}, Policy: hasty{}, EveryStep: true}
			all, stats := hear(t, engineOf(t, m, EngineOptions{Policy: policy.Table{Heads: tt.heads}}), opt, babble(31*second, 7))
			if stats.Cuts < tt.cuts || stats.Segments != 1 {
				t.Fatalf("31 s with %d cuts, in %d segments", stats.Cuts, stats.Segments)
			}
			if got := lines(t, all); len(got) != 2 {
				t.Errorf("%d lines, want one of each language", len(got))
			}
		})
	}
}

// Gemma's published prompts ask for the transcript before the translation; what a
// model of noise answers to them is still bounded, and every segment ends.
func TestPublishedPromptsAreBounded(t *testing.T) {
	m := toyModel(t)
	m.Config.Profile = gemma4.Profile{}
	e := engineOf(t, m, EngineOptions{Policy: policy.Table{Heads: []policy.Head{{Layer: 2, Head: 0}}, Median: 1, Context: 1}})
	opt := SessionOptions{Source: "es", Targets: []string{"en", "es", "ja"}, Policy: hasty{}, EveryStep: true}
	all, stats := hear(t, e, opt, voice(babble(20*second, 7), silence(second), babble(20*second, 8)))
	if lines(t, all); stats.Segments != 2 || stats.Cuts == 0 {
		t.Errorf("%+v, want two segments with a cut", stats)
	}
}

func TestWhoFallsBehindLeavesDraftsOut(t *testing.T) {
	live := twoLanguages
	live.EveryStep = false
	s, err := toyEngine(t, EngineOptions{}).Open(live)
	if err != nil {
		t.Fatal(err)
	}
	sound := babble(mailboxLen*audio.FrameLen, 8)
	speak(t.Context(), s, [][]float32{sound}) // all of it waits before Run begins
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stats := s.Stats(); stats.StepsSkipped == 0 || stats.Frames != mailboxLen {
		t.Errorf("stats %+v, want steps left out and no frame lost", stats)
	}
}

func TestAFullMailboxMakesTheSenderWait(t *testing.T) {
	s, err := toyEngine(t, EngineOptions{}).Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range mailboxLen {
		if err := s.Push(t.Context(), new(audio.Frame)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	pushed := make(chan error, 1)
	go func() { pushed <- s.Push(ctx, new(audio.Frame)) }()
	cancel()
	if err := <-pushed; !errors.Is(err, context.Canceled) {
		t.Errorf("the 51st frame was answered with %v", err)
	}
}

func TestCancelEndsASessionAtOnce(t *testing.T) {
	e := toyEngine(t, EngineOptions{Seats: 1})
	s, err := e.Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	for f := range slices.Chunk(babble(second, 9), audio.FrameLen) {
		if err := s.Push(ctx, (*audio.Frame)(f)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	for {
		if _, err := s.Next(t.Context()); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Next returned %v", err)
			}
			break
		}
	}
	if _, err := e.Open(twoLanguages); err != nil {
		t.Errorf("its seat is still taken: %v", err)
	}
}

// panics is a policy with a fault.
type panics struct{}

func (panics) Commit(policy.Evidence) int { panic("a fault") }

func TestAPanicEndsItsVoiceAlone(t *testing.T) {
	e := toyEngine(t, EngineOptions{Seats: 1})
	opt := twoLanguages
	opt.EveryStep, opt.Policy = false, panics{}
	s, err := e.Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t.Context(), s, babble(2*second, 1)); err == nil || !strings.Contains(err.Error(), "a fault") {
		t.Errorf("the voice ended with %v", err)
	}
	if got := e.Load(); got.Voices != 0 || got.Bytes != 0 || e.load.open != 0 {
		t.Errorf("left behind: %+v, weight %v", got, e.load.open)
	}
	if all, _ := hear(t, e, twoLanguages, twoSentences()); len(lines(t, all)) != 4 {
		t.Errorf("the next voice gave %+v", lines(t, all))
	}
}

// Under the race detector: who changes what is wanted and who hears are two.
func TestWhatIsWantedChangesWhileItIsHeard(t *testing.T) {
	s, err := toyEngine(t, EngineOptions{}).Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	all, err := collect(t.Context(), s, func() {
		for i, f := range slices.Collect(slices.Chunk(babble(second, 1), audio.FrameLen)) {
			s.Push(t.Context(), (*audio.Frame)(f))
			s.SetLatency(t.Context(), []policy.Dial{policy.Fast, policy.Quality}[i%2])
			s.SetTargets(t.Context(), twoLanguages.Targets[:1+i%2])
		}
		s.Finish(nil)
	})
	if err != nil || len(lines(t, all)) == 0 {
		t.Errorf("%d captions, %v", len(all), err)
	}
}
