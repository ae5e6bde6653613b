package kernel

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Task is work in chunks that may be done in any order and at the same time.
type Task interface {
	// Chunk does chunk i. worker, below the team's Workers, is nobody else's
	// meanwhile.
	Chunk(worker, i int)
}

// Team is a fixed set of workers that share the chunks of one task after
// another. Whoever calls Do is worker 0 and takes chunks too; the others are
// there while Run runs. A task is done when its chunks are done: nobody waits
// for a worker that has none, so a thread that the system has put aside costs
// what it holds and no more.
type Team struct {
	turn chan struct{} // full while somebody computes
	made time.Time
	busy atomic.Int64 // nanoseconds it was held
	held atomic.Int64 // by the clock, since when it is held; 0: nobody computes

	workers int
	running atomic.Bool
	matmul  matmul

	task Task
	// state is the chunk to take next, in the low bits, the number of chunks,
	// and the number of the task. A chunk is taken by raising it, so a chunk that
	// was taken is one of the task in force.
	state    atomic.Uint64
	left     atomic.Int32 // chunks of the task that are not done
	sleeping atomic.Int32
	wake     chan struct{}
}

const (
	chunkBits = 20
	chunkMask = 1<<chunkBits - 1
	// patience is how long a worker looks for work before it sleeps: longer than
	// what lies between two tasks of one pass.
	patience = time.Millisecond
)

// NewTeam returns a team of so many workers, the caller of Do included; 0 means
// Cores.
func NewTeam(workers int) *Team {
	if workers <= 0 {
		workers = Cores()
	}
	t := &Team{workers: workers, made: time.Now(), turn: make(chan struct{}, 1), wake: make(chan struct{}, workers)}
	for range workers {
		t.matmul.partial = append(t.matmul.partial, make([]float32, 16*panelRows))
	}
	return t
}

// Lock takes the team for one pass. Whoever has it calls Do.
func (t *Team) Lock() {
	t.turn <- struct{}{}
	t.held.Store(t.clock())
}

// Unlock gives the team back.
func (t *Team) Unlock() {
	t.busy.Add(t.clock() - t.held.Swap(0))
	<-t.turn
}

// Busy returns how long somebody has computed so far, in all passes together,
// and how long the pass has lasted that is under way.
func (t *Team) Busy() (all, now time.Duration) {
	if since := t.held.Load(); since != 0 {
		now = max(0, time.Duration(t.clock()-since))
	}
	return time.Duration(t.busy.Load()), now
}

// clock is the time since the team was made, in nanoseconds, 1 at least. Nobody
// sets it.
func (t *Team) clock() int64 { return max(1, int64(time.Since(t.made))) }

// Workers returns the number of workers, the caller of Do included.
func (t *Team) Workers() int { return t.workers }

// Run lends the team its other workers until ctx ends. Without it the caller of
// Do works alone. A second Run beside the first is an error: it would bring the
// same workers again.
func (t *Team) Run(ctx context.Context) error {
	if !t.running.CompareAndSwap(false, true) {
		return errors.New("kernel: the team is running already; end that Run first")
	}
	defer t.running.Store(false)
	var all sync.WaitGroup
	for worker := 1; worker < t.workers; worker++ {
		all.Go(func() { t.work(ctx, worker) })
	}
	<-ctx.Done()
	all.Wait()
	return ctx.Err()
}

// Do does all chunks of a task. The team must be locked.
func (t *Team) Do(task Task, chunks int) {
	if chunks <= 1 || t.workers == 1 {
		for i := range chunks {
			task.Chunk(0, i)
		}
		return
	}
	check(chunks <= chunkMask, "%d chunks, at most %d", chunks, chunkMask)
	t.task = task
	t.left.Store(int32(chunks))
	number := t.state.Load() >> (2 * chunkBits)
	t.state.Store((number+1)<<(2*chunkBits) | uint64(chunks)<<chunkBits)
	t.rouse(chunks - 1)
	t.help(0)
	for spins := 0; t.left.Load() != 0; spins++ {
		if spins > 1<<14 { // whoever has the last chunk was put aside: make room
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// rouse wakes at most n of those who sleep.
func (t *Team) rouse(n int) {
	for range min(n, int(t.sleeping.Load())) {
		select {
		case t.wake <- struct{}{}:
		default:
			return
		}
	}
}

// help takes chunks until none is left and reports whether there was one.
func (t *Team) help(worker int) bool {
	for took := false; ; {
		s := t.state.Load()
		if !t.open(s) {
			return took
		}
		if t.state.CompareAndSwap(s, s+1) {
			t.task.Chunk(worker, int(s&chunkMask))
			t.left.Add(-1)
			took = true
		}
	}
}

// open reports whether a state has a chunk to take.
func (t *Team) open(state uint64) bool { return state&chunkMask < state>>chunkBits&chunkMask }

// work takes chunks until ctx ends.
func (t *Team) work(ctx context.Context, worker int) {
	runtime.LockOSThread() // never unlocked: the thread's priority ends with it
	lowerPriority()
	idle := time.Now()
	for spins := 1; ; spins++ {
		if t.help(worker) {
			idle = time.Now()
		}
		if spins%64 != 0 {
			continue
		}
		if ctx.Err() != nil { // also under work that never ends
			return
		}
		if time.Since(idle) > patience {
			if !t.sleep(ctx) {
				return
			}
			idle = time.Now()
		}
	}
}

// sleep waits to be woken and reports false when ctx has ended.
func (t *Team) sleep(ctx context.Context) bool {
	t.sleeping.Add(1)
	defer t.sleeping.Add(-1)
	if t.open(t.state.Load()) { // came before we were counted
		return true
	}
	select {
	case <-t.wake:
		return true
	case <-ctx.Done():
		return false
	}
}
