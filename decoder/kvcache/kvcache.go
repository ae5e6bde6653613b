// Package kvcache is what the text tower remembers: the keys and values of
// every layer that owns some. Layers that see everything keep every position;
// layers with a sliding window keep a ring that is long enough to be rewound
// without losing a single key of its window.
package kvcache

import "fmt"

// Layer says what one owning layer remembers.
type Layer struct {
	Width  int // elements of a key row and of a value row: kv heads · head size
	Window int // keys that a query sees, its own included; 0: all
}

// Mark is a length to come back to.
type Mark int

// Cache holds the rows of all layers. Positions enter all layers together:
// write every layer's rows at Len and behind it, then Advance.
type Cache struct {
	layers []store
	limit  int // most positions
	len    int
	high   int // one past the highest position ever written
}

// New returns an empty cache for at most limit positions, with half in half
// precision. tail is the longest stretch that is written before Advance, or
// taken back by Rewind.
func New(layers []Layer, limit, tail int, half bool) *Cache {
	c := &Cache{layers: make([]store, len(layers)), limit: limit}
	for i, l := range layers {
		c.layers[i] = newStore(l, limit, tail, half)
	}
	return c
}

// Len returns the number of positions held.
func (c *Cache) Len() int { return c.len }

// Room returns how many more positions fit.
func (c *Cache) Room() int { return c.limit - c.len }

// Bytes returns the memory held now.
func (c *Cache) Bytes() int {
	n := 0
	for i := range c.layers {
		n += c.layers[i].keys.Bytes() + c.layers[i].values.Bytes()
	}
	return n
}

// Reserve makes room for n positions behind Len. It allocates only when a layer
// that keeps everything has to grow.
func (c *Cache) Reserve(n int) {
	if n > c.Room() {
		panic(fmt.Sprintf("kvcache: internal error: %d positions behind %d, room for %d", n, c.len, c.limit))
	}
	for i := range c.layers {
		c.layers[i].grow(c.len+n, c.limit)
	}
	c.high = max(c.high, c.len+n)
}

// Put copies a key row and a value row to a reserved position of a layer.
func (c *Cache) Put(layer, pos int, key, value []float32) {
	if pos < c.len || pos >= c.high {
		panic(fmt.Sprintf("kvcache: internal error: write at %d, reserved are [%d,%d)", pos, c.len, c.high))
	}
	c.layers[layer].put(pos, key, value)
}

// Advance makes n written positions part of the memory.
func (c *Cache) Advance(n int) {
	if c.len+n > c.high {
		panic(fmt.Sprintf("kvcache: internal error: advance to %d, written up to %d", c.len+n, c.high))
	}
	c.len += n
}

// Seen returns the rows that a query at pos sees in a layer, oldest first, as
// at most two runs. pos may be a position that is written and not advanced
// over yet. The runs alias the cache.
func (c *Cache) Seen(layer, pos int) (older, newer Run) {
	return c.layers[layer].seen(pos)
}

// Mark returns the present length.
func (c *Cache) Mark() Mark { return Mark(c.len) }

// Rewind takes back everything behind m, as if it had never been written. It
// panics when a ring has already lost a key that m's successor would see, which
// cannot happen within the tail of New.
func (c *Cache) Rewind(m Mark) {
	n := int(m)
	if n < 0 || n > c.len {
		panic(fmt.Sprintf("kvcache: internal error: rewind to %d of %d positions", n, c.len))
	}
	for i := range c.layers {
		if !c.layers[i].holdsWindow(n, c.high) {
			panic(fmt.Sprintf("kvcache: internal error: rewind from %d to %d, longer than the tail; layer %d has lost its window", c.high, n, i))
		}
	}
	c.len = n
}
