package bench

import (
	"runtime/debug"
	"time"

	"sotto/models/kernel"
)

const (
	page = 4096
	// A chunk of a roof's task is some 100 µs of work.
	readChunk  = 1 << 20
	peakTurns  = 100_000
	roofRuns   = 9
	peakChunks = 64 // of all threads together, a few milliseconds
)

// reading is a task that reads a buffer.
type reading struct {
	data  []byte
	ahead int
}

func (r *reading) Chunk(_, i int) {
	kernel.Read(r.data[i*readChunk:min((i+1)*readChunk, len(r.data))], r.ahead)
}

// filling makes the pages of a buffer real memory: until it is written, all of
// them may be one page of zeros.
type filling []byte

func (f filling) Chunk(_, i int) {
	part := f[i*readChunk : min((i+1)*readChunk, len(f))]
	for at := 0; at < len(part); at += page {
		part[at] = byte(i + at/page)
	}
}

// turning is a task of nothing but a peak's loop.
type turning struct {
	peak  kernel.Peak
	turns int
}

func (t *turning) Chunk(int, int) { t.peak.Run(t.turns) }

// timed does a task once and returns the seconds.
func (b *bench) timed(task kernel.Task, chunks int) float64 {
	b.team.Lock()
	defer b.team.Unlock()
	start := time.Now()
	b.team.Do(task, chunks)
	return time.Since(start).Seconds()
}

// roofs measures what the machine can do at most, each as the best of several
// runs.
func (b *bench) roofs() error {
	r := &b.report.Roofs
	r.Runs = roofRuns
	if b.opt.Quick {
		r.Runs = 5
	}
	if err := b.readRoof(r); err != nil {
		return err
	}
	integers, floats := kernel.IntegerPeak(), kernel.FloatPeak()
	r.IntegerInstruction, r.FloatInstruction = integers.Instruction, floats.Instruction
	for range r.Runs {
		for _, p := range []struct {
			peak kernel.Peak
			best *float64
		}{{integers, &r.IntegerOpsPerSecond}, {floats, &r.FloatOpsPerSecond}} {
			if err := b.at("the peak of " + p.peak.Instruction); err != nil {
				return err
			}
			seconds := b.timed(&turning{p.peak, peakTurns}, peakChunks)
			*p.best = max(*p.best, peakChunks*peakTurns*float64(p.peak.Operations)/seconds)
		}
	}
	debug.FreeOSMemory() // the buffer, which the team has forgotten by now
	return nil
}

// readRoof reads a buffer that no cache holds, with and without asking ahead.
func (b *bench) readRoof(r *Roofs) error {
	if err := b.at("the read bandwidth"); err != nil {
		return err
	}
	data := make([]byte, b.bufferBytes())
	chunks := (len(data) + readChunk - 1) / readChunk
	b.timed(filling(data), chunks)
	r.ReadBufferBytes = int64(len(data))
	for range r.Runs {
		for _, ahead := range []int{0, 512, 2048} {
			if err := b.at("the read bandwidth"); err != nil {
				return err
			}
			speed := float64(len(data)) / b.timed(&reading{data, ahead}, chunks)
			if speed > r.ReadBytesPerSecond {
				r.ReadBytesPerSecond, r.ReadAhead = speed, ahead
			}
		}
	}
	return nil
}

// bufferBytes is 1 GiB, or a quarter of what memory is left if that is less.
func (b *bench) bufferBytes() int {
	n := int64(1 << 30)
	if b.opt.Quick {
		n = 512 << 20
	}
	if _, free := memory(); free > 0 {
		n = min(n, free/4)
	}
	return int(max(n, 16*readChunk) / readChunk * readChunk)
}
