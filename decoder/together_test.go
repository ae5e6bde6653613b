package decoder

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"sotto/decoder/sample"
	"sotto/models/kernel"
)

// Streams of different lengths that go through one pass get what each gets
// alone, to the bit.
func TestTogetherEqualsOneByOne(t *testing.T) {
	for _, d := range everyDecoder(t, 5) {
		const n = 5
		var streams, alone []*Stream
		ids, asks := make([]int, n), make([]Ask, n)
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
		for i := range asks {
			asks[i] = Ask{Stream: streams[i], IDs: ids[i : i+1], Keep: 1, Best: make([]int, 1), Logits: make([]float32, d.cfg.VocabSize)}
		}
		if err := d.Together(asks...); err != nil {
			t.Fatal(err)
		}
		for i, s := range alone {
			want, err := s.Logits(ids[i : i+1])
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(asks[i].Logits, want) || asks[i].Best[0] != sample.Greedy(want) || streams[i].Len() != 2*i+1 {
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
	one := []int{1}
	if err := d.Together(Ask{Stream: empty, IDs: one}, Ask{Stream: full, IDs: one}); !errors.Is(err, ErrFull) {
		t.Errorf("a full stream: %v, want ErrFull", err)
	}
	for what, a := range map[string]Ask{
		"an answer to more than was asked": {Keep: 2},
		"a negative answer":                {Keep: -1},
		"room for two ids":                 {Keep: 1, Best: make([]int, 2)},
		"room for half the logits":         {Keep: 1, Logits: make([]float32, d.cfg.VocabSize/2)},
		"attention of no heads":            {Keep: 1, Attention: make([]float32, 3)},
	} {
		a.Stream, a.IDs = empty, one
		if err := d.Together(a); err == nil || empty.Len() != 0 {
			t.Errorf("%s: %v, and %d positions appended", what, err, empty.Len())
		}
	}
	if err := d.Together(Ask{Stream: empty, IDs: []int{-1}}); err == nil || empty.Len() != 0 {
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

// Forks of one trunk say what a stream of their own says, answers of all sizes
// included, and leave the trunk as it was; again after the trunk has grown.
func TestAForkEqualsAStreamOfItsOwn(t *testing.T) {
	eachShape(t, func(t *testing.T, m *model, r *rand.Rand) {
		d := m.decoder(t)
		vocab := m.cfg.VocabSize
		trunk := d.NewStream(400, 1)
		forks := []*Stream{trunk.Fork(), trunk.Fork(), trunk.Fork()}
		var heard []item
		for round := range 3 {
			more := prompt(r, &m.cfg, 5+60*round)
			heard = append(heard, more...)
			appendAll(t, trunk, more)
			asks, want := make([]Ask, len(forks)), make([][]float32, len(forks))
			for i, f := range forks {
				f.Rebase()
				text := ids(prompt(r, &m.cfg, 1+chunk*i))
				alone := d.NewStream(400, 1)
				appendAll(t, alone, heard)
				all, err := alone.LogitsAll(text)
				if err != nil {
					t.Fatal(err)
				}
				keep := 1 + i*(len(text)-1)/2
				want[i] = all[(len(text)-keep)*vocab:]
				asks[i] = Ask{Stream: f, IDs: text, Keep: keep, Best: make([]int, keep), Probs: make([]float32, keep), Logits: make([]float32, keep*vocab)}
			}
			if err := d.Together(asks...); err != nil {
				t.Fatal(err)
			}
			for i, a := range asks {
				if e := apart(a.Logits, want[i]); e > 1e-5 {
					t.Errorf("round %d, fork %d: logits differ by %.2g", round, i, e)
				}
				for k, id := range a.Best {
					row := a.Logits[k*vocab : (k+1)*vocab]
					softmax := slices.Clone(row)
					kernel.Softmax(softmax)
					if id != sample.Greedy(row) || math.Abs(float64(a.Probs[k]-softmax[id])) > 1e-5 {
						t.Errorf("round %d, fork %d: id %d of probability %v behind %d is not the likeliest, of %v", round, i, id, a.Probs[k], k, softmax[id])
					}
				}
				if trunk.Len() != len(heard) || a.Stream.Len() != len(heard)+len(a.IDs) {
					t.Errorf("round %d: trunk of %d, fork %d of %d", round, trunk.Len(), i, a.Stream.Len())
				}
			}
		}
	})
}

// What a fork drops has never been said.
func TestAForkDrops(t *testing.T) {
	for _, d := range everyDecoder(t, 9) {
		trunk := d.NewStream(64, 1)
		if err := trunk.Append([]int{5, 6, 7}); err != nil {
			t.Fatal(err)
		}
		f, other := trunk.Fork(), trunk.Fork()
		if err := errors.Join(f.Append([]int{1, 2, 3, 4}), other.Append([]int{1})); err != nil {
			t.Fatal(err)
		}
		f.Drop(3)
		if got, want := logits(t, f, 8, 9), logits(t, other, 8, 9); !slices.Equal(got, want) {
			t.Error("logits behind dropped text differ")
		}
	}
}

func TestAForkOfAMovedTrunkIsRefused(t *testing.T) {
	d := everyDecoder(t, 9)[0]
	trunk := d.NewStream(64, 1)
	f := trunk.Fork()
	if err := trunk.Append([]int{1}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a fork behind a trunk that has moved was used")
		}
	}()
	f.Append([]int{1})
}

// Attention is the softmax of the equations, in every layer, over a part of the
// text; what a sliding window has left is 0.
func TestAttentionIsThatOfTheEquations(t *testing.T) {
	eachShape(t, func(t *testing.T, m *model, r *rand.Rand) {
		const from, to, keep = 3, 33, 4
		items := prompt(r, &m.cfg, 40)
		items = append(items, item{id: 1}, item{id: 2}, item{id: 3}, item{id: 4})
		var heads []Head
		for l := range m.cfg.Layers() {
			heads = append(heads, Head{l, (l + 1) % m.cfg.Heads})
		}
		trunk := m.decoder(t).NewStream(64, 1)
		appendAll(t, trunk, items[:40])
		f := trunk.Fork()
		f.Watch(heads, from, to)
		ask := Ask{Stream: f, IDs: ids(items[40:]), Keep: keep, Attention: make([]float32, keep*len(heads)*(to-from))}
		if err := m.decoder(t).Together(ask); err != nil {
			t.Fatal(err)
		}
		_, ref := whole(m, items)
		for k := range keep {
			for i, h := range heads {
				got := ask.Attention[(k*len(heads)+i)*(to-from):][:to-from]
				want := ref.weights[h.Layer][h.Head][40+k][from:to]
				for j := range got {
					if d := float64(got[j]) - want[j]; d > 1e-5 || d < -1e-5 {
						t.Fatalf("row %d, layer %d, position %d: %v, want %v", k, h.Layer, from+j, got[j], want[j])
					}
				}
			}
		}
	})
}
