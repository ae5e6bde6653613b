package sotto

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sotto/audio"
)

var twoLanguages = SessionOptions{Source: "es", Targets: []string{"en", "es"}}

func twoSentences() []float32 {
	return voice(silence(second/2), babble(2*second, 1), silence(second), babble(second+333, 2), silence(second))
}

func TestSentencesAreCommittedAtPauses(t *testing.T) {
	sound := twoSentences()
	all, stats := hear(t, toyEngine(t, EngineOptions{}), twoLanguages, sound)
	stay := committed(all)
	if len(stay) != 4 || stats.Segments != 2 {
		t.Fatalf("%d segments, commits %+v; want 2 segments, each in two languages", stats.Segments, stay)
	}
	for i, c := range stay {
		if want := i / 2; c.Segment != want || c.Language != twoLanguages.Targets[i%2] || c.Text == "" {
			t.Errorf("commit %d is %+v, want segment %d in %s", i, c, want, twoLanguages.Targets[i%2])
		}
	}
	first, next := stay[0], stay[2]
	if first.Start > second/2 || first.End < 5*second/2 || next.Start < first.End || next.Start > 7*second/2 || next.End > audio.Position(len(sound)) {
		t.Errorf("spans %d to %d and %d to %d do not lie around the sentences", first.Start, first.End, next.Start, next.End)
	}
	if want := int64(len(sound) / audio.FrameLen); stats.Frames != want {
		t.Errorf("heard %d frames, want %d", stats.Frames, want)
	}
}

func TestTextAppearsWhileItIsSpoken(t *testing.T) {
	opt := twoLanguages
	opt.EveryDraft = true
	all, stats := hear(t, toyEngine(t, EngineOptions{}), opt, twoSentences())
	// Two seconds and one of speech with their lead and pause, a draft every 12 frames, two languages.
	if stats.Drafts < 2*5 || stats.DraftsSkipped != 0 {
		t.Errorf("%d drafts, %d left out", stats.Drafts, stats.DraftsSkipped)
	}
	ends := make(map[string]audio.Position)
	for _, c := range all {
		if c.End < ends[c.Language] {
			t.Errorf("%+v comes after a caption that ends later", c)
		}
		ends[c.Language] = c.End
	}
}

func TestAnySlicingGivesTheSameCaptions(t *testing.T) {
	e := toyEngine(t, EngineOptions{})
	opt := SessionOptions{Source: "es", Targets: []string{"en"}, DraftEvery: -1}
	sound := voice(silence(3000), babble(second/4, 3), silence(second), babble(second/4+77, 4))
	want, _ := hear(t, e, opt, sound)
	if len(want) != 2 {
		t.Fatalf("captions %+v, want 2", want)
	}
	rapid.Check(t, func(r *rapid.T) {
		var parts [][]float32
		for rest := sound; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 5000).Draw(r, "samples"))
			parts, rest = append(parts, rest[:n]), rest[n:]
		}
		s, err := e.Open(opt)
		if err != nil {
			r.Fatal(err)
		}
		if got, err := run(t.Context(), s, parts...); err != nil || !slices.Equal(got, want) {
			r.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	})
}

// A draft is written behind the sound and taken back: the next reply must not
// know of it.
func TestDraftsChangeNoCommit(t *testing.T) {
	e := toyEngine(t, EngineOptions{})
	sound := voice(babble(second, 1), silence(second), babble(second, 2))
	opt := twoLanguages
	opt.DraftEvery = -1
	quiet, stats := hear(t, e, opt, sound)
	if stats.Drafts != 0 || len(quiet) != len(committed(quiet)) {
		t.Fatalf("drafts although none were wanted: %+v, %+v", stats, quiet)
	}
	opt.DraftEvery, opt.EveryDraft = audio.FrameMilli*time.Millisecond, true
	busy, stats := hear(t, e, opt, sound)
	if stats.Drafts < 80 {
		t.Fatalf("%d drafts, want one in each language at every frame of speech", stats.Drafts)
	}
	if got := committed(busy); !slices.Equal(got, quiet) {
		t.Errorf("with drafts %+v, without %+v", got, quiet)
	}
}

func TestLanguagesDoNotDisturbEachOther(t *testing.T) {
	e := toyEngine(t, EngineOptions{})
	both, _ := hear(t, e, twoLanguages, twoSentences())
	for _, language := range twoLanguages.Targets {
		alone, _ := hear(t, e, SessionOptions{Source: "es", Targets: []string{language}}, twoSentences())
		got := slices.DeleteFunc(committed(both), func(c Caption) bool { return c.Language != language })
		if want := committed(alone); !slices.Equal(got, want) {
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
			e.encoder, e.decoder = nil, nil // whoever computes with these panics
			captions, stats := hear(t, e, twoLanguages, sound)
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
		stay := committed(all)
		if len(stay) != 2 {
			t.Fatalf("%d samples more: commits %+v, want one in each language", rest, stay)
		}
		end, heard := stay[0].End, audio.Position(len(sound))
		if end > heard || end <= heard-161 {
			t.Errorf("%d samples more: the text ends at %d, the voice at %d", rest, end, heard)
		}
	}
}

// Speech without a pause is cut where the model's hearing ends, and nothing is
// lost or heard twice at the cut.
func TestEndlessSpeechIsCut(t *testing.T) {
	tests := []struct {
		name      string
		positions int
		longest   audio.Position
	}{
		{"at 28 s", 4096, 28 * second},
		{"where the model's context ends", 512, 20 * second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := toyModel(t)
			m.Config.Text.MaxPositions = tt.positions
			opt := SessionOptions{Source: "es", Targets: []string{"en"}, DraftEvery: -1}
			all, stats := hear(t, engineOf(t, m, EngineOptions{}), opt, babble(31*second, 7))
			if stats.Segments < 2 {
				t.Fatalf("31 s in %d segments", stats.Segments)
			}
			var end audio.Position
			for i, c := range all {
				if c.Start != end || c.End-c.Start > tt.longest {
					t.Errorf("segment %d is %d to %d, want it to begin at %d and last at most %d", i, c.Start, c.End, end, tt.longest)
				}
				end = c.End
			}
		})
	}
}

func TestWhoFallsBehindLeavesDraftsOut(t *testing.T) {
	s, err := toyEngine(t, EngineOptions{}).Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	sound := babble(mailboxLen*audio.FrameLen, 8)
	speak(t.Context(), s, [][]float32{sound}) // all of it waits before Run begins
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stats := s.Stats(); stats.DraftsSkipped == 0 || stats.Frames != mailboxLen {
		t.Errorf("stats %+v, want drafts left out and no frame lost", stats)
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
