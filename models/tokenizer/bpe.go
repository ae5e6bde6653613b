package tokenizer

import (
	"container/heap"
	"strings"
	"unicode/utf8"
)

// symbol is one piece of a segment while it is merged; its neighbours are
// linked by index, -1 at the ends.
type symbol struct {
	id         int32
	prev, next int32
}

// candidate is a possible merge of the symbols at left and its neighbour. It is
// stale when either has changed since.
type candidate struct {
	merged
	left, right int32
	pair        pair
}

// candidates is a heap: the lowest rank first, the leftmost of equals.
type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	if c[i].rank != c[j].rank {
		return c[i].rank < c[j].rank
	}
	return c[i].left < c[j].left
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// encodePlain appends the ids of text that holds no special token.
func (t *Tokenizer) encodePlain(ids []int, text string) []int {
	if text == "" {
		return ids
	}
	s := t.symbols(strings.ReplaceAll(text, " ", space))
	t.merge(s)
	for i := int32(0); i >= 0 && len(s) > 0; i = s[i].next {
		ids = append(ids, int(s[i].id))
	}
	return ids
}

// symbols splits text into characters, or bytes where the vocabulary has no
// such character, or one unknown for a run of those it cannot write at all.
func (t *Tokenizer) symbols(text string) []symbol {
	s := make([]symbol, 0, len(text))
	add := func(id int) { s = append(s, symbol{id: int32(id)}) }
	unknown := false
	for at, r := range text {
		char := text[at : at+utf8.RuneLen(r)]
		if id, ok := t.ids[char]; ok {
			add(id)
			unknown = false
			continue
		}
		if t.hasBytes(char) {
			for i := range len(char) {
				add(t.bytes[char[i]])
			}
			unknown = false
			continue
		}
		if t.unknown >= 0 && !unknown {
			add(t.unknown)
		}
		unknown = true
	}
	for i := range s {
		s[i].prev, s[i].next = int32(i-1), int32(i+1)
	}
	if len(s) > 0 {
		s[len(s)-1].next = -1
	}
	return s
}

func (t *Tokenizer) hasBytes(char string) bool {
	for i := range len(char) {
		if t.bytes[char[i]] < 0 {
			return false
		}
	}
	return true
}

// merge joins neighbours, the lowest rank first, until none can be joined. The
// first symbol always stays first.
func (t *Tokenizer) merge(s []symbol) {
	var queue candidates
	offer := func(left int32) {
		if left < 0 || s[left].next < 0 {
			return
		}
		right := s[left].next
		p := pair{s[left].id, s[right].id}
		if m, ok := t.merges[p]; ok {
			heap.Push(&queue, candidate{m, left, right, p})
		}
	}
	for i := range s {
		offer(int32(i))
	}
	for queue.Len() > 0 {
		c := heap.Pop(&queue).(candidate)
		left, right := &s[c.left], &s[c.right]
		if left.next != c.right || left.id != c.pair.left || right.id != c.pair.right {
			continue
		}
		left.id, left.next = c.id, right.next
		if right.next >= 0 {
			s[right.next].prev = c.left
		}
		right.id, right.next = -1, -1 // gone
		offer(left.prev)
		offer(c.left)
	}
}
