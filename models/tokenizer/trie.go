package tokenizer

// trie finds added tokens in text.
type trie struct {
	nodes []node // nodes[0] is the root
	first [256]bool
}

type node struct {
	next map[byte]int32
	id   int32 // -1: no token ends here
}

func (t *trie) add(text string, id int) {
	if text == "" {
		return
	}
	if t.nodes == nil {
		t.nodes = []node{{id: -1}}
	}
	t.first[text[0]] = true
	at := int32(0)
	for i := range len(text) {
		n := &t.nodes[at]
		to, ok := n.next[text[i]]
		if !ok {
			if n.next == nil {
				n.next = make(map[byte]int32)
			}
			to = int32(len(t.nodes))
			n.next[text[i]] = to
			t.nodes = append(t.nodes, node{id: -1})
		}
		at = to
	}
	t.nodes[at].id = int32(id)
}

// find returns the leftmost token in text, the longest of those that start
// there. Without one it returns at = len(text) and length 0.
func (t *trie) find(text string) (at, length, id int) {
	for at := range len(text) {
		if !t.first[text[at]] {
			continue
		}
		if length, id := t.longest(text[at:]); length > 0 {
			return at, length, id
		}
	}
	return len(text), 0, -1
}

func (t *trie) longest(text string) (length, id int) {
	at := int32(0)
	for i := range len(text) {
		to, ok := t.nodes[at].next[text[i]]
		if !ok {
			break
		}
		if at = to; t.nodes[at].id >= 0 {
			length, id = i+1, int(t.nodes[at].id)
		}
	}
	return length, id
}
