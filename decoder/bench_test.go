package decoder

import (
	"math/rand/v2"
	"testing"
)

// pocketStream has heard ten seconds.
func pocketStream(b *testing.B) (*Stream, *model) {
	b.Helper()
	m := newModel(pocketShape(), 1)
	s := m.decoder(b).NewStream(600, 64)
	if err := s.Append(make([]int, 250)); err != nil {
		b.Fatal(err)
	}
	return s, m
}

// BenchmarkLogits is one decoded token of the pocket sizes behind 250 positions.
func BenchmarkLogits(b *testing.B) {
	s, _ := pocketStream(b)
	mark, next := s.Mark(), []int{3}
	for b.Loop() {
		if _, err := s.Logits(next); err != nil {
			b.Fatal(err)
		}
		s.Rewind(mark)
	}
}

// BenchmarkAppendAudio is one sound token of the pocket sizes.
func BenchmarkAppendAudio(b *testing.B) {
	s, m := pocketStream(b)
	sound := soundToken(rand.New(rand.NewPCG(1, 1)), m.cfg.HiddenSize)
	mark := s.Mark()
	for b.Loop() {
		if err := s.AppendAudio(sound); err != nil {
			b.Fatal(err)
		}
		s.Rewind(mark)
	}
}

// BenchmarkQuestion is the instruction behind the sound: 40 ids, logits of the
// last.
func BenchmarkQuestion(b *testing.B) {
	s, _ := pocketStream(b)
	mark, question := s.Mark(), make([]int, 40)
	for b.Loop() {
		if _, err := s.Logits(question); err != nil {
			b.Fatal(err)
		}
		s.Rewind(mark)
	}
}
