package audio

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAnySlicingGivesTheSameFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sound := make([]float32, rapid.IntRange(0, 5*FrameLen).Draw(t, "samples"))
		for i := range sound {
			sound[i] = float32(i)
		}
		var f Framer
		var got []float32
		for rest := sound; len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "piece")
			f.Write(rest[:n])
			rest = rest[n:]
			for rapid.Bool().Draw(t, "look") {
				if f.Position() != Position(len(got)) {
					t.Fatalf("the next frame is said to begin at %d, not %d", f.Position(), len(got))
				}
				frame, ok := f.Next()
				if !ok {
					break
				}
				got = append(got, frame[:]...)
			}
		}
		for frame, ok := f.Next(); ok; frame, ok = f.Next() {
			got = append(got, frame[:]...)
		}
		if len(f.Rest()) >= FrameLen {
			t.Fatalf("%d samples rest", len(f.Rest()))
		}
		if got = append(got, f.Rest()...); !slices.Equal(got, sound) {
			t.Fatalf("frames and rest are not what was written")
		}
	})
}

func TestPositionInMilliseconds(t *testing.T) {
	for samples, want := range map[Position]int64{0: 0, 15: 0, 16: 1, 639: 39, 640: 40, 16000 * 3600 * 24: 86400000} {
		if got := samples.Millis(); got != want {
			t.Errorf("%d samples are %d ms, want %d", samples, got, want)
		}
	}
}
