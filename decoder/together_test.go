package decoder

import (
	"errors"
	"slices"
	"testing"
)

// Streams of different lengths that go through one pass get what each gets
// alone, to the bit.
func TestTogetherEqualsOneByOne(t *testing.T) {
	for _, d := range everyDecoder(t, 5) {
		const n = 5
		var streams, alone []*Stream
		ids, logits := make([]int, n), make([][]float32, n)
		for i := range n {
			ids[i] = i + 1
			for _, list := range []*[]*Stream{&streams, &alone} {
				s := d.NewStream(32, 8)
				if err := s.Append(slices.Repeat([]int{2}, 2*i)); err != nil {
					t.Fatal(err)
				}
				*list = append(*list, s)
			}
		}
		if err := d.Together(streams, ids, logits); err != nil {
			t.Fatal(err)
		}
		for i, s := range alone {
			want, err := s.Logits(ids[i : i+1])
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(logits[i], want) || streams[i].Len() != 2*i+1 {
				t.Errorf("stream %d of %d positions differs from itself alone", i, streams[i].Len())
			}
		}
	}
}

func TestTogetherRefusesWhatDoesNotFit(t *testing.T) {
	d := everyDecoder(t, 5)[0]
	full, empty := d.NewStream(4, 4), d.NewStream(4, 4)
	if err := full.AppendBlank(4); err != nil {
		t.Fatal(err)
	}
	if err := d.Together([]*Stream{empty, full}, []int{1, 1}, make([][]float32, 2)); !errors.Is(err, ErrFull) {
		t.Errorf("a full stream: %v, want ErrFull", err)
	}
	if err := d.Together([]*Stream{empty}, []int{1, 1}, make([][]float32, 1)); err == nil {
		t.Error("two ids for one stream are taken")
	}
	if err := d.Together([]*Stream{empty}, []int{-1}, make([][]float32, 1)); err == nil || empty.Len() != 0 {
		t.Errorf("id -1: %v, and %d positions appended", err, empty.Len())
	}
	if err := full.AppendBlank(1); !errors.Is(err, ErrFull) {
		t.Errorf("blanks behind a full stream: %v, want ErrFull", err)
	}
}

// Blank positions are taken back like others.
func TestBlanksAreTakenBack(t *testing.T) {
	d := everyDecoder(t, 6)[0]
	s, fresh := d.NewStream(300, 300), d.NewStream(300, 8)
	mark := s.Mark()
	if err := s.AppendBlank(200); err != nil || s.Len() != 200 {
		t.Fatalf("%d positions and %v", s.Len(), err)
	}
	s.Rewind(mark)
	got, err := s.Logits([]int{3, 4})
	if err != nil {
		t.Fatal(err)
	}
	want, err := fresh.Logits([]int{3, 4})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("logits behind blanks that were taken back differ (%v)", err)
	}
}
