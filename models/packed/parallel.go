package packed

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// inParallel does jobs 0 to n-1 on all processors, each by a worker with its own
// scratch. It stops at the first failure, which it returns, and at the end of ctx.
func inParallel(ctx context.Context, n int, newWorker func() func(i int) error) error {
	var next atomic.Int64
	errs := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for w := range errs {
		workers.Go(func() {
			work := newWorker()
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[w] = ctx.Err(); errs[w] == nil {
					errs[w] = work(i)
				}
			}
			next.Store(int64(n)) // the others stop too
		})
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// meter adds up bytes of several workers.
type meter struct {
	mu          sync.Mutex
	done, total int64
	tell        Progress // nil: nobody looks
}

func (m *meter) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done += int64(n); m.tell != nil {
		m.tell(m.done, m.total)
	}
}
