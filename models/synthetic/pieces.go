package synthetic

import "iter"

const (
	space   = "▁" // U+2581 stands for a space
	letters = 26
	// stride orders strings of letters as if shuffled: it is a prime that
	// divides none of their numbers.
	stride = 7919
)

// scripts are ranges of characters beyond ASCII.
var scripts = [][2]rune{
	{0xa1, 0x24f}, {0x300, 0x36f}, {0x370, 0x3ff}, {0x400, 0x52f}, {0x531, 0x58f}, {0x591, 0x6ff}, {0x900, 0xdff},
	{0xe01, 0xe5b}, {0x10a0, 0x10ff}, {0x1e00, 0x1fff}, {0x2010, 0x2027}, {0x20a0, 0x214f}, {0x2190, 0x23ff},
	{0x3001, 0x30ff}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3}, {0x1f300, 0x1f64f},
}

// ordinary yields the pieces of text, the shortest strings of letters first.
func ordinary() iter.Seq[string] {
	return func(yield func(string) bool) {
		_ = yield(space) && characters([2]rune{'!', '~'}, yield) &&
			grams(2, yield) && grams(3, yield) && allScripts(yield) && grams(4, yield)
	}
}

func allScripts(yield func(string) bool) bool {
	for _, s := range scripts {
		if !characters(s, yield) {
			return false
		}
	}
	return true
}

func characters(between [2]rune, yield func(string) bool) bool {
	for c := between[0]; c <= between[1]; c++ {
		if !yield(string(c)) {
			return false
		}
	}
	return true
}

// grams yields every string of n lower-case letters, the first of which may
// be a space instead.
func grams(n int, yield func(string) bool) bool {
	count := letters + 1
	for range n - 1 {
		count *= letters
	}
	for i := range count {
		if !yield(spell(n, i*stride%count)) {
			return false
		}
	}
	return true
}

// spell writes number i of the strings of n letters.
func spell(n, i int) string {
	var word [4]byte
	for at := n - 1; at > 0; at-- {
		word[at] = byte('a' + i%letters)
		i /= letters
	}
	if i == letters {
		return space + string(word[1:n])
	}
	word[0] = byte('a' + i)
	return string(word[:n])
}
