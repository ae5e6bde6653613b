// Package kvcache is what the text tower remembers: the keys and values of
// every layer that owns some. Layers that see everything keep every position;
// layers with a sliding window keep a ring that is long enough to be rewound
// without losing a single key of its window. A fork is a branch that sees a
// trunk and what is written behind it, and leaves the trunk as it is.
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
	trunk  *Cache // nil, or what stands before a fork
	base   int    // positions of the trunk
	layers []store
	limit  int // most positions, the trunk's included
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

// Fork returns an empty branch behind all that c holds now. It keeps everything
// that is written to it.
func (c *Cache) Fork() *Cache {
	f := &Cache{trunk: c, limit: c.limit, layers: make([]store, len(c.layers))}
	for i := range c.layers {
		f.layers[i] = newStore(Layer{Width: c.layers[i].Width}, c.limit, 0, c.layers[i].half)
	}
	f.Rebase()
	return f
}

// Rebase empties a fork and puts it behind all that its trunk holds now.
func (c *Cache) Rebase() {
	c.base = c.trunk.len
	c.len, c.high = c.base, c.base
}

// Reset empties a cache and keeps its memory. Its forks have to be rebased.
func (c *Cache) Reset() { c.len, c.high = 0, 0 }

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
	if c.trunk != nil && c.trunk.len != c.base {
		panic(fmt.Sprintf("kvcache: internal error: a fork at %d of a trunk that is at %d", c.base, c.trunk.len))
	}
	for i := range c.layers {
		c.layers[i].grow(c.len+n-c.base, c.limit-c.base)
	}
	c.high = max(c.high, c.len+n)
}

// Put copies a key row and a value row to a reserved position of a layer.
func (c *Cache) Put(layer, pos int, key, value []float32) {
	if pos < c.len || pos >= c.high {
		panic(fmt.Sprintf("kvcache: internal error: write at %d, reserved are [%d,%d)", pos, c.len, c.high))
	}
	c.layers[layer].put(pos-c.base, key, value)
}

// Advance makes n written positions part of the memory.
func (c *Cache) Advance(n int) {
	if c.len+n > c.high {
		panic(fmt.Sprintf("kvcache: internal error: advance to %d, written up to %d", c.len+n, c.high))
	}
	c.len += n
}

// Seen returns the rows that a query at pos sees in a layer, oldest first. pos
// may be a position that is written and not advanced over yet. The runs alias
// the cache.
func (c *Cache) Seen(layer, pos int) Runs {
	l := &c.layers[layer]
	if c.trunk == nil {
		older, newer := l.between(l.first(pos), pos+1)
		return Runs{older, newer}
	}
	t := &c.trunk.layers[layer]
	first := t.first(pos)
	var runs Runs
	if first < c.base {
		runs[0], runs[1] = t.between(first, c.base)
	}
	runs[2] = l.run(max(first-c.base, 0), pos+1-c.base)
	return runs
}

// Mark returns the present length.
func (c *Cache) Mark() Mark { return Mark(c.len) }

// Rewind takes back everything behind m, as if it had never been written. It
// panics when a ring has already lost a key that m's successor would see, which
// cannot happen within the tail of New.
func (c *Cache) Rewind(m Mark) {
	n := int(m)
	if n < c.base || n > c.len {
		panic(fmt.Sprintf("kvcache: internal error: rewind to %d of %d positions", n, c.len))
	}
	for i := range c.layers {
		if c.trunk == nil && !c.layers[i].holdsWindow(n, c.high) {
			panic(fmt.Sprintf("kvcache: internal error: rewind from %d to %d, longer than the tail; layer %d has lost its window", c.high, n, i))
		}
	}
	c.len = n
}
