//go:build unix && !aix && !solaris

package kernel

import (
	"syscall"
	"testing"
	"time"
)

// A team that waits costs nothing: after its patience it sleeps.
func TestAnIdleTeamUsesNoProcessor(t *testing.T) {
	team := running(t, 4)
	team.Do(&counted{done: make([]int32, 100)}, 100)
	least := time.Hour
	for range 5 { // the process does other things at times
		time.Sleep(20 * patience)
		before := processTime(t)
		time.Sleep(100 * time.Millisecond)
		least = min(least, processTime(t)-before)
	}
	if least > 5*time.Millisecond {
		t.Errorf("an idle team took %v of 100 ms", least)
	}
	if n := team.sleeping.Load(); n != 3 {
		t.Errorf("%d of 3 workers sleep", n)
	}
}

func processTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
