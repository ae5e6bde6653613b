package room

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed says that a room takes no more events. Readers get it after the last.
var ErrClosed = errors.New("room: it is closed")

// Options configure a room. Zero means the default.
type Options struct {
	Events int // held in memory at most; default 20,000
	Bytes  int // of the events in memory, about; default 8 MiB

	// KeepFor is how long events are kept, in memory and on disk; zero: no limit.
	// A file goes as a whole, so on disk an event may live a quarter longer and a
	// minute more.
	KeepFor time.Duration
	// KeepBytes bounds the files of a room beside the one that is written; default
	// 64 MiB. The oldest go first.
	KeepBytes int64
	// FileBytes is the size at which a new file is begun; default 1 MiB.
	FileBytes int64

	Voices     int // that speak at a time; default 4
	Readers    int // that have entered at a time; default 2,000
	AllReaders int // the same in all rooms of a store; default 4,000

	// Idle is how long a room with a folder stays open in a store without voices and
	// readers; default 10 minutes.
	Idle time.Duration

	system system // tests inject errors
}

func (o Options) filled() Options {
	defaults(&o.Events, 20_000)
	defaults(&o.Bytes, 8<<20)
	defaults(&o.KeepBytes, 64<<20)
	defaults(&o.FileBytes, 1<<20)
	defaults(&o.Voices, 4)
	defaults(&o.Readers, 2000)
	defaults(&o.AllReaders, 4000)
	defaults(&o.Idle, 10*time.Minute)
	if o.system.create == nil {
		o.system = realSystem
	}
	return o
}

func defaults[T int | int64 | time.Duration](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// patience is how long events wait for a disk that does not answer.
const patience = time.Second

// Room is what was said, and who may add to it. All methods may be called from
// any goroutine.
type Room struct {
	options Options
	log     *log          // nil without a folder
	work    chan struct{} // holds one token when events wait to be written
	closed  chan struct{} // closed with the room
	// everyone counts the readers of all rooms of a store.
	everyone *atomic.Int64

	mu sync.RWMutex // guards the following; log.mu is taken before it

	wake  chan struct{} // closed, and made anew, when readers have news
	list  list
	shown uint64 // seq up to which readers see
	saved uint64 // seq up to which events are synced, or given up
	epoch uint64
	lanes lanes
	board board

	voices map[int]uint64 // that have not left, with the seq of Joined
	voice  int            // the newest's number

	readers int       // that have entered
	used    time.Time // when somebody last came or went

	since   time.Time // since when the oldest event that is not shown waits
	broken  bool      // the last write failed
	trouble error     // of that write
	failing time.Time // since when writes fail
	lost    uint64    // events that were dropped before they could be saved
	running bool
	ended   error // why nothing is appended any more

	recovered Recovery
}

// New returns a room in memory. It is never durable.
func New(opt Options) *Room {
	r := &Room{
		options: opt.filled(),
		work:    make(chan struct{}, 1),
		closed:  make(chan struct{}),
		wake:    make(chan struct{}),
		voices:  make(map[int]uint64),

		everyone: new(atomic.Int64),
		used:     time.Now(),
	}
	r.list.restart(1)
	r.begin()
	return r
}

// begin starts a new epoch.
func (r *Room) begin() {
	r.epoch = newEpoch()
	r.list.begin(r.epoch)
}

// newEpoch returns a random number from 1 to 2⁵³-1.
func newEpoch() uint64 {
	for {
		var b [8]byte
		rand.Read(b[:])
		if n := binary.LittleEndian.Uint64(b[:]) & maxNumber; n != 0 {
			return n
		}
	}
}

// Durable reports whether the room has a folder and every event that was shown is
// synced, but for those that Stats calls lost.
func (r *Room) Durable() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.durable(r.shown)
}

func (r *Room) durable(seq uint64) bool { return r.log != nil && r.saved >= seq }

// Stats is a room in numbers.
type Stats struct {
	Events, Bytes int       // in memory
	Voices        int       // that have not left
	Readers       int       // that have entered
	Shown, Saved  uint64    // seqs: readers see up to Shown, synced is up to Saved
	Lost          uint64    // events dropped from memory before they could be saved
	Trouble       error     // of the last write, if it failed
	Failing       time.Time // since when writes fail; zero: they do not
}

// Stats returns the numbers of now.
func (r *Room) Stats() Stats {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return Stats{
		Events: len(r.list.events), Bytes: r.list.bytes, Voices: len(r.voices), Readers: r.readers,
		Shown: r.shown, Saved: r.saved, Lost: r.lost, Trouble: r.trouble, Failing: r.failing,
	}
}

// append numbers an event; the caller holds mu and calls appended after it.
func (r *Room) append(e Event) {
	e.Epoch, e.Seq, e.Time = r.epoch, r.list.next, time.Now().UnixMilli()
	if r.shown == r.list.next-1 {
		r.since = time.Now()
	}
	r.list.push(e)
	if e.Kind == Said || e.Kind == Ended {
		r.lanes.of(e.Voice, e.Language).last = e.Seq
	}
}

// appended hands what is new to the writer, or to readers where there is none.
func (r *Room) appended() {
	last := r.list.next - 1
	if r.log != nil {
		signal(r.work)
	}
	show := r.shown
	if r.log == nil || r.broken || show < last && time.Since(r.since) > patience {
		show = last
	}
	r.show(show)
	r.trim()
}

// show lets readers see the events up to seq, and the tails that wait for no later
// one.
func (r *Room) show(seq uint64) {
	shown, turn := r.shown, r.lanes.turn
	for r.shown < seq {
		r.shown++
		r.follow(r.list.at(r.shown))
	}
	r.lanes.settle(r.shown)
	if r.shown != shown {
		r.since = time.Now()
	}
	if r.shown != shown || r.lanes.turn != turn {
		r.notify()
	}
}

// follow keeps the screen and the tails as of an event.
func (r *Room) follow(e *Event) {
	r.board.seen(e, &r.lanes)
	r.lanes.seen(e)
}

func (r *Room) notify() {
	close(r.wake)
	r.wake = make(chan struct{})
}

// trim keeps the bounds of the list. Only what was shown is dropped, so where the
// bounds are met by events that wait for the disk, these are shown now.
func (r *Room) trim() {
	for len(r.list.events) > r.options.Events || r.list.bytes > r.options.Bytes {
		if r.list.first() > r.shown {
			r.show(r.list.next - 1)
		}
		r.list.drop(1)
	}
}

// expire drops what is older than is kept.
func (r *Room) expire(now time.Time) {
	if r.options.KeepFor <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := now.Add(-r.options.KeepFor).UnixMilli()
	n := 0
	for n < len(r.list.events) && r.list.events[n].Seq <= r.shown && r.list.events[n].Time < limit {
		n++
	}
	r.list.drop(n)
	r.board.expire(limit)
}

// Forget drops every event there is, in memory and on disk, and begins a new epoch:
// readers are reset. Voices go on. With an error some files may still be there.
func (r *Room) Forget() error {
	if r.log != nil {
		r.log.mu.Lock()
		defer r.log.mu.Unlock()
	}
	r.mu.Lock()
	last := r.list.next - 1
	for _, e := range r.list.since(r.shown+1, last) {
		r.follow(&e)
	}
	r.list.restart(last + 1)
	r.shown, r.saved, r.broken, r.trouble = last, last, false, nil
	r.failing = time.Time{}
	r.lanes.forget()
	r.board = board{}
	r.begin()
	r.notify()
	r.mu.Unlock()
	if r.log == nil {
		return nil
	}
	return r.log.wipe()
}

// Close ends the room: what waits is written, then readers get ErrClosed behind
// the last event. Its error says that events could not be saved.
func (r *Room) Close() error { return r.end(ErrClosed) }

func (r *Room) end(why error) error {
	r.mu.Lock()
	if r.ended != nil {
		r.mu.Unlock()
		return nil
	}
	r.ended = why
	r.mu.Unlock()
	return r.finish()
}

// finish writes what waits, and lets readers go.
func (r *Room) finish() error {
	err := r.flush()
	if r.log != nil {
		r.log.close()
	}
	r.mu.Lock()
	r.show(r.list.next - 1)
	r.notify()
	close(r.closed)
	r.mu.Unlock()
	return err
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
