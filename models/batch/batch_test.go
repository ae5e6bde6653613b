package batch

import (
	"sync"
	"testing"
	"time"
)

func TestEveryRequestIsDoneOnce(t *testing.T) {
	const callers, each = 9, 300
	var busy, together sync.Mutex
	largest := 0
	q := &Queue[*int]{Max: 5}
	q.Do = func(batch []*Ticket[*int]) {
		if !busy.TryLock() {
			t.Error("two batches at once")
			return
		}
		defer busy.Unlock()
		size := 0
		for _, ticket := range batch {
			*ticket.Request++
			size += ticket.Size
		}
		if size > q.Max {
			t.Errorf("a batch of %d, at most %d", size, q.Max)
		}
		together.Lock()
		largest = max(largest, len(batch))
		together.Unlock()
	}
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			done := 0
			ticket := NewTicket[*int]()
			ticket.Request, ticket.Size = &done, 1+c%3
			for i := range each {
				if q.Wait(ticket); done != i+1 {
					t.Errorf("caller %d: request %d was done %d times", c, i, done)
					return
				}
			}
		})
	}
	all.Wait()
	if q.busy || len(q.waiting) != 0 {
		t.Errorf("busy %v with %d waiting behind the last request", q.busy, len(q.waiting))
	}
}

// Those who come while a pass runs go together into the next.
func TestWhoWaitsGoesTogether(t *testing.T) {
	started, release := make(chan bool), make(chan bool)
	var sizes []int
	q := &Queue[int]{Max: 10}
	q.Do = func(batch []*Ticket[int]) {
		sizes = append(sizes, len(batch))
		if len(sizes) == 1 {
			close(started)
			<-release
		}
	}
	wait := func() { ticket := NewTicket[int](); ticket.Size = 1; q.Wait(ticket) }
	var all sync.WaitGroup
	all.Go(wait)
	<-started
	for range 4 {
		all.Go(wait)
	}
	for n := 0; n < 4; {
		q.mu.Lock()
		n = len(q.waiting)
		q.mu.Unlock()
	}
	close(release)
	all.Wait()
	if len(sizes) != 2 || sizes[1] != 4 {
		t.Errorf("batches of %v, want 1 and 4", sizes)
	}
}

// Two callers who ask again and again end in one pass, whoever came first.
func TestCallersMeet(t *testing.T) {
	passes := 0
	q := &Queue[int]{Max: 10, Do: func([]*Ticket[int]) { passes++; time.Sleep(20 * time.Millisecond) }}
	const each = 20
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			ticket := NewTicket[int]()
			ticket.Size = 1
			for range each {
				q.Wait(ticket)
			}
		})
	}
	all.Wait()
	if passes > each+each/2 {
		t.Errorf("%d passes for two callers of %d requests", passes, each)
	}
}

func TestWaitingAllocatesNothing(t *testing.T) {
	q := &Queue[int]{Max: 1, Do: func([]*Ticket[int]) {}}
	ticket := NewTicket[int]()
	ticket.Size = 1
	q.Wait(ticket)
	if n := testing.AllocsPerRun(100, func() { q.Wait(ticket) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Requests of one call go together, in as few batches as they fit in, and each
// is done once however many callers there are.
func TestTicketsOfOneCallGoTogether(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 4: 1, 5: 2, 13: 4} {
		batches := 0
		q := &Queue[*int]{Max: 4, Do: func(batch []*Ticket[*int]) {
			batches++
			for _, ticket := range batch {
				*ticket.Request++
			}
		}}
		done, tickets := make([]int, n), make([]*Ticket[*int], n)
		for i := range tickets {
			tickets[i] = NewTicket[*int]()
			tickets[i].Request, tickets[i].Size = &done[i], 1
		}
		q.Wait(tickets...)
		for i, times := range done {
			if times != 1 {
				t.Errorf("%d tickets: number %d was done %d times", n, i, times)
			}
		}
		if batches != want || q.busy {
			t.Errorf("%d tickets in %d batches, want %d; busy %v", n, batches, want, q.busy)
		}
	}
}

func TestCallersWithSeveralTickets(t *testing.T) {
	q := &Queue[*int]{Max: 3}
	q.Do = func(batch []*Ticket[*int]) {
		for _, ticket := range batch {
			*ticket.Request++
		}
	}
	var all sync.WaitGroup
	for c := range 6 {
		all.Go(func() {
			done, tickets := make([]int, c), make([]*Ticket[*int], c)
			for i := range tickets {
				tickets[i] = NewTicket[*int]()
				tickets[i].Request, tickets[i].Size = &done[i], 1
			}
			for turn := range 300 {
				q.Wait(tickets...)
				for i, times := range done {
					if times != turn+1 {
						t.Errorf("caller %d: ticket %d was done %d times in turn %d", c, i, times, turn+1)
						return
					}
				}
			}
		})
	}
	all.Wait()
}
