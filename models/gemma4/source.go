package gemma4

import (
	"cmp"
	"slices"
)

// Source says what a model was loaded from.
type Source struct {
	Format     string   // "Hugging Face folder" or "GGUF pair"
	Paths      []string // the folder, or the two files; none when embedded
	Parameters int64    // of the tensors that are used
	Bytes      int64    // of the tensors that are used, as stored
	Types      []TypeUse
	// Ignored tensors belong to other senses, or to layers that share
	// another's keys and values.
	Ignored      int
	IgnoredBytes int64
}

// TypeUse is how much of a model is stored in one type.
type TypeUse struct {
	Type              string
	Tensors           int
	Parameters, Bytes int64
}

func (s *Source) count(t stored, used bool) {
	size := int64(len(t.Data))
	if !used {
		s.Ignored++
		s.IgnoredBytes += size
		return
	}
	elements := int64(1)
	for _, d := range t.Shape {
		elements *= int64(d)
	}
	s.Parameters += elements
	s.Bytes += size
	i := slices.IndexFunc(s.Types, func(u TypeUse) bool { return u.Type == t.Type })
	if i < 0 {
		i = len(s.Types)
		s.Types = append(s.Types, TypeUse{Type: t.Type})
	}
	s.Types[i].Tensors++
	s.Types[i].Parameters += elements
	s.Types[i].Bytes += size
}

// sort puts the type with most bytes first.
func (s *Source) sort() {
	slices.SortFunc(s.Types, func(a, b TypeUse) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Type, b.Type))
	})
}

// MemoryBytes returns how much the keys and values of one stream take in half
// precision when it holds so many positions. Sliding layers keep at most their
// window.
func (c *TextConfig) MemoryBytes(positions int) int64 {
	total := int64(0)
	for l := range c.FirstShared() {
		kept := positions
		if c.LayerTypes[l] == Sliding {
			kept = min(positions, c.SlidingWindow)
		}
		total += 2 * 2 * int64(kept) * int64(c.KVHeadsOf(l)*c.HeadDimOf(l))
	}
	return total
}
