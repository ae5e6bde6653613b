package room

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// run runs a room until the test calls the function it returns.
func run(r *Room) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// Ten thousand readers, fast, slow and late, all get every event in order.
func TestTenThousandReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir(), Options{})
		stop := run(r)
		const readers, captions = 10_000, 30
		var wg sync.WaitGroup
		var resumed atomic.Int64
		for i := range readers {
			rd := r.Follow()
			wg.Go(func() {
				next := uint64(1)
				for round := 0; ; round++ {
					time.Sleep(time.Duration(1+i%7) * 100 * time.Millisecond)
					if i%11 == 0 && round%3 == 1 { // its connection is lost
						again, err := r.Resume(rd.Cursor())
						if err != nil {
							t.Error(err)
							return
						}
						rd = again
						resumed.Add(1)
					}
					u, err := rd.Next(t.Context())
					if errors.Is(err, ErrClosed) {
						break
					}
					if err != nil || !u.Durable {
						t.Error(err, u.Durable)
						return
					}
					for _, e := range u.Events {
						if e.Seq != next {
							t.Errorf("event %d, want %d", e.Seq, next)
						}
						next++
					}
				}
				if next != captions+2 {
					t.Errorf("%d events, want %d", next-1, captions+1)
				}
			})
		}
		v := join(t, r, "")
		for i := range captions {
			say(t, v, words(i, "en", "a"), tail(i+1, "en", "b"))
			time.Sleep(200 * time.Millisecond)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
		t.Logf("%d times resumed", resumed.Load())
	})
}

// An event waits at most 20 ms for others, and not at all when it comes alone.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFaulty(func(int, string) bool { return false })
		r := open(t, filepath.Join(t.TempDir(), "room"), Options{system: d.system()})
		stop := run(r)
		rd := r.Follow()
		v := join(t, r, "")
		begun := time.Now()
		if u, err := rd.Next(t.Context()); err != nil || !u.Durable || time.Since(begun) != 0 {
			t.Errorf("the first waits %v: %v", time.Since(begun), err)
		}
		calls := d.count()
		for i := range 18 {
			say(t, v, words(i, "en", "a"))
			time.Sleep(time.Millisecond)
		}
		u, err := rd.Next(t.Context())
		if err != nil || len(u.Events) != 18 || time.Since(begun) != 20*time.Millisecond {
			t.Errorf("%d events after %v: %v", len(u.Events), time.Since(begun), err)
		}
		if n := d.count() - calls; n != 2 {
			t.Errorf("%d calls for one write and one sync", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// While nothing can be written the room goes on, and saves what it has when it can.
func TestADiskThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		d := newFaulty(func(int, string) bool { return broken.Load() })
		dir := filepath.Join(t.TempDir(), "room")
		r := open(t, dir, Options{system: d.system()})
		stop := run(r)
		rd := r.Follow()
		v := join(t, r, "")
		next := func(durable bool) {
			t.Helper()
			begun := time.Now()
			u, err := rd.Next(t.Context())
			if err != nil || len(u.Events) == 0 || u.Durable != durable || time.Since(begun) > gather {
				t.Fatalf("%+v after %v: %v", u, time.Since(begun), err)
			}
		}
		next(true)
		broken.Store(true)
		for i := range 100 {
			say(t, v, words(i, "en", "a"))
			next(false)
			time.Sleep(100 * time.Millisecond)
		}
		if n := d.count(); n > 30 {
			t.Errorf("%d calls to a broken disk in 10 s", n)
		}
		broken.Store(false)
		time.Sleep(retryMost)
		if s := r.Stats(); !r.Durable() || s.Lost > 0 || s.Trouble != nil {
			t.Errorf("%+v", s)
		}
		say(t, v, words(100, "en", "b"))
		next(true)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := len(all(t, open(t, dir, Options{}))); n != 102 {
			t.Errorf("%d events are saved", n)
		}
	})
}

// hung is a file whose sync waits.
type hung struct {
	file
	gate chan struct{}
}

func (h hung) Sync() error {
	<-h.gate
	return h.file.Sync()
}

// A disk that does not answer holds events back for a second.
func TestADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		sys := realSystem
		sys.create = func(path string) (file, error) {
			f, err := createFile(path)
			return hung{f, gate}, err
		}
		r := open(t, t.TempDir(), Options{system: sys})
		stop := run(r)
		rd := r.Follow()
		v := join(t, r, "")
		begun := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			u, err := rd.Next(t.Context())
			if wait := time.Since(begun); err != nil || u.Durable || wait < patience || wait > patience+100*time.Millisecond {
				t.Errorf("%+v after %v: %v", u, wait, err)
			}
		}()
		for range 11 {
			time.Sleep(100 * time.Millisecond)
			say(t, v, tail(0, "en", "a"))
		}
		<-done
		if r.Durable() {
			t.Error("durable while the disk hangs")
		}
		close(gate)
		synctest.Wait()
		if !r.Durable() {
			t.Error("not durable after the disk answered")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatTheEndCannotSaveIsAnError(t *testing.T) {
	d := newFaulty(func(call int, _ string) bool { return call > 1 })
	dir := filepath.Join(t.TempDir(), "room")
	r := open(t, dir, Options{system: d.system()})
	rd := r.Follow()
	join(t, r, "A")
	if err := run(r)(); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	wants(t, rd, "1:joinedA")
	join(t, r, "B") // nobody writes any more
	wants(t, rd, "2:joinedB")
	if err := r.Close(); !errors.Is(err, errDisk) || r.Durable() {
		t.Errorf("%v", err)
	}
}

func TestTwoWriters(t *testing.T) {
	r := New(Options{})
	stop := run(r)
	for {
		if r.mu.RLock(); r.running {
			r.mu.RUnlock()
			break
		}
		r.mu.RUnlock()
		time.Sleep(time.Millisecond)
	}
	if err := r.Run(t.Context()); err == nil {
		t.Error("a second Run")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
