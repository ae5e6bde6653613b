package kvcache

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// write appends n positions in one go; a position's row is its stamp.
func write(c *Cache, stamps ...float32) {
	c.Reserve(len(stamps))
	for l := range c.layers {
		for i, s := range stamps {
			row := make([]float32, c.layers[l].Width)
			for j := range row {
				row[j] = s
			}
			c.Put(l, c.Len()+i, row, negative(row))
		}
	}
	c.Advance(len(stamps))
}

func negative(x []float32) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = -x[i]
	}
	return y
}

// stamps reads what a query at pos sees, and checks that every row is whole.
func stamps(t interface{ Fatalf(string, ...any) }, c *Cache, layer, pos int) []float32 {
	width := c.layers[layer].Width
	var out []float32
	for _, r := range c.Seen(layer, pos) {
		for i := 0; i < r.Keys.Len(); i += width {
			for j := range width {
				if r.Keys.At(i+j) != r.Keys.At(i) || r.Values.At(i+j) != -r.Keys.At(i) {
					t.Fatalf("layer %d, query %d: torn row %v %v", layer, pos, r.Keys.Slice(i, i+width), r.Values.Slice(i, i+width))
				}
			}
			out = append(out, r.Keys.At(i))
		}
	}
	return out
}

// mask draws what every query of the first n positions sees, while all of them
// are written and none is advanced over.
func mask(t *testing.T, window, n int) string {
	c := New([]Layer{{Width: 2, Window: window}}, n, n, false)
	c.Reserve(n)
	for p := range n {
		c.Put(0, p, []float32{float32(p), float32(p)}, []float32{-float32(p), -float32(p)})
	}
	var b strings.Builder
	for p := range n {
		line := []byte(strings.Repeat(".", n))
		for _, s := range stamps(t, c, 0, p) {
			line[int(s)] = '#'
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

func TestAQuerySeesItsMask(t *testing.T) {
	tests := []struct {
		name   string
		window int
		want   string
	}{
		{"everything up to itself", 0, `
#.....
##....
###...
####..
#####.
######
`},
		{"itself and two before", 3, `
#.....
##....
###...
.###..
..###.
...###
`},
		{"only itself", 1, `
#.....
.#....
..#...
...#..
....#.
.....#
`},
		{"a window longer than the text", 9, `
#.....
##....
###...
####..
#####.
######
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mask(t, tt.window, 6); got != strings.TrimPrefix(tt.want, "\n") {
				t.Errorf("mask is\n%swant%s", got, tt.want)
			}
		})
	}
}

// next returns what a query behind the last position sees in every layer, its
// own row included.
func next(t *rapid.T, c *Cache) [][]float32 {
	m := c.Mark()
	write(c, -1)
	seen := make([][]float32, len(c.layers))
	for l := range seen {
		seen[l] = stamps(t, c, l, int(m))
	}
	c.Rewind(m)
	return seen
}

// equals compares everything that the next query of c can see with a fresh
// cache that has been given the same text one position at a time.
func equals(t *rapid.T, c *Cache, layers []Layer, limit int, text []float32) {
	fresh := New(layers, limit, 1, false)
	for _, s := range text {
		write(fresh, s)
	}
	if c.Len() != fresh.Len() {
		t.Fatalf("length %d, want %d", c.Len(), fresh.Len())
	}
	if c.Room() == 0 {
		return
	}
	if got, want := next(t, c), next(t, fresh); !reflect.DeepEqual(got, want) {
		t.Fatalf("the next query sees %v, want %v", got, want)
	}
}

func TestARewoundCacheEqualsAFreshOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tail := rapid.IntRange(1, 9).Draw(t, "tail")
		limit := rapid.IntRange(1, 700).Draw(t, "limit")
		layers := []Layer{
			{Width: 3, Window: rapid.IntRange(1, 12).Draw(t, "window")},
			{Width: 2},
			{Width: 1, Window: rapid.IntRange(1, 12).Draw(t, "other window")},
		}
		c := New(layers, limit, tail, rapid.Bool().Draw(t, "half"))
		var text []float32
		stamp := float32(0)
		grow := func(n int) {
			n = min(n, c.Room(), tail)
			chunk := make([]float32, n)
			for i := range chunk {
				stamp++
				chunk[i] = stamp
			}
			write(c, chunk...)
			text = append(text, chunk...)
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			grow(rapid.IntRange(0, tail).Draw(t, "kept"))
			if rapid.Bool().Draw(t, "leap") {
				for range limit / tail / 8 {
					grow(tail)
				}
			}
			m, kept := c.Mark(), len(text)
			for left := rapid.IntRange(0, tail).Draw(t, "taken back"); left > 0; {
				n := rapid.IntRange(1, left).Draw(t, "piece")
				grow(n)
				left -= n
			}
			c.Rewind(m)
			text = text[:kept]
			equals(t, c, layers, limit, text)
		}
	})
}

func TestRewindingFurtherThanARingHoldsPanics(t *testing.T) {
	c := New([]Layer{{Width: 1, Window: 3}}, 100, 2, false)
	for i := range 20 {
		write(c, float32(i))
	}
	c.Rewind(18)
	defer func() {
		msg, _ := recover().(string)
		if !strings.Contains(msg, "rewind from 20 to 17") {
			t.Errorf("panic %q, want one that names both positions", msg)
		}
	}()
	c.Rewind(17)
}

func TestMisuseIsNamed(t *testing.T) {
	tests := []struct {
		name, want string
		do         func(c *Cache)
	}{
		{"more than the limit", "5 positions behind 0, room for 4", func(c *Cache) { c.Reserve(5) }},
		{"a write that was not reserved", "write at 0", func(c *Cache) { c.Put(0, 0, []float32{1}, []float32{1}) }},
		{"an advance over nothing", "advance to 1", func(c *Cache) { c.Advance(1) }},
		{"a mark from the future", "rewind to 3 of 0", func(c *Cache) { c.Rewind(3) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				msg, _ := recover().(string)
				if !strings.Contains(msg, tt.want) {
					t.Errorf("panic %q, want %q in it", msg, tt.want)
				}
			}()
			tt.do(New([]Layer{{Width: 1}}, 4, 4, false))
		})
	}
}

func TestMemoryIsFixedInRingsAndGrowsInSteps(t *testing.T) {
	c := New([]Layer{{Width: 2, Window: 4}, {Width: 1}}, 10000, 8, false)
	ring := 4 * 2 * 2 * (4 - 1 + 8)
	if c.Bytes() != ring {
		t.Errorf("empty cache holds %d bytes, want %d", c.Bytes(), ring)
	}
	write(c, 1)
	if want := ring + 4*2*firstRows; c.Bytes() != want {
		t.Errorf("first position: %d bytes, want %d", c.Bytes(), want)
	}
	for range firstRows {
		write(c, 1)
	}
	if want := ring + 4*2*2*firstRows; c.Bytes() != want {
		t.Errorf("after %d positions: %d bytes, want %d", c.Len(), c.Bytes(), want)
	}
	if got := testing.AllocsPerRun(100, func() { c.Reserve(1); c.Advance(1) }); got != 0 {
		t.Errorf("%v allocations per position, want none", got)
	}
}
