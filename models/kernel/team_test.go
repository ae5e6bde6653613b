package kernel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counted counts how often each of its chunks is done, and complains when one is
// done while the task is not in force.
type counted struct {
	done    []int32
	inForce atomic.Bool
	strays  atomic.Int32
	workers [8]atomic.Int32 // how many chunks each worker is in
	clashes atomic.Int32
	during  func(worker, i int) // may be nil
}

func (c *counted) Chunk(worker, i int) {
	if !c.inForce.Load() {
		c.strays.Add(1)
	}
	if c.workers[worker].Add(1) != 1 {
		c.clashes.Add(1)
	}
	c.done[i]++ // a race if two have the same chunk
	if c.during != nil {
		c.during(worker, i)
	}
	c.workers[worker].Add(-1)
}

// do runs the task and checks that every chunk was done once.
func (c *counted) do(t *testing.T, team *Team, chunks int) {
	t.Helper()
	clear(c.done)
	c.inForce.Store(true)
	team.Do(c, chunks)
	c.inForce.Store(false)
	for i, n := range c.done[:chunks] {
		if n != 1 {
			t.Fatalf("%d workers, %d chunks: chunk %d was done %d times", team.Workers(), chunks, i, n)
		}
	}
	if c.strays.Load() != 0 || c.clashes.Load() != 0 {
		t.Fatalf("%d chunks of a task that was over, %d of a worker that was at work already", c.strays.Load(), c.clashes.Load())
	}
}

func TestEveryChunkIsDoneOnce(t *testing.T) {
	for workers := 1; workers <= 6; workers++ {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			team := running(t, workers)
			task := &counted{done: make([]int32, 5000)}
			for _, chunks := range []int{0, 1, 2, 3, 4, 5, 6, 7, 63, 64, 65, 1000, 5000} {
				task.do(t, team, chunks)
			}
		})
	}
}

// Tasks of different sizes follow each other at once, so that workers come late
// to most of them with a chunk in mind that was another task's.
func TestTasksThatFollowEachOtherDoNotMix(t *testing.T) {
	for _, workers := range []int{2, 4} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			team := running(t, workers)
			rng := rand.New(rand.NewPCG(31, 1))
			var tasks [3]*counted
			for i := range tasks {
				tasks[i] = &counted{done: make([]int32, 9)}
			}
			for i := range 20000 {
				tasks[i%3].do(t, team, 2+rng.IntN(8))
				if i%4000 == 0 {
					time.Sleep(2 * patience) // some begin with all asleep
				}
			}
		})
	}
}

// A worker that read the state and was put aside takes nothing when it comes
// back: the state has moved on, even where chunks are the same as before.
func TestALateWorkerTakesNothing(t *testing.T) {
	team := NewTeam(2) // nobody runs: this test is the other worker
	task := &counted{done: make([]int32, 2)}
	var late []uint64
	task.during = func(int, int) { late = append(late, team.state.Load()) }
	late = append(late, team.state.Load())
	for range 3 {
		task.do(t, team, 2)
	}
	task.during = func(int, int) {
		for _, s := range late {
			if team.state.CompareAndSwap(s, s+1) {
				t.Error("a chunk was taken with a state of another task")
			}
		}
	}
	task.do(t, team, 2)
}

// The number of the task begins anew after 2^24 of them; nothing depends on it
// but the above.
func TestTheNumberOfTheTaskWraps(t *testing.T) {
	team := running(t, 3)
	team.state.Store((1<<24 - 2) << (2 * chunkBits))
	task := &counted{done: make([]int32, 7)}
	for range 5 {
		task.do(t, team, 7)
	}
	if number := team.state.Load() >> (2 * chunkBits); number != 3 {
		t.Errorf("task number %d, want 3", number)
	}
}

func TestTheMostChunks(t *testing.T) {
	team := running(t, 2)
	task := &counted{done: make([]int32, chunkMask)}
	task.do(t, team, chunkMask)
	defer func() {
		if recover() == nil {
			t.Error("more chunks than the state can count are taken")
		}
	}()
	team.Do(task, chunkMask+1)
}

func TestWithoutRunTheCallerWorksAlone(t *testing.T) {
	team := NewTeam(4)
	task := &counted{done: make([]int32, 50)}
	task.during = func(worker, _ int) {
		if worker != 0 {
			t.Errorf("worker %d is there", worker)
		}
	}
	task.do(t, team, 50)
}

// The others take part: a chunk waits until another worker has one too.
func TestTheOthersTakePart(t *testing.T) {
	for range 20 {
		team := running(t, 3)
		var in sync.WaitGroup
		in.Add(3)
		task := &counted{done: make([]int32, 3)}
		task.during = func(int, int) { in.Done(); in.Wait() }
		task.do(t, team, 3) // would wait for ever if fewer than three came
	}
}

// They come from their sleep, each time.
func TestSleepersAreWoken(t *testing.T) {
	team := running(t, 3)
	for range 10 {
		for team.sleeping.Load() < 2 {
			time.Sleep(patience)
		}
		var in sync.WaitGroup
		in.Add(3)
		task := &counted{done: make([]int32, 3)}
		task.during = func(int, int) { in.Done(); in.Wait() }
		task.do(t, team, 3)
	}
}

// Workers that are counted as asleep and never come, as when the system does not
// let them run, hold nothing up, however many tasks try to wake them.
func TestAWorkerThatIsPutAsideBlocksNobody(t *testing.T) {
	team := NewTeam(3)
	team.sleeping.Store(2)
	task := &counted{done: make([]int32, 20)}
	for range 1000 {
		task.do(t, team, 20)
	}
}

// A worker in a long chunk holds up its own task and no more: the others go on.
func TestALongChunkHoldsUpItsTaskOnly(t *testing.T) {
	team := running(t, 2)
	others := make(chan bool)
	task := &counted{done: make([]int32, 30)}
	var rest atomic.Int32
	task.during = func(_, i int) {
		if i == 0 {
			<-others
		} else if rest.Add(1) == 29 {
			close(others)
		}
	}
	task.do(t, team, 30)
}

func TestRunEndsWithItsContext(t *testing.T) {
	for _, how := range []string{"idle", "asleep", "at work"} {
		t.Run(how, func(t *testing.T) {
			team := NewTeam(3)
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- team.Run(ctx) }()
			quit, working := make(chan bool), make(chan bool)
			go func() {
				defer close(working)
				task := &counted{done: make([]int32, 8), during: func(int, int) { busy(20 * time.Microsecond) }}
				for how == "at work" {
					select {
					case <-quit:
						return
					default:
						team.Do(task, 8)
					}
				}
			}()
			for how == "asleep" && team.sleeping.Load() < 2 {
				time.Sleep(patience)
			}
			time.Sleep(3 * time.Millisecond)
			stop()
			select {
			case err := <-ended:
				if err != context.Canceled {
					t.Errorf("Run returned %v", err)
				}
			case <-time.After(5 * time.Second):
				t.Error("Run goes on 5 s after its context has ended")
			}
			close(quit)
			<-working
		})
	}
}

// One worker of each number: a second Run is refused while the first goes on.
func TestASecondRunIsRefused(t *testing.T) {
	team := NewTeam(3)
	for range 2 {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- team.Run(ctx) }()
		for team.sleeping.Load() < 2 {
			time.Sleep(patience)
		}
		if err := team.Run(ctx); err == nil || !strings.Contains(err.Error(), "running already") {
			t.Errorf("a second Run: %v", err)
		}
		stop()
		if err := <-ended; err != context.Canceled {
			t.Errorf("the first Run: %v", err)
		}
	}
}

func busy(d time.Duration) {
	for begin := time.Now(); time.Since(begin) < d; {
	}
}
