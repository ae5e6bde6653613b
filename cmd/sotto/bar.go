package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// packingBar shows how far a long work is: a bar that is redrawn on a terminal, a
// line at its beginning and its end elsewhere.
type packingBar struct {
	out   *os.File
	what  string
	live  bool
	start time.Time
	drawn time.Time
	total int64
}

func newPackingBar(out *os.File, what string) *packingBar {
	p := &packingBar{out: out, what: what, live: isTerminal(out), start: time.Now()}
	if !p.live {
		fmt.Fprintf(out, "sotto: %s\n", what)
	}
	return p
}

// show draws that done bytes of total are written, at most ten times a second.
func (p *packingBar) show(done, total int64) {
	p.total = total
	if !p.live || time.Since(p.drawn) < 100*time.Millisecond && done < total {
		return
	}
	p.drawn = time.Now()
	const width = 24
	full := int(width * done / max(total, 1))
	elapsed := time.Since(p.start).Seconds()
	left := elapsed / float64(max(done, 1)) * float64(total-done)
	fmt.Fprintf(p.out, "\r%s  [%s%s] %s of %s, %s/s, %.0f s left \x1b[K", p.what, strings.Repeat("#", full), strings.Repeat(".", width-full),
		size(done), size(total), size(int64(float64(done)/max(elapsed, 1e-3))), left)
}

// end leaves one line that says what it took.
func (p *packingBar) end() {
	if p.live {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprintf(p.out, "sotto: %s in %.1f s\n", size(p.total), time.Since(p.start).Seconds())
}
