package room

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	gather     = 20 * time.Millisecond  // between the starts of two writes, at least
	retryFirst = 250 * time.Millisecond // after a failed write; doubled up to retryMost
	retryMost  = 5 * time.Second
	sweepEvery = 30 * time.Second
	maxBatch   = 1 << 20 // bytes of events in one write, about
)

// Run writes events to the log and removes what is not kept, until ctx ends or
// the room is closed. Until it runs, events of a room with a folder wait, as for a
// disk that does not answer. At its end it writes what waits; its error says that
// this failed. Events after that are shown at once, and saved only by Close.
func (r *Room) Run(ctx context.Context) error {
	if err := r.start(); err != nil {
		return err
	}
	defer r.stop()
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	r.sweep()
	var begun time.Time
	var retry time.Duration
	for {
		select {
		case <-ctx.Done():
			return r.flush()
		case <-r.closed:
			return nil
		case <-sweep.C:
			r.sweep()
			continue
		case <-r.work:
		}
		r.wait(ctx, max(retry, gather-time.Since(begun)))
		begun = time.Now()
		if r.flush() == nil {
			retry = 0
			continue
		}
		retry = min(max(2*retry, retryFirst), retryMost)
		signal(r.work)
	}
}

func (r *Room) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running {
		return errors.New("room: it is run already")
	}
	r.running, r.broken = true, false
	return nil
}

// stop has later events shown at once.
func (r *Room) stop() {
	r.mu.Lock()
	r.running, r.broken = false, true
	r.show(r.list.next - 1)
	r.mu.Unlock()
	if r.log != nil {
		r.log.close()
	}
}

// wait returns after d, or when there is no time left.
func (r *Room) wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-r.closed:
	}
}

// flush writes all that waits. With an error it is shown without being saved.
func (r *Room) flush() error {
	if r.log == nil {
		return nil
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for {
		batch := r.unsaved()
		if len(batch) == 0 {
			return nil
		}
		if err := r.log.write(batch); err != nil {
			r.failed(err)
			return err
		}
		r.synced(batch[len(batch)-1].Seq)
	}
}

// unsaved returns the events that the log lacks, up to a batch. Those that are no
// longer in memory are given up.
func (r *Room) unsaved() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.list.first(); first > r.saved+1 {
		r.lost += first - r.saved - 1
		r.saved = first - 1
	}
	r.log.voices = r.voice
	waiting := r.list.since(r.saved+1, r.list.next-1)
	n, size := 0, 0
	for n < len(waiting) && size < maxBatch {
		size += waiting[n].size()
		n++
	}
	return append([]Event(nil), waiting[:n]...)
}

func (r *Room) synced(seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saved = seq
	r.broken, r.trouble, r.failing = !r.running && r.broken, nil, time.Time{}
	r.show(seq)
	r.trim()
}

func (r *Room) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trouble == nil {
		r.failing = time.Now()
	}
	r.broken, r.trouble = true, fmt.Errorf("not saved since %s: %w", r.failing.Format(time.TimeOnly), err)
	r.show(r.list.next - 1)
	r.trim()
}

// sweep removes what is not kept. A file that cannot be removed now is tried again.
func (r *Room) sweep() {
	now := time.Now()
	r.expire(now)
	if r.log != nil {
		r.log.retain(now)
	}
}
