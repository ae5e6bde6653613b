package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sotto/audio"
)

// redrawEvery is how long a drawn line stands at least.
const redrawEvery = 100 * time.Millisecond

// liveLine is a line of a terminal that is drawn again and again. Elsewhere
// nothing is drawn.
type liveLine struct {
	out     io.Writer
	live    bool // out is a terminal
	drawn   time.Time
	pending bool // a line without its end is on the screen
}

func newLiveLine(out *os.File) liveLine { return liveLine{out: out, live: isTerminal(out)} }

// due reports whether it is time to draw again.
func (l *liveLine) due(now time.Time) bool { return l.live && now.Sub(l.drawn) >= redrawEvery }

func (l *liveLine) draw(now time.Time, text string) {
	l.drawn, l.pending = now, true
	io.WriteString(l.out, "\r"+text+"\x1b[K")
}

// clear takes the line from the screen, keep leaves it there.
func (l *liveLine) clear() { l.end("\r\x1b[K") }
func (l *liveLine) keep()  { l.end("\n") }

func (l *liveLine) end(with string) {
	if l.pending {
		io.WriteString(l.out, with)
	}
	l.pending = false
}

// packingBar shows how far a long work is: a bar that is redrawn on a terminal, a
// line at its beginning and its end elsewhere.
type packingBar struct {
	liveLine
	what  string
	start time.Time
	total int64
}

func newPackingBar(out *os.File, what string) *packingBar {
	p := &packingBar{liveLine: newLiveLine(out), what: what, start: time.Now()}
	if !p.live {
		fmt.Fprintf(out, "sotto: %s\n", what)
	}
	return p
}

// show draws that done bytes of total are worked through.
func (p *packingBar) show(done, total int64) {
	p.total = total
	now := time.Now()
	if !p.due(now) && (!p.live || done < total) {
		return
	}
	const width = 24
	full := int(width * done / max(total, 1))
	elapsed := now.Sub(p.start).Seconds()
	left := elapsed / float64(max(done, 1)) * float64(total-done)
	p.draw(now, fmt.Sprintf("%s  [%s%s] %s of %s, %s/s, %.0f s left ", p.what, strings.Repeat("#", full), strings.Repeat(".", width-full),
		size(done), size(total), size(int64(float64(done)/max(elapsed, 1e-3))), left))
}

// end leaves one line that says what it took.
func (p *packingBar) end() {
	p.clear()
	fmt.Fprintf(p.out, "sotto: %s in %.1f s\n", size(p.total), time.Since(p.start).Seconds())
}

// benchLine shows on a terminal what is measured now.
type benchLine struct{ liveLine }

func newBenchLine(out *os.File) *benchLine { return &benchLine{newLiveLine(out)} }

func (l *benchLine) show(what string, left time.Duration) {
	now := time.Now()
	if !l.due(now) {
		return
	}
	after := ""
	if left > 0 {
		after = fmt.Sprintf(", about %.0f s left", left.Seconds())
	}
	l.draw(now, "measuring "+what+after+" ")
}

// progress shows on a terminal how much has been heard, and how fast.
type progress struct {
	liveLine
	began  time.Time
	frames int
}

// newProgress shows nothing when stderr is no terminal, or when the captions
// themselves are drawn on one.
func newProgress(stderr, stdout *os.File) *progress {
	p := &progress{liveLine: newLiveLine(stderr), began: time.Now()}
	p.live = p.live && !isTerminal(stdout)
	return p
}

func (p *progress) frame() {
	p.frames++
	now := time.Now()
	if p.frames < 25 || !p.due(now) {
		return
	}
	heard := float64(p.frames) * audio.FrameMilli / 1000
	p.draw(now, fmt.Sprintf("%7.1f s heard, %.1f times real time ", heard, heard/now.Sub(p.began).Seconds()))
}

func (p *progress) done() { p.keep() }
