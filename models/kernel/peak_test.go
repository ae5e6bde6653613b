package kernel

import (
	"testing"
	"time"
)

// Every form has loops that run and name what they are. Their speed is for
// sotto bench to say.
func TestPeaksRunAtEveryLevel(t *testing.T) {
	for _, name := range Levels() {
		back, err := Force(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []Peak{IntegerPeak(), FloatPeak()} {
			start := time.Now()
			p.Run(1 << 16)
			if p.Instruction == "" || p.Operations <= 0 || time.Since(start) < time.Microsecond {
				t.Errorf("%s: 65536 turns of %q, %d operations each, took %v", name, p.Instruction, p.Operations, time.Since(start))
			}
		}
		back()
	}
}

func TestReadTakesAnyLength(t *testing.T) {
	data := make([]byte, 1000)
	for _, name := range Levels() {
		back, err := Force(name)
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(data) {
			Read(data[:n], 4096)
		}
		back()
	}
}
