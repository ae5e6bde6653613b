package eval

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// The margins of a chart, in its own units.
const (
	chartLeft, chartRight = 52, 16
	chartTop, chartBottom = 46, 44
)

// chart is a drawing with two axes. Colours are classes of the page: c0 to c7
// set currentColor.
type chart struct {
	width, height float64
	x, y          axis
	b             strings.Builder
}

// axis is what one side shows, from low to high.
type axis struct {
	name      string
	low, high float64
}

func newChart(title string, width, height float64, x, y axis) *chart {
	c := &chart{width: width, height: height, x: x, y: y}
	fmt.Fprintf(&c.b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`+"\n", width, height, escape(title))
	c.text("ink title", chartLeft-40, 16, "start", title)
	for _, v := range y.ticks() {
		fmt.Fprintf(&c.b, `<path class="grid" d="M%d %.1fH%.1f"/>`+"\n", chartLeft, c.atY(v), width-chartRight)
		c.text("soft", chartLeft-7, c.atY(v)+4, "end", short(v))
	}
	for _, v := range x.ticks() {
		fmt.Fprintf(&c.b, `<path class="axis" d="M%.1f %.1fv4"/>`+"\n", c.atX(v), height-chartBottom)
		c.text("soft", c.atX(v), height-chartBottom+17, "middle", short(v))
	}
	fmt.Fprintf(&c.b, `<path class="axis" d="M%d %dV%.1fH%.1f"/>`+"\n", chartLeft, chartTop, height-chartBottom, width-chartRight)
	c.text("soft", (chartLeft+width-chartRight)/2, height-8, "middle", x.name)
	c.text("soft", chartLeft-40, chartTop-8, "start", y.name)
	return c
}

func (c *chart) atX(v float64) float64 {
	return chartLeft + (c.width-chartLeft-chartRight)*(v-c.x.low)/(c.x.high-c.x.low)
}

func (c *chart) atY(v float64) float64 {
	return c.height - chartBottom - (c.height-chartTop-chartBottom)*(v-c.y.low)/(c.y.high-c.y.low)
}

// String ends the drawing.
func (c *chart) String() string { return c.b.String() + "</svg>\n" }

func (c *chart) text(class string, x, y float64, anchor, text string) {
	fmt.Fprintf(&c.b, `<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", class, x, y, anchor, escape(text))
}

// line draws through points; stepped, it goes right before it goes up.
func (c *chart) line(class string, xs, ys []float64, stepped bool, title string) {
	var path strings.Builder
	for i := range xs {
		switch {
		case i == 0:
			fmt.Fprintf(&path, "M%.1f %.1f", c.atX(xs[i]), c.atY(ys[i]))
		case stepped:
			fmt.Fprintf(&path, "H%.1fV%.1f", c.atX(xs[i]), c.atY(ys[i]))
		default:
			fmt.Fprintf(&path, "L%.1f %.1f", c.atX(xs[i]), c.atY(ys[i]))
		}
	}
	fmt.Fprintf(&c.b, `<path class="line %s" d="%s"><title>%s</title></path>`+"\n", class, path.String(), escape(title))
}

// marks are the shapes of points, by family; hollow ones have no filling.
var marks = [...]string{
	"M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z",
	"M-5 -5h10v10h-10z",
	"M0 -6.5L6.5 5H-6.5z",
	"M0 -7L7 0L0 7L-7 0z",
	"M0 6.5L6.5 -5H-6.5z",
	"M-2 -6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
	"M-6 -2.5L-2.5 -6h5L6 -2.5v5L2.5 6h-5L-6 2.5z",
	"M-8 -1.5h16v3h-16z",
}

func (c *chart) mark(family int, hollow bool, x, y float64, title string) {
	class := "mark"
	if hollow {
		class = "mark hollow"
	}
	fmt.Fprintf(&c.b, `<path class="%s c%d" transform="translate(%.1f %.1f)" d="%s"><title>%s</title></path>`+"\n",
		class, family, c.atX(x), c.atY(y), marks[family], escape(title))
}

// around returns an axis that shows all values with room at both ends, from 0
// where asked.
func around(name string, values []float64, zero bool) axis {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	switch {
	case len(values) == 0:
		low, high = 0, 1
	case zero:
		low, high = min(0, low), max(0, high)
	}
	room := 0.07 * max(high-low, 0.02*math.Abs(high), 1e-6)
	if low != 0 || !zero {
		low -= room
	}
	return axis{name, low, high + room}
}

// atLeast widens an axis to a span, upwards no further than 100.
func (a axis) atLeast(span float64) axis {
	if more := span - (a.high - a.low); more > 0 {
		high := max(a.high, min(100, a.high+more/2))
		a.low, a.high = min(a.low, high-span), high
	}
	return a
}

// ticks are round values on the axis: steps of 1, 2 or 5 and zeros.
func (a axis) ticks() []float64 {
	step := math.Pow(10, math.Floor(math.Log10((a.high-a.low)/2)))
	for _, by := range []float64{2, 2.5, 2} {
		if (a.high-a.low)/step > 7 {
			step *= by
		}
	}
	var all []float64
	for i := math.Ceil(a.low / step); i*step <= a.high; i++ {
		all = append(all, i*step+0) // no negative zero
	}
	return all
}

func short(v float64) string { return fmt.Sprintf("%.4g", math.Round(v*1e6)/1e6) }

func escape(text string) string {
	var b strings.Builder
	if xml.EscapeText(&b, []byte(text)) != nil {
		return ""
	}
	return b.String()
}
