package bench

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// The sizes of the drawing, in its own units.
const (
	plotWidth, plotHeight = 960, 380
	panelWidth            = 232
	panelHeight           = 210
	panelTop              = 84
	panelGap              = 84
	panelLeft             = 56
)

// plotStyle is readable on light and on dark ground.
const plotStyle = `<style>
.ground{fill:#fff}.ink{fill:#1d232b}.dim{fill:#5b6672}.axis{stroke:#aab3bd;fill:none}.grid{stroke:#e3e7eb;fill:none}.limit{stroke:#c0392b;stroke-dasharray:4 4;fill:none}
.line{fill:none;stroke-width:2}.a{stroke:#1f6fb2}.b{stroke:#b35c00}.fa{fill:#1f6fb2}.fb{fill:#b35c00}
@media (prefers-color-scheme:dark){.ground{fill:#14171c}.ink{fill:#e8ecf1}.dim{fill:#98a3b0}.axis{stroke:#59636f}.grid{stroke:#262c34}.limit{stroke:#e5735f}
.a{stroke:#6fb3e8}.b{stroke:#f0a04b}.fa{fill:#6fb3e8}.fb{fill:#f0a04b}}
</style>
`

// series is one line of a panel.
type series struct {
	name string
	x, y []float64
}

// panel is one drawing with its axes. The first line is that of class a, the
// second of class b.
type panel struct {
	title, xName, yName string
	logX                bool
	limit               float64 // 0: none
	lines               []series
}

// Plot writes the costs as a drawing: against the length of the sound, the size
// of a chunk and the number of streams.
func (r *Report) Plot(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="Costs of %s" font-family="system-ui, sans-serif" font-size="12">`+"\n",
		plotWidth, plotHeight, escape(r.Model.Name))
	b.WriteString(plotStyle)
	fmt.Fprintf(&b, `<rect class="ground" width="%d" height="%d" rx="8"/>`+"\n", plotWidth, plotHeight)
	m := &r.Machine
	text(&b, "ink", panelLeft, 30, "start", 16, r.Model.Name)
	text(&b, "dim", panelLeft, 50, "start", 12, fmt.Sprintf("%s, %d threads, %s; reading %.1f GB/s, int8 %.0f GOP/s, f32 %.0f GFLOP/s",
		m.CPU, m.Threads, m.Kernel, r.Roofs.ReadBytesPerSecond/1e9, r.Roofs.IntegerOpsPerSecond/1e9, r.Roofs.FloatOpsPerSecond/1e9))
	for i, p := range r.panels() {
		p.draw(&b, panelLeft+float64(i)*(panelWidth+panelGap))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func (r *Report) panels() []panel {
	live := panel{title: "work for a second of sound", xName: "seconds of sound before", yName: "s", limit: 1}
	for _, l := range r.Live {
		s := series{name: fmt.Sprintf("%d text tokens a second", l.TextPerSecond)}
		for _, c := range l.ByContext {
			s.x, s.y = append(s.x, c.Seconds), append(s.y, c.RealTimeFactor)
		}
		live.lines = append(live.lines, s)
	}
	perUnit := func(s *Station) float64 { return s.Millis.Median / float64(s.Size) }
	whole := func(s *Station) float64 { return s.Millis.Median }
	return []panel{live,
		{title: "one frame, one token of sound", xName: "together in a chunk", yName: "ms", logX: true,
			lines: []series{r.line("encoder", "encoder, a frame", perUnit), r.line("prefill", "prefill, a token", perUnit)}},
		{title: "one token for each stream", xName: "streams in one pass", yName: "ms", logX: true,
			lines: []series{r.line("decode", "decode, the whole pass", whole), r.line("decode", "for each stream", perUnit)}},
	}
}

// line collects a station's sizes.
func (r *Report) line(station, name string, value func(*Station) float64) series {
	s := series{name: name}
	for i := range r.Stations {
		if r.Stations[i].Name == station {
			s.x, s.y = append(s.x, float64(r.Stations[i].Size)), append(s.y, value(&r.Stations[i]))
		}
	}
	return s
}

// draw writes a panel whose left edge is at left.
func (p *panel) draw(b *strings.Builder, left float64) {
	const bottom = panelTop + panelHeight
	low, high, top := p.bounds()
	at := func(x, y float64) (float64, float64) {
		if p.logX {
			x = math.Log2(x)
		}
		return left + panelWidth*(x-low)/(high-low), bottom - panelHeight*y/top
	}
	text(b, "ink", left, panelTop-12, "start", 13, p.title)
	for _, y := range ticks(top) {
		_, py := at(1, y)
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %.1fh%d"/>`+"\n", left, py, panelWidth)
		text(b, "dim", left-6, py+4, "end", 11, short(y))
	}
	text(b, "dim", left-6, panelTop-12, "end", 11, p.yName)
	fmt.Fprintf(b, `<path class="axis" d="M%.1f %dv%dh%d"/>`+"\n", left, panelTop, panelHeight, panelWidth)
	for _, x := range p.marks() {
		px, _ := at(x, 0)
		text(b, "dim", px, bottom+16, "middle", 11, short(x))
	}
	text(b, "dim", left+panelWidth/2, bottom+34, "middle", 12, p.xName)
	if p.limit > 0 && p.limit <= top {
		_, py := at(1, p.limit)
		fmt.Fprintf(b, `<path class="limit" d="M%.1f %.1fh%d"/>`+"\n", left, py, panelWidth)
	}
	for i := range p.lines {
		p.lines[i].draw(b, "ab"[i:i+1], at)
		text(b, "f"+"ab"[i:i+1], left, float64(bottom+52+15*i), "start", 12, p.lines[i].name)
	}
}

func (s *series) draw(b *strings.Builder, class string, at func(x, y float64) (float64, float64)) {
	var path strings.Builder
	for i := range s.x {
		x, y := at(s.x[i], s.y[i])
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x, y)
		fmt.Fprintf(b, `<circle class="f%s" cx="%.1f" cy="%.1f" r="3"/>`+"\n", class, x, y)
	}
	fmt.Fprintf(b, `<path class="line %s" d="%s"/>`+"\n", class, path.String())
}

// bounds returns the ends of the x axis, as they are drawn, and the top of the
// other, which starts at 0.
func (p *panel) bounds() (low, high, top float64) {
	low, high, top = math.Inf(1), math.Inf(-1), p.limit
	for _, x := range p.marks() {
		if p.logX {
			x = math.Log2(x)
		}
		low, high = min(low, x), max(high, x)
	}
	for _, s := range p.lines {
		for _, y := range s.y {
			top = max(top, y)
		}
	}
	return low, max(high, low+1), 1.08 * top
}

// marks are the values on the x axis: those measured, or every five seconds.
func (p *panel) marks() []float64 {
	if !p.logX {
		return []float64{0, 5, 10, 15, 20, 25, 30}
	}
	seen, all := map[float64]bool{}, []float64(nil)
	for _, s := range p.lines {
		for _, x := range s.x {
			if !seen[x] {
				seen[x], all = true, append(all, x)
			}
		}
	}
	return all
}

// ticks are some round values from 0 to top.
func ticks(top float64) []float64 {
	step := math.Pow(10, math.Floor(math.Log10(top/2)))
	for top/step > 5 {
		step *= 2
	}
	var all []float64
	for i := 0; float64(i)*step <= top; i++ {
		all = append(all, float64(i)*step)
	}
	return all
}

func short(x float64) string { return fmt.Sprintf("%.3g", x) }

func text(b *strings.Builder, class string, x, y float64, anchor string, size int, s string) {
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%.1f" text-anchor="%s" font-size="%d">%s</text>`+"\n", class, x, y, anchor, size, escape(s))
}

func escape(s string) string {
	var b strings.Builder
	if xml.EscapeText(&b, []byte(s)) != nil {
		return ""
	}
	return b.String()
}
