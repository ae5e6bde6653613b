// Package batch lets many callers share one pass over the weights. Whoever comes
// while a pass runs waits; those who wait go together into the next one, which
// one of them leads. There is no goroutine to own and nothing to shut down.
package batch

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Queue gathers requests for one place that does them.
type Queue[R any] struct {
	// Do does all requests of a batch; one batch at a time.
	Do func(batch []*Ticket[R])
	// Max is the most that the sizes of a batch may add up to.
	Max int

	mu       sync.Mutex
	busy     bool // somebody leads
	waiting  []*Ticket[R]
	batch    []*Ticket[R]
	took     time.Duration // of the last batch
	expected int           // in the queue once those who were just served have come back
}

// Ticket carries one caller's requests, one after another.
type Ticket[R any] struct {
	Request R
	Size    int // of the request, at most the queue's Max

	turn chan bool // true: lead the next batch; false: your request is done
}

// NewTicket returns a ticket for one caller.
func NewTicket[R any]() *Ticket[R] { return &Ticket[R]{turn: make(chan bool, 1)} }

// Wait returns when the requests of all tickets have been done, by this caller
// or by another. Those of one call come together, so a queue that nobody else
// uses does them in as few batches as Max allows. It allocates nothing once the
// queue has been as long before.
func (q *Queue[R]) Wait(tickets ...*Ticket[R]) {
	q.mu.Lock()
	q.waiting = append(q.waiting, tickets...)
	lead := !q.busy && len(tickets) > 0
	q.busy = q.busy || lead
	q.mu.Unlock()
	for i, t := range tickets {
		if i > 0 || !lead {
			if !<-t.turn {
				continue
			}
			q.linger()
		}
		q.lead()
	}
}

// lead does the next batch.
func (q *Queue[R]) lead() {
	defer func() {
		if p := recover(); p != nil {
			panic(&Broken{fmt.Sprintf("%v\n\n%s", p, debug.Stack())})
		}
	}()
	start := time.Now()
	q.Do(q.take())
	q.took = time.Since(start)
	q.pass()
}

// Broken is what a panic of Do becomes. The others of the batch wait for ever, and
// what it has spoilt is not known: it must end the program.
type Broken struct{ why string }

func (b *Broken) Error() string { return "batch: a pass has failed: " + b.why }

// linger waits, for a fiftieth of a pass at most, until those of the last batch
// have asked again: else two callers would take turns for ever, each alone.
func (q *Queue[R]) linger() {
	patience := min(q.took/50, time.Millisecond)
	start := time.Now()
	for range 10_000 { // about as long as the patience can be, under any clock
		if time.Since(start) >= patience {
			return
		}
		q.mu.Lock()
		all := len(q.waiting) >= q.expected
		q.mu.Unlock()
		if all {
			return
		}
		runtime.Gosched()
	}
}

// take moves the first that fit together from the queue to the batch. The one
// who leads is the first of them.
func (q *Queue[R]) take() []*Ticket[R] {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && (n == 0 || size+q.waiting[n].Size <= q.Max) {
		size += q.waiting[n].Size
		n++
	}
	q.batch = append(q.batch[:0], q.waiting[:n]...)
	rest := copy(q.waiting, q.waiting[n:])
	clear(q.waiting[rest:])
	q.waiting = q.waiting[:rest]
	return q.batch
}

// pass tells the others of the batch that they are served and gives the lead to
// the next in the queue.
func (q *Queue[R]) pass() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range q.batch[1:] {
		t.turn <- false
	}
	q.expected = len(q.waiting) + len(q.batch)
	if q.busy = len(q.waiting) > 0; q.busy {
		q.waiting[0].turn <- true
	}
}
