package reliability

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// noise is the most of the machine that others may take where speed is judged.
const noise = 0.10

// watch looks at who uses the machine while something is measured.
type watch struct {
	t           testing.TB
	busy, ours  float64 // seconds of processor time
	began       time.Time
	processes   []int // ours, besides this one
	systemKnown bool
}

func startWatch(t testing.TB, processes ...int) *watch {
	w := &watch{t: t, processes: processes, began: time.Now()}
	w.busy, w.systemKnown = busySeconds()
	w.ours = w.own()
	return w
}

// others is the share of the machine that processes which are not ours took.
func (w *watch) others() float64 {
	busy, _ := busySeconds()
	all := time.Since(w.began).Seconds() * processors()
	return max(0, (busy-w.busy-(w.own()-w.ours))/all)
}

func (w *watch) own() (seconds float64) {
	for _, p := range append([]int{os.Getpid()}, w.processes...) {
		seconds += processSeconds(p)
	}
	return seconds
}

// below judges a measured value: at full size, on a machine that others leave alone,
// it must not be above the bar. It is told in any case.
func (w *watch) below(figure, what string, got, bar float64, unit string) {
	w.t.Helper()
	others := w.others()
	w.t.Logf("%s: %s %.4g %s, bar %g %s; others took %.0f %% of the machine", figure, what, got, unit, bar, unit, 100*others)
	switch {
	case got <= bar:
	case full && w.systemKnown && others <= noise:
		w.t.Errorf("%s: %s is %.4g %s, at most %g %s is promised", figure, what, got, unit, bar, unit)
	default:
		w.t.Logf("%s: not judged: not at full size, or the machine is not quiet", figure)
	}
}

// busySeconds is how long all processors have worked, where the system tells.
func busySeconds() (float64, bool) {
	data, err := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	if err != nil || len(fields) < 9 {
		return 0, false
	}
	ticks := 0.0
	for i, f := range fields[1:9] { // user, nice, system, idle, iowait, irq, softirq, steal
		n, _ := strconv.ParseFloat(f, 64)
		if i != 3 && i != 4 {
			ticks += n
		}
	}
	return ticks / 100, true
}

func processors() float64 {
	data, _ := os.ReadFile("/proc/stat")
	return max(1, float64(strings.Count("\n"+string(data), "\ncpu")-1))
}

// processSeconds is how long a process has worked, with its children that have ended.
func processSeconds(id int) (seconds float64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	_, rest, ok := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if err != nil || !ok || len(fields) < 15 {
		return 0
	}
	for _, f := range fields[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.ParseFloat(f, 64)
		seconds += n / 100
	}
	return seconds
}
