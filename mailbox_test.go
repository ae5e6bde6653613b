package sotto

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sotto/audio"
)

// Words about the sound come at their place in it.
func TestMailIsDoneInOrder(t *testing.T) {
	s, err := toyEngine(t, EngineOptions{}).Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	all, err := collect(ctx, s, func() {
		push := func(sound []float32) {
			for f := range slices.Chunk(sound, audio.FrameLen) {
				s.Push(ctx, (*audio.Frame)(f))
			}
		}
		push(babble(2*second, 1))
		s.Mark(ctx, 7)
		s.Flush(ctx)
		s.Mark(ctx, 8)
		push(babble(second, 2))
		s.Gap(ctx, 100, "late")
		s.Lose(ctx, 25, "gone")
		push(babble(second, 2))
		s.Finish(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	var told []Caption
	for _, c := range all {
		switch {
		case c.Language == "":
			told = append(told, Caption{Heard: c.Heard, Lost: c.Lost, Cause: c.Cause, Mark: c.Mark})
		case c.End && c.Language == "en":
			told = append(told, Caption{Heard: c.Heard, End: true})
		}
	}
	want := []Caption{
		{Heard: 2 * second, Mark: 7},
		{Heard: 2 * second, End: true},
		{Heard: 2 * second, Mark: 8},
		{Heard: 3 * second, Lost: 100, Cause: "late"},
		{Heard: 3*second + 20*audio.FrameLen, End: true}, // the hang-over of the voice activity, then a pause
		{Heard: 4 * second, Lost: second, Cause: "gone"},
		{Heard: 5 * second, End: true},
	}
	for i := range max(len(told), len(want)) {
		if i >= len(told) || i >= len(want) || !same(told[i], want[i]) {
			t.Fatalf("told %+v\nwant %+v", told, want)
		}
	}
	if stats := s.Stats(); stats.Lost != second+100 || stats.Frames != 125 {
		t.Errorf("%+v, want %d samples lost and 125 frames", stats, second+100)
	}
}

// same compares where a pause ended to a few frames: that is the detector's.
func same(got, want Caption) bool {
	near := got.Heard - want.Heard
	if want.End && want.Heard != 2*second && -10*audio.FrameLen < near && near < 10*audio.FrameLen {
		got.Heard = want.Heard
	}
	return got.Heard == want.Heard && got.End == want.End && got.Lost == want.Lost && got.Cause == want.Cause && got.Mark == want.Mark
}

// A voice that cannot wait loses sound in one piece, and it is marked.
func TestWhatIsOfferedInVainIsMarked(t *testing.T) {
	e := toyEngine(t, EngineOptions{})
	s, err := e.Open(twoLanguages)
	if err != nil {
		t.Fatal(err)
	}
	const late = 30
	for range mailboxLen + late {
		s.Offer(new(audio.Frame))
	}
	if s.Waiting() != 2*second || e.Load().Waiting != 2*time.Second || s.Stats().Lost != late*audio.FrameLen {
		t.Errorf("%d samples wait, %d are lost", s.Waiting(), s.Stats().Lost)
	}
	var all []Caption
	ran := make(chan struct{})
	go func() { all, _ = collect(t.Context(), s, func() {}); close(ran) }()
	for s.Waiting() > 0 {
	}
	s.Offer(new(audio.Frame))
	s.Finish(nil)
	<-ran
	if len(all) != 1 || all[0].Lost != late*audio.FrameLen || all[0].Cause == "" || all[0].Heard != audio.Position(mailboxLen+late)*audio.FrameLen {
		t.Errorf("captions %+v", all)
	}
	if got := s.Stats().Frames; got != mailboxLen+late+1 {
		t.Errorf("%d frames heard", got)
	}
}

// Marks cost no sound, so whoever sends them without reading is made to wait.
func TestMarksThatNobodyReadsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := toyEngine(t, EngineOptions{}).Open(twoLanguages)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { s.Run(ctx) })
		sent := 0
		all.Go(func() {
			for s.Mark(ctx, 1) == nil {
				sent++
			}
		})
		for _, want := range []int{mostAsides, mostAsides + 1} {
			synctest.Wait()
			if sent != want {
				t.Errorf("%d marks were taken, want %d", sent, want)
			}
			if c, err := s.Next(ctx); err != nil || c.Mark != 1 {
				t.Errorf("%+v, %v", c, err)
			}
		}
		cancel()
		all.Wait()
	})
}
